"""Fuzzing: a result or a request, however broken, gets what the front door's own functions predict.

Everything goes through real servers: five proxies in front of one Invoke API in front of one
emulator. The prediction takes the same bytes through the same front door, without any server. What
no front door sees, because the server refuses it before, gets a status from a short list.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invoke_api.outcome import Answer
from lambda_proxy.exchange import handle
from lambda_proxy.front_doors import FRONT_DOORS, FrontDoor
from lambda_proxy.messages import Request, Response
from tests.lambda_proxy.support import (
    ARRIVAL,
    Proxy,
    exchange_bytes,
    parse_request,
    parse_response,
    settled,
    start_proxy,
)
from tests.support.invoke_api import start_invoke_api
from tests.support.processes import ProcessStarter

pytestmark = pytest.mark.emulator

DOORS: dict[str, FrontDoor] = {front_door.event_type: front_door() for front_door in FRONT_DOORS}


@pytest.fixture(scope="module")
def proxies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Proxy]]:
    """A proxy of each type in front of one emulator."""
    starter = ProcessStarter(tmp_path_factory.mktemp("fuzz"))
    api = start_invoke_api(starter, "tests.lambda_proxy.functions.act")
    # No binary type, as in a front door that is made without options.
    env = {"LAMBDA_PROXY_BINARY_MEDIA_TYPES": "none/none"}
    yield {
        event_type: start_proxy(starter, api.port, env={**env, "LAMBDA_EVENT_TYPE": event_type})
        for event_type in DOORS
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


class Returns:
    """Stands in for the function: returns this result, as the emulator would."""

    def __init__(self, result: object) -> None:
        self.result = result

    async def invoke(self, payload: bytes, *, timeout: float = 0) -> Answer:
        return Answer(200, json.dumps(self.result).encode())


# Ids differ from request to request; the rest is the server's and not the front door's.
NOT_COMPARED = {
    *("x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id", "apigw-requestid"),
    *("connection", "content-length", "date", "server"),
}


def compared(response: Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """What a prediction says of a response: status, headers, body."""
    headers = [
        (name, value.strip(" \t")) for name, value in response.headers if name.lower() not in NOT_COMPARED
    ]
    if not any(name.lower() == "content-type" for name, _ in headers):
        # Behind an ALB alone a Content-Type may be missing; the server adds this one.
        headers.append(("Content-Type", "application/octet-stream"))
    return response.status, sorted(headers), b"" if response.status in (204, 304) else response.body


def send_result(proxy: Proxy, result: object) -> Response:
    """The response when the function returns this."""
    body = json.dumps(result).encode()
    # Text, so that each type passes it on unchanged.
    head = f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    request = f"POST /result HTTP/1.1\r\nHost: h\r\n{head}".encode() + body
    return parse_response(exchange_bytes(proxy.port, request))


def predicted(event_type: str, result: object) -> Response:
    """The response of the front door to this result."""
    return asyncio.run(handle(DOORS[event_type], Returns(result), Request("POST", "/result")))


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(result=near_misses | values)
def test_any_result_gets_the_predicted_answer(proxies: dict[str, Proxy], result: Any) -> None:
    for event_type, proxy in proxies.items():
        expected = compared(predicted(event_type, result))
        assert compared(send_result(proxy, result)) == expected, event_type


RESULTS: dict[str, tuple[Any, list[int]]] = {
    "complete": (
        {
            "statusCode": 418,
            "headers": {"X": "1"},
            "multiValueHeaders": {"X": ["1"]},
            "isBase64Encoded": False,
        },
        [418, 418, 418, 418, 418],
    ),
    "repeated headers": (
        {
            "statusCode": 200,
            "headers": {},
            "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"], "X": ["\xe9", "\u20ac"]},
            "isBase64Encoded": False,
        },
        [200, 200, 200, 200, 200],
    ),
    "cookies": ({"statusCode": 201, "cookies": ["a=1", "b=2"]}, [502, 201, 201, 502, 502]),
    "null": (None, [502, 200, 200, 502, 502]),
    "empty": ({}, [200, 200, 200, 502, 502]),
    "a list": ([], [502, 200, 200, 502, 502]),
    "half a surrogate pair": ("\ud800", [502, 200, 200, 502, 502]),
    "a status that is a float": ({"statusCode": 1e2}, [502, 500, 502, 502, 502]),
    "a header without a name": ({"statusCode": 200, "headers": {"": ""}}, [502, 500, 502, 502, 502]),
}


@pytest.mark.parametrize("case", RESULTS)
def test_what_is_predicted(proxies: dict[str, Proxy], case: str) -> None:
    # So that prediction and proxy cannot agree in failing always.
    result, expected = RESULTS[case]
    assert [predicted(event_type, result).status for event_type in proxies] == expected
    for event_type, proxy in proxies.items():
        assert compared(send_result(proxy, result)) == compared(predicted(event_type, result)), event_type


def test_proxies_are_in_order_after_all_results(proxies: dict[str, Proxy]) -> None:
    for result, _ in RESULTS.values():
        for proxy in proxies.values():
            send_result(proxy, result)
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
# Whatever the broken request makes the server wait for: more than enough of it, in requests that end
# the connection.
MORE = b"GET /more HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" * 20
# What the server refuses itself, and what a front door refuses; 100 asks for the body.
REFUSALS = {100, 400, 403, 405, 413, 414, 431, 463, 501}


def statuses(port: int, request: bytes) -> list[int]:
    """The status of each answer to this request and to what follows it."""
    answer = exchange_bytes(port, request + MORE)
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]


@pytest.mark.parametrize("request_bytes", BROKEN, ids=lambda request: repr(request[:40]))
def test_a_broken_request_gets_a_documented_answer(proxies: dict[str, Proxy], request_bytes: bytes) -> None:
    for event_type, proxy in proxies.items():
        got = statuses(proxy.port, request_bytes)
        assert got, event_type
        assert set(got) <= REFUSALS | {200}, event_type


# A request that any server reads in one way only; its Content-Length is that of the body.
WELL_FORMED = re.compile(
    rb"(?:DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) /[!-~]* HTTP/1\.1\r\nHost: h\r\n"
    rb"(?:[A-Za-z-]+: [!-~]+\r\n)*Content-Length: 3\r\n\r\n[\x00-\xff]{3}"
)
mutations = st.lists(
    st.tuples(
        st.integers(0, len(REQUEST) - 1), st.binary(min_size=0, max_size=3) | st.sampled_from([b"%", b"?"])
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=mutations)
def test_a_request_with_noise_gets_the_predicted_answer(
    proxies: dict[str, Proxy], changes: list[tuple[int, bytes]]
) -> None:
    noisy = bytearray(REQUEST)
    for position, noise in changes:
        noisy[position : position + 1] = noise
    for event_type, proxy in proxies.items():
        if WELL_FORMED.fullmatch(bytes(noisy)):
            assert_predicted(event_type, proxy, bytes(noisy))
        else:
            got = statuses(proxy.port, bytes(noisy))
            assert got, event_type
            assert set(got) <= REFUSALS | {200}, event_type


@pytest.mark.parametrize("body", [b"abc", b"\xff\x00a"])
@pytest.mark.parametrize("target", [b"/fine?a=1", b"/fine%3Fa%2525", b"/%zz", b"//x/?=&;;"])
def test_a_whole_request_gets_the_predicted_answer(
    proxies: dict[str, Proxy], target: bytes, body: bytes
) -> None:
    request = REQUEST.replace(b"/fine?a=1", target).replace(b"abc", body)
    assert WELL_FORMED.fullmatch(request)
    for event_type, proxy in proxies.items():
        assert_predicted(event_type, proxy, request)


def assert_predicted(event_type: str, proxy: Proxy, text: bytes) -> None:
    """The function gets the event that the front door makes, or the client its refusal."""
    closing = text.replace(b"Content-Length: 3\r\n", b"Content-Length: 3\r\nConnection: close\r\n", 1)
    sent = parse_request(closing)
    answer = parse_response(exchange_bytes(proxy.port, closing))
    door = DOORS[event_type]
    if (refusal := door.refusal(sent, ARRIVAL)) is not None:
        assert compared(answer) == compared(refusal), event_type
        return
    assert answer.status == 200, event_type
    if sent.method != "HEAD":
        expected = json.loads(json.dumps(door.event(sent, ARRIVAL)))
        assert settled(json.loads(answer.body), proxy.port) == settled(expected, 7777), event_type


def test_proxies_are_in_order_after_all_requests(proxies: dict[str, Proxy]) -> None:
    for proxy in proxies.values():
        for request in BROKEN:
            statuses(proxy.port, request)
    assert_in_order(proxies)
