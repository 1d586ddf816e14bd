"""One connection to an emulator or an Invoke API: sends an event, reads the answer, stays open for the next.

An asyncio protocol: an answer is handed on in the moment in which its last byte arrives. aiohttp's client
takes 0.27 ms more of the processor's time for an invocation (0.37 against 0.10 ms on a busy machine;
`benchmarks/lambda_proxy.py --client` measures it), and 0.3 ms more in the proxy as a whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from urllib.parse import urlsplit

from invoke_api.api import ENCODED, PATIENCE, SOURCE
from invoke_api.outcome import Answer

Done = Callable[["Answer | Exception"], None]
# Reads on with each `next`, returns what it was to read as soon as that has arrived.
Reading = Generator[None, None, "Answer"]
MAX_HEAD = 256 * 1024
# From this size on it takes longer to join head and payload than to send them one by one.
LARGE = 64 * 1024


class Connection(asyncio.Protocol):
    """A connection on which one exchange runs at a time."""

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._ended = False
        self._reading: Reading | None = None
        self._done: Done | None = None

    @classmethod
    async def open(cls, url: str) -> Connection:
        """Connect; OSError if nothing answers."""
        parts = urlsplit(url)
        own = f"{ENCODED}: true\r\n{SOURCE}: lambda_proxy\r\n"
        head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{own}".encode()
        transport, connection = await asyncio.get_running_loop().create_connection(
            lambda: cls(head), parts.hostname or "", parts.port or 80
        )
        connection._transport = transport
        return connection

    @property
    def is_open(self) -> bool:
        """Whether another exchange may begin."""
        return self._transport is not None

    def close(self) -> None:
        """Close, whether or not an answer is still to come."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def send(self, payload: bytes, timeout: float, done: Done) -> None:
        """Send an event, in JSON, on an open connection; `timeout`, in seconds, is for an Invoke API to keep.

        `done` is called once: with the answer, with a ConnectionError when the connection breaks, or
        with a ValueError for what is not HTTP.
        """
        if self._transport is None:
            raise RuntimeError("the connection is closed")
        self._done, self._reading = done, self._read_answer()
        patience = f"{PATIENCE}: {timeout:g}\r\n" if timeout else ""
        head = b"%b%bContent-Length: %d\r\n\r\n" % (self._head, patience.encode(), len(payload))
        if len(payload) < LARGE:
            self._transport.write(head + payload)
        else:
            self._transport.write(head)
            # Of what cannot be sent at once, asyncio keeps a copy; without the view it makes two.
            self._transport.write(memoryview(payload))

    def data_received(self, data: bytes) -> None:
        """Take what has arrived; call `done` when the answer is complete."""
        self._received += data
        self._read_on()

    def connection_lost(self, error: Exception | None) -> None:
        """Take the end for that of an answer without a length; any other answer never came."""
        self._transport = None
        self._ended = True
        self._read_on()
        self._finish(error or ConnectionError("there is no answer, or only a part of one"))

    def _read_on(self) -> None:
        if self._reading is None:
            # Nobody has asked for anything.
            self.close()
            return
        try:
            next(self._reading)
        except StopIteration as end:
            if self._received:
                self.close()
            self._finish(end.value)
        except ValueError as error:
            self.close()
            self._finish(error)

    def _finish(self, outcome: Answer | Exception) -> None:
        done, self._done, self._reading = self._done, None, None
        if done is not None:
            done(outcome)

    def _read_answer(self) -> Reading:
        head = yield from self._until(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")
        version, _, status = status_line.partition(" ")
        if not version.startswith("HTTP/1."):
            raise ValueError(f"not HTTP: {status_line[:80]}")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = yield from self._chunks()
        elif "content-length" in headers:
            body = yield from self._exactly(int(headers["content-length"]))
        else:
            body = yield from self._rest()
        if version != "HTTP/1.1" or headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(
            int(status[:3]),
            body,
            headers.get("x-amz-function-error", ""),
            headers.get("x-amzn-requestid", ""),
            headers.get("server", ""),
        )

    def _chunks(self) -> Generator[None, None, bytes]:
        chunks: list[bytes] = []
        while True:
            line = yield from self._until(b"\r\n")
            size = int(line.partition(b";")[0], 16)
            chunk = yield from self._exactly(size + 2)
            if not size:
                return b"".join(chunks)
            chunks.append(chunk[:-2])

    def _until(self, end: bytes) -> Generator[None, None, bytes]:
        while (position := self._received.find(end, 0, MAX_HEAD)) < 0:
            if len(self._received) > MAX_HEAD:
                raise ValueError(f"more than {MAX_HEAD} bytes without an end")
            yield
        return self._take(position + len(end))

    def _exactly(self, size: int) -> Generator[None, None, bytes]:
        if size < 0:
            raise ValueError(f"less than nothing: {size} bytes")
        while len(self._received) < size:
            yield
        return self._take(size)

    def _rest(self) -> Generator[None, None, bytes]:
        while not self._ended:
            yield
        return self._take(len(self._received))

    def _take(self, size: int) -> bytes:
        with memoryview(self._received) as view:
            piece = bytes(view[:size])
        del self._received[:size]
        return piece
