"""Reads the head of an HTTP request strictly: what could be read in two ways is refused.

The standard library's parser takes a space before a colon, a NUL, a line without a colon and a bare CR.
A server in front might read such a request in another way, and so take one request for two.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
REQUEST_LINE = re.compile(rb"(%b) ([!-~\x80-\xff]+) HTTP/1\.([01])\r\n" % TOKEN)
HEADER_LINE = re.compile(rb"(%b):[ \t]*([\t -~\x80-\xff]*?)[ \t]*\r\n" % TOKEN)
# In each of these, a second one could be taken for the right one.
SINGLE = ("host", "content-length", "transfer-encoding")
MAX_LINE, MAX_HEADERS = 64 * 1024, 200


@dataclass(frozen=True)
class Head:
    """A request's method, target and headers; the headers' names are in lower case.

    `length` is the length of the body in bytes; None when the body comes in chunks.
    """

    method: str
    target: str
    headers: dict[str, str]
    length: int | None
    keep_alive: bool


def read_head(request_line: bytes, readline: Callable[[int], bytes]) -> Head:
    """Read the lines after the request line up to the empty one; ValueError for what is not clear."""
    start = REQUEST_LINE.fullmatch(request_line)
    if start is None:
        raise ValueError("the request line is not valid")
    headers: dict[str, str] = {}
    for _ in range(MAX_HEADERS):
        line = readline(MAX_LINE)
        if line == b"\r\n":
            break
        match = HEADER_LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"a header line is not valid: {line[:80]!r}")
        name, value = match[1].decode().lower(), match[2].decode("latin-1")
        if name not in headers:
            headers[name] = value
        elif name not in SINGLE:
            headers[name] += f", {value}"
        elif headers[name] != value or name == "transfer-encoding":
            raise ValueError(f"{name} is there twice")
    else:
        raise ValueError(f"more than {MAX_HEADERS} headers")
    modern = start[3] == b"1"
    closes = "close" in (word.strip() for word in headers.get("connection", "").lower().split(","))
    return Head(
        method=start[1].decode(),
        target=start[2].decode("latin-1"),
        headers=headers,
        length=_length(headers, modern=modern),
        keep_alive=modern and not closes,
    )


def _length(headers: dict[str, str], *, modern: bool) -> int | None:
    encoding = headers.get("transfer-encoding")
    text = headers.get("content-length")
    if encoding is not None:
        if encoding.lower() != "chunked" or text is not None or not modern:
            raise ValueError("the length of the body is not clear")
        return None
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"Content-Length is not a number: {text!r}")
    return int(text)
