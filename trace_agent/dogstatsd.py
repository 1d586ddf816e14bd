"""Takes the metrics that datadog_lambda sends, so that none is refused; prints them and passes them on."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable


def start_dogstatsd(host: str, port: int, passed_on: Callable[[str], None]) -> None:
    """Listen on the UDP port in the background, print a line for every metric, and call `passed_on` with it.

    Raises OSError when the port is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind((host, port))
    threading.Thread(target=_take_metrics, args=(listener, passed_on), daemon=True).start()


def _take_metrics(listener: socket.socket, passed_on: Callable[[str], None]) -> None:
    while True:
        datagram = listener.recv(65535).decode(errors="replace")
        for metric in datagram.splitlines():
            print(f"dogstatsd: {metric}", flush=True)  # noqa: T201 - a log line is what is wanted
            passed_on(metric)
