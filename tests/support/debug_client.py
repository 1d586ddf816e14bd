"""A minimal client of the Debug Adapter Protocol, as an editor is one.

https://microsoft.github.io/debug-adapter-protocol/specification
"""

from __future__ import annotations

import json
import socket
from collections import deque
from types import TracebackType
from typing import Any

Message = dict[str, Any]


class DebugClient:
    """A connection to the debugger at this port."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._file = self._socket.makefile("rb")
        self._sent = 0
        self._events: deque[Message] = deque()

    def __enter__(self) -> DebugClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
        self._socket.close()

    def attach(self, breakpoints: dict[str, list[int]], **options: object) -> None:
        """Attach, and set breakpoints at these lines of these files."""
        self.request("initialize", {"adapterID": "test", "linesStartAt1": True})
        # debugpy takes an empty object of options for none, and refuses that.
        options = {"name": "test", **options}
        # It is answered only after the configuration is done.
        attached = self._send("attach", options)
        self.event("initialized")
        for path, lines in breakpoints.items():
            where = {"source": {"path": path}, "breakpoints": [{"line": line} for line in lines]}
            self.request("setBreakpoints", where)
        self.request("configurationDone", {})
        self._answer(attached)

    def request(self, command: str, arguments: Message) -> Any:
        """The body of the answer to this request."""
        return self._answer(self._send(command, arguments))

    def event(self, name: str) -> Message:
        """The next event of that name; waits for it."""
        while True:
            for event in self._events:
                if event["event"] == name:
                    self._events.remove(event)
                    return event
            self._events.append(self._receive("event"))

    def _send(self, command: str, arguments: Message) -> int:
        self._sent += 1
        message = {"seq": self._sent, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return self._sent

    def _answer(self, number: int) -> Any:
        while True:
            message = self._receive("response", "event")
            if message["type"] == "event":
                self._events.append(message)
            elif message["request_seq"] == number:
                assert message["success"], message
                return message.get("body")

    def _receive(self, *types: str) -> Message:
        while True:
            length = 0
            while line := self._file.readline().strip():
                length = int(line.removeprefix(b"Content-Length: "))
            assert length, "the debugger has closed the connection"
            message: Message = json.loads(self._file.read(length))
            if message["type"] in types:
                return message
