"""Makes aiohttp send response headers byte for byte; alone it would encode each value in UTF-8."""

from __future__ import annotations

from typing import cast

from aiohttp import web
from aiohttp.http_writer import StreamWriter


class ByteResponse(web.Response):
    """A response in whose header values each character is one byte, as in WSGI.

    aiohttp has no public way to this. The part of it that is used here is private, and the
    version of aiohttp is pinned; test_header_bytes.py fails if it changes.
    """

    async def _write_headers(self) -> None:
        await super()._write_headers()
        writer = cast(StreamWriter, self._payload_writer)
        head = writer._headers_buf or b""
        if not head.isascii():
            writer._headers_buf = head.decode("utf-8").encode("latin-1")
