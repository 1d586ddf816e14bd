"""One connection to an emulator or an Invoke API: sends an event, reads the answer, stays open for the next.

Made of asyncio's streams. aiohttp's client takes 0.14 ms more for an invocation on an idle machine
and 0.2 ms on a busy one (0.24 against 0.10, 0.40 against 0.20;
`benchmarks/lambda_proxy.py --client` measures it).
"""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from invoke_api.api import ENCODED, PATIENCE
from invoke_api.outcome import RESULT_LIMIT, Answer

# More than any answer, so that one is read without pauses.
READ_AHEAD = 2 * RESULT_LIMIT


class Connection:
    """A connection on which one exchange runs at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        self._reader = reader
        self._writer = writer
        self._head = head

    @classmethod
    async def open(cls, url: str) -> Connection:
        """Connect; OSError if nothing answers."""
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(
            parts.hostname or "", parts.port or 80, limit=READ_AHEAD
        )
        head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{ENCODED}: true\r\n"
        return cls(reader, writer, head.encode())

    @property
    def is_open(self) -> bool:
        """Whether another exchange may begin."""
        return not (self._writer.is_closing() or self._reader.at_eof())

    def close(self) -> None:
        """Close, whether or not an answer is still to come."""
        self._writer.close()

    async def exchange(self, payload: bytes, timeout: float = 0) -> Answer:
        """Send an event, in JSON, and return the answer; `timeout`, in seconds, is for an Invoke API to keep.

        Raises OSError or EOFError when the connection breaks, ValueError for what is not HTTP.
        """
        patience = f"{PATIENCE}: {timeout:g}\r\n" if timeout else ""
        lines = f"{patience}Content-Length: {len(payload)}\r\n\r\n"
        answered = False
        try:
            self._writer.writelines((self._head, lines.encode(), payload))
            answer, answered = await self._read_answer()
        finally:
            if not answered:
                self.close()
        return answer

    async def _read_answer(self) -> tuple[Answer, bool]:
        """Return the answer, and whether the connection stays open."""
        status_line, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        version, _, status = status_line.partition(" ")
        if not version.startswith("HTTP/1."):
            raise ValueError(f"not HTTP: {status_line[:80]}")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        stays = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = await self._read_chunks()
        elif "content-length" in headers:
            body = await self._reader.readexactly(int(headers["content-length"]))
        else:
            body, stays = await self._reader.read(), False
        error, request_id = headers.get("x-amz-function-error", ""), headers.get("x-amzn-requestid", "")
        return Answer(int(status[:3]), body, error, request_id), stays

    async def _read_chunks(self) -> bytes:
        chunks: list[bytes] = []
        while True:
            size = int((await self._reader.readuntil(b"\r\n")).partition(b";")[0], 16)
            chunk = await self._reader.readexactly(size + 2)
            if not size:
                return b"".join(chunks)
            chunks.append(chunk[:-2])
