"""The two plain messages that a front door translates: an HTTP request and an HTTP response."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

Header = tuple[str, str]


@dataclass(frozen=True)
class Request:
    """An HTTP request as it stood on the wire.

    `target` is the raw origin-form target, in ASCII: path and query, still percent-encoded.
    `headers` keeps the case, order and repetition of the names; no framing has been undone
    in it. `body` is what the framing carried. `peer`, `scheme` and `port` describe the connection.
    """

    method: str = "GET"
    target: str = "/"
    headers: Sequence[Header] = ()
    body: bytes = b""
    peer: str = "127.0.0.1"
    scheme: str = "http"
    port: int = 7777

    @cached_property
    def path(self) -> str:
        """The raw path: what stands before the first question mark."""
        return self.target.partition("?")[0]

    @cached_property
    def query(self) -> str:
        """The raw query, without the question mark; empty when there is none."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        """Return the last value of this header, whose name is given in lower case."""
        for key, value in reversed(self.headers):
            if key.lower() == name:
                return value
        return None


@dataclass(frozen=True)
class Response:
    """An HTTP response, without Content-Length and Date, which the server adds.

    In header values each character is one byte, as in WSGI.
    """

    status: int
    headers: Sequence[Header] = ()
    body: bytes = b""
