"""Requests whose framing can be read in two ways, and a client that sends bytes as they are."""

from __future__ import annotations

import re
import socket

# Between the request line and the body of a POST request that is otherwise right.
AMBIGUOUS = {
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n",
    "a space before the colon": b"Content-Length : 2\r\n",
    "a tab before the colon": b"Content-Length\t: 2\r\n",
    "a length with a sign": b"Content-Length: +2\r\n",
    "a length with an underscore": b"Content-Length: 1_0\r\n",
    "a negative length": b"Content-Length: -1\r\n",
    "a list of lengths": b"Content-Length: 2, 3\r\n",
    "length and chunks": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
    "chunked twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "a space before chunked's colon": b"Transfer-Encoding : chunked\r\n",
    "a NUL in a value": b"X: a\x00b\r\nContent-Length: 2\r\n",
    "a NUL in a name": b"X\x00: a\r\nContent-Length: 2\r\n",
    "a line without a colon": b"X\r\nContent-Length: 2\r\n",
    "a bare CR": b"X: a\rContent-Length: 2\r\n",
    "a folded line": b"X: a\r\n Content-Length: 2\r\n",
}


def ambiguous(name: str, path: str) -> bytes:
    """Return that request, with a second one behind it that must not be answered."""
    start = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n".encode()
    return start + AMBIGUOUS[name] + b"\r\n{}" + start + b"Content-Length: 2\r\n\r\n{}"


def statuses(port: int, request: bytes) -> list[int]:
    """Send these bytes; return the status of each answer until the server closes the connection."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        try:
            while piece := connection.recv(65536):
                received += piece
        except ConnectionResetError:
            # It closed before it had read everything.
            pass
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] ([0-9]{3}) ", received)]
