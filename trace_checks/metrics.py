"""Takes the metrics that a function's datadog_lambda sends by UDP, so that each invocation's are known."""

from __future__ import annotations

import socket
from contextlib import suppress


class Metrics:
    """A UDP port on loopback."""

    def __init__(self) -> None:
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]

    def take(self) -> list[str]:
        """The lines that came since the last call.

        On loopback a datagram is here when its sender goes on, so those of an invocation are complete as
        soon as its answer is there.
        """
        lines: list[str] = []
        with suppress(BlockingIOError):
            while True:
                lines += self._socket.recv(65535).decode(errors="replace").splitlines()
        return lines

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()
