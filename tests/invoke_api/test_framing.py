"""The Invoke API never reads one request as two, and reads every clear one."""

from __future__ import annotations

import socket

import pytest

from tests.support.emulator import INVOCATIONS
from tests.support.framing import AMBIGUOUS, ambiguous, statuses
from tests.support.invoke_api import InvokeApi

pytestmark = pytest.mark.emulator
HEAD = f"POST {INVOCATIONS} HTTP/1.1\r\nHost: h\r\n".encode()


def test_a_client_that_asks_first_is_told_to_continue(api: InvokeApi) -> None:
    with socket.create_connection(("127.0.0.1", api.port), timeout=30) as connection:
        head = f"POST {INVOCATIONS} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_ambiguous_framing_is_refused_and_the_connection_closed(api: InvokeApi, name: str) -> None:
    starts = api.process.output.count("START RequestId")
    assert statuses(api.port, ambiguous(name, INVOCATIONS)) == [400]
    assert api.process.output.count("START RequestId") == starts


@pytest.mark.parametrize(
    "body",
    [
        b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n",
        b"transfer-encoding:Chunked\r\n\r\n2\r\n{}\r\n0\r\nTrailer: x\r\n\r\n",
        b"Content-Length: 2\r\n\r\n{}",
        b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        b"Content-Length:  2 \r\nX:\r\n\r\n{}",
        b"X: \xff\r\n\r\n",
    ],
)
def test_two_clear_requests_get_two_answers(api: InvokeApi, body: bytes) -> None:
    assert statuses(api.port, HEAD + body + HEAD + b"Connection: close\r\n" + body) == [200, 200]


@pytest.mark.parametrize(
    "body",
    [
        b"Transfer-Encoding: chunked\r\n\r\nxx\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
        b"Content-Length: 2\r\nTransfer-Encoding: gzip\r\n\r\n{}",
    ],
)
def test_a_broken_body_is_refused_and_the_connection_closed(api: InvokeApi, body: bytes) -> None:
    assert statuses(api.port, HEAD + body + HEAD + b"\r\n") == [400]


@pytest.mark.parametrize(
    "line",
    [b"GET", b"POST / HTTP/2.0", b"POST /a b HTTP/1.1", b"POST /\x00 HTTP/1.1", b"POST  / HTTP/1.1", b""],
)
def test_a_request_line_that_is_not_valid(api: InvokeApi, line: bytes) -> None:
    assert statuses(api.port, line + b"\r\nHost: h\r\n\r\n" + HEAD + b"\r\n") == [400]
    assert "Traceback" not in api.process.output
