"""One connection to an emulator: sends an event, reads the answer, and stays open for the next.

A general HTTP client would double the time that the proxy takes for a request: most of it
goes into freedoms (redirects, cookies, pools, proxies) that an emulator has no use for.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from invoke_api.outcome import Answer
from lambda_proxy.failures import Failure, InvocationError

Done = Callable[["Answer | InvocationError"], None]
CRLF = b"\r\n"
# Up to the first empty line: the body may say what it likes.
CLOSING = re.compile(rb"\A(?:[^\r\n]+\r\n)*connection: close\r\n", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """A connection on which one exchange runs at a time.

    `done` is called once for each `send`, also when the other side ends the connection.
    """

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._done: Done | None = None

    @classmethod
    async def open(cls, url: str) -> Connection:
        """Connect; OSError if nothing answers."""
        parts = urlsplit(url)
        head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: ".encode()
        loop = asyncio.get_running_loop()
        transport, connection = await loop.create_connection(
            lambda: cls(head), parts.hostname or "", parts.port or 80
        )
        connection._transport = transport
        return connection

    @property
    def is_open(self) -> bool:
        """Whether `send` may be called."""
        return self._transport is not None

    def send(self, payload: bytes, done: Done) -> None:
        """Send an event; the connection is open and idle."""
        if self._transport is None:
            raise RuntimeError("the connection is closed")
        self._done = done
        self._transport.write(b"%b%d\r\n\r\n%b" % (self._head, len(payload), payload))

    def close(self) -> None:
        """Close, whether or not an answer is still to come."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def data_received(self, data: bytes) -> None:
        """Take what has arrived; call `done` when the answer is complete."""
        self._received += data
        outcome: Answer | InvocationError | None
        try:
            outcome = read_answer(self._received, at_end=False)
        except ValueError as error:
            outcome = InvocationError(Failure.FUNCTION_ERROR, f"no HTTP answer: {error}")
            self.close()
        if outcome is not None:
            if CLOSING.search(self._received):
                self.close()
            self._finish(outcome)

    def connection_lost(self, error: Exception | None) -> None:
        """Report an answer that never came: whoever ran the function has died."""
        self._transport = None
        try:
            answer = read_answer(self._received, at_end=True)
        except ValueError:
            answer = None
        reason = f"the emulator closed the connection{f': {error}' if error else ''}"
        self._finish(answer or InvocationError(Failure.FUNCTION_ERROR, reason))

    def _finish(self, outcome: Answer | InvocationError) -> None:
        self._received.clear()
        done, self._done = self._done, None
        if done is not None:
            done(outcome)


def read_answer(received: bytes | bytearray, *, at_end: bool) -> Answer | None:
    """Return the answer in these bytes, None if more must come; ValueError if it is none."""
    end = received.find(CRLF + CRLF)
    if end < 0:
        return None
    status_line, *lines = bytes(received[:end]).split(CRLF)
    version, _, rest = status_line.partition(b" ")
    if not version.startswith(b"HTTP/1."):
        raise ValueError(status_line)
    headers = {}
    for line in lines:
        name, _, value = line.partition(b":")
        headers[name.strip().lower()] = value.strip()
    start = end + 4
    body: bytes | None
    if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
        body = _read_chunks(received, start)
    elif b"content-length" in headers:
        stop = start + int(headers[b"content-length"])
        body = bytes(received[start:stop]) if len(received) >= stop else None
    else:
        body = bytes(received[start:]) if at_end else None
    if body is None:
        return None
    return Answer(int(rest[:3]), body, headers.get(b"x-amz-function-error", b"").decode("latin-1"))


def _read_chunks(received: bytes | bytearray, start: int) -> bytes | None:
    body = bytearray()
    while True:
        end = received.find(CRLF, start)
        if end < 0:
            return None
        size = int(bytes(received[start:end]).partition(b";")[0], 16)
        start, stop = end + 2, end + 2 + size
        if len(received) < stop + 2:
            return None
        if not size:
            return bytes(body)
        body += received[start:stop]
        start = stop + 2
