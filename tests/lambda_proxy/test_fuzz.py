"""Fuzzing: no result and no request, however broken, gets anything but a documented answer.

All through real servers, five proxies in front of one Invoke API in front of one emulator: a
broken request may still run when the next proxy sends its own.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lambda_proxy.front_doors import FRONT_DOORS
from tests.lambda_proxy.support import Proxy, start_proxy
from tests.support.invoke_api import start_invoke_api
from tests.support.processes import ProcessStarter

pytestmark = pytest.mark.emulator

FAILURES = {
    "apigateway-rest": (502, b'{"message": "Internal server error"}'),
    "apigateway-http": (500, b'{"message":"Internal Server Error"}'),
    "function-url": (502, b"Internal Server Error"),
    "application-load-balancer": (502, b"<html>"),
    "application-load-balancer-multi": (502, b"<html>"),
}


@pytest.fixture(scope="module")
def proxies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Proxy]]:
    """A proxy of each type in front of one emulator."""
    starter = ProcessStarter(tmp_path_factory.mktemp("fuzz"))
    api = start_invoke_api(starter, "tests.lambda_proxy.functions.act")
    event_types = [front_door.event_type for front_door in FRONT_DOORS]
    yield {
        event_type: start_proxy(starter, api.port, env={"LAMBDA_EVENT_TYPE": event_type})
        for event_type in event_types
    }
    starter.stop_all()


def assert_in_order(proxies: dict[str, Proxy]) -> None:
    """Every proxy still works and has complained of nothing that is its own fault."""
    for event_type, proxy in proxies.items():
        assert proxy.get("/fine").status_code == 200, event_type
        assert "Traceback" not in proxy.process.output


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-10, 10**20), st.floats(allow_nan=False), st.text(max_size=8)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
headers = st.dictionaries(
    st.sampled_from(
        ["X", "content-type", "Content-Length", "Transfer-Encoding", "Connection", "Date", "", "é", "a b"]
    )
    | st.text(max_size=5),
    values | st.lists(st.text(max_size=5), max_size=2),
    max_size=3,
)
near_misses = st.fixed_dictionaries(
    {},
    optional={
        "statusCode": st.sampled_from([200, 204, 304, 404, 599, "201", 100, 0, -1, 1000, 10**30]) | values,
        "headers": headers | values,
        "multiValueHeaders": headers | values,
        "cookies": st.lists(st.text(max_size=8), max_size=2) | values,
        "isBase64Encoded": st.booleans() | values,
        "body": st.sampled_from(["", "aGk=", "\ud800", "é"]) | values,
        "statusDescription": values,
        "errorMessage": values,
    },
)


PLAIN = {
    "statusCode": 200,
    "headers": {},
    "multiValueHeaders": {},
    "isBase64Encoded": False,
    "body": "",
}


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(result=near_misses | values)
@example(result=PLAIN)
def test_any_result_gets_a_documented_answer(proxies: dict[str, Proxy], result: Any) -> None:
    # Text, so that each type passes it on unchanged.
    sent = {"data": json.dumps(result).encode(), "headers": {"Content-Type": "text/plain"}}
    for event_type, proxy in proxies.items():
        answer = requests.post(f"{proxy.url}/result", timeout=30, **sent)  # type: ignore[arg-type]
        status, start = FAILURES[event_type]
        if answer.content.startswith(start) and answer.status_code == status:
            # A proxy that always fails must not pass.
            assert result != PLAIN, event_type
            continue
        if isinstance(result, dict) and "statusCode" in result and result["statusCode"] is not None:
            assert answer.status_code == int(result["statusCode"]), event_type
        else:
            assert answer.status_code == 200, event_type


def test_proxies_are_in_order_after_all_results(proxies: dict[str, Proxy]) -> None:
    for result in (
        b"null",
        b"{}",
        b"[]",
        b'"\\ud800"',
        b'{"statusCode":1e2}',
        b'{"statusCode":200,"headers":{"":""}}',
    ):
        for proxy in proxies.values():
            requests.post(
                f"{proxy.url}/result", data=result, timeout=30, headers={"Content-Type": "text/plain"}
            )
    assert_in_order(proxies)


REQUEST = b"POST /fine?a=1 HTTP/1.1\r\nHost: h\r\nX: y\r\nContent-Length: 3\r\n\r\nabc"
BROKEN = [
    b"",
    b"\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: h\r\n\r\n",
    b"G\xffT / HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\nX: \xff\xfe\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\nX\xff: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost h\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\n folded: x\r\n\r\n",
    b"GET http:// HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET http://[::1/ HTTP/1.1\r\nHost: h\r\n\r\n",
    b"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n",
    b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nab",
    b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: h\r\nExpect: the unexpected\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"y" * 300_000 + b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
]
mutations = st.lists(
    st.tuples(st.integers(0, len(REQUEST) - 1), st.binary(min_size=0, max_size=3)), min_size=1, max_size=4
)


def statuses(port: int, request: bytes) -> list[int]:
    """Send these bytes and no more; return the status of each answer.

    The list is empty when the proxy waits for the rest of the request.
    """
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            connection.sendall(request)
            connection.settimeout(0.3)
            while piece := connection.recv(65536):
                received += piece
        except (ConnectionError, TimeoutError):
            pass
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] ([0-9]{3}) ", received)]


DOCUMENTED = {100, 200, 400, 403, 405, 413, 414, 431, 463, 501}


@pytest.mark.parametrize("request_bytes", BROKEN, ids=lambda request: repr(request[:40]))
def test_a_broken_request_gets_a_documented_answer(proxies: dict[str, Proxy], request_bytes: bytes) -> None:
    for event_type, proxy in proxies.items():
        assert set(statuses(proxy.port, request_bytes)) <= DOCUMENTED, event_type


def test_the_request_without_noise_reaches_the_function(proxies: dict[str, Proxy]) -> None:
    for event_type, proxy in proxies.items():
        assert statuses(proxy.port, REQUEST) == [200], event_type


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=mutations)
def test_a_request_with_noise_gets_a_documented_answer(
    proxies: dict[str, Proxy], changes: list[tuple[int, bytes]]
) -> None:
    noisy = bytearray(REQUEST)
    for position, noise in changes:
        noisy[position : position + 1] = noise
    for event_type, proxy in proxies.items():
        assert set(statuses(proxy.port, bytes(noisy))) <= DOCUMENTED, event_type


def test_proxies_are_in_order_after_all_requests(proxies: dict[str, Proxy]) -> None:
    for proxy in proxies.values():
        for request in BROKEN:
            statuses(proxy.port, request)
    assert_in_order(proxies)
