"""The two messages that a front door translates: an HTTP request and an HTTP response."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

Header = tuple[str, str]


@dataclass(frozen=True)
class Request:
    """An HTTP request as the client sent it.

    `target` is path and query, still percent-encoded, in ASCII. `headers` has each header as sent:
    the case of its name, its place, and every repetition, Transfer-Encoding included. `body` is
    the content without chunks. `peer`, `scheme` and `port` describe the connection.
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
        """The part of the target before the first question mark."""
        return self.target.partition("?")[0]

    @cached_property
    def query(self) -> str:
        """The part of the target after the first question mark; empty if there is none."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        """Return the last value of a header; None if there is none. `name` is in lower case."""
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
