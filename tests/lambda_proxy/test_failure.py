"""What failures become: rules R67 to R82 and R95 to R98 of docs/events.md.

An invoker stands in for the emulator, which cannot be made to give some of these answers, or
only in minutes; test_server.py has the rest.
"""

from __future__ import annotations

import asyncio
import json

import pytest

from invoke_api.outcome import Answer
from lambda_proxy.arrival import Arrival
from lambda_proxy.exchange import handle
from lambda_proxy.failures import Failure, InvocationError
from lambda_proxy.front_doors import (
    FRONT_DOORS,
    Alb,
    AlbMulti,
    FrontDoor,
    FunctionUrl,
    HttpApi,
    Options,
    RestApi,
)
from lambda_proxy.messages import Request, Response
from tests.lambda_proxy.support import ARRIVAL, HOST

REST, HTTP, URL, ALB, MULTI = (front_door.event_type for front_door in FRONT_DOORS)
RESULT = b'{"statusCode":200,"headers":{},"multiValueHeaders":{},"isBase64Encoded":false,"body":"%b"}'

JSON = ("Content-Type", "application/json")
REST_IDS = [("x-amzn-RequestId", ARRIVAL.request_id), ("x-amz-apigw-id", ARRIVAL.short_id)]
URL_IDS = [("x-amzn-RequestId", ARRIVAL.request_id), ("X-Amzn-Trace-Id", f"Root={ARRIVAL.trace_root}")]


def rest_error(status: int, body: bytes, kind: str = "") -> Response:
    """A REST API's own answer."""
    return Response(status, [JSON, *([("x-amzn-ErrorType", kind)] if kind else []), *REST_IDS], body)


def rest_failed(status: int) -> Response:
    """A REST API's answer to a failure behind it."""
    return rest_error(status, b'{"message": "Internal server error"}', "InternalServerErrorException")


def http_error(status: int, message: str) -> Response:
    """An HTTP API's own answer."""
    return Response(
        status, [JSON, ("Apigw-Requestid", ARRIVAL.short_id)], b'{"message":"%b"}' % message.encode()
    )


def url_error(status: int, body: bytes, kind: str) -> Response:
    """A Function URL's own answer in JSON."""
    return Response(status, [JSON, ("x-amzn-ErrorType", kind), *URL_IDS], body)


HTTP_500 = http_error(500, "Internal Server Error")
URL_502 = Response(502, [("Content-Type", "text/plain"), *URL_IDS], b"Internal Server Error")
URL_403 = url_error(403, b'{"Message":null}', "AccessDeniedException")


TOO_LARGE = {
    REST: rest_error(413, b'{"message":"Request Too Long"}'),
    HTTP: http_error(413, "Request Entity Too Large"),
    URL: url_error(
        413,
        b'{"Message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}',
        "RequestEntityTooLargeException",
    ),
}


@pytest.fixture(autouse=True)
def fixed_arrival(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request arrives with the same ids, so that whole responses can be compared."""
    monkeypatch.setattr(Arrival, "now", lambda: ARRIVAL)


class Invoker:
    """Gives the one answer that it was made with."""

    def __init__(self, outcome: Answer | InvocationError) -> None:
        self.outcome = outcome
        self.events: list[bytes] = []
        self.timeouts: list[float] = []

    async def invoke(self, payload: bytes, *, timeout: float = 0) -> Answer:
        self.events.append(payload)
        self.timeouts.append(timeout)
        if isinstance(self.outcome, InvocationError):
            raise self.outcome
        return self.outcome


def get(front_door: FrontDoor, outcome: Answer | InvocationError) -> Response:
    """The response when the invocation comes to this."""
    return asyncio.run(handle(front_door, Invoker(outcome), Request(headers=(HOST,))))


def post(front_door: FrontDoor, body: bytes) -> Response:
    """The response to this body, which the function would take."""
    request = Request("POST", "/", (HOST, ("Content-Type", "text/plain")), body)
    return asyncio.run(handle(front_door, Invoker(Answer(200, RESULT % b"")), request))


def page(title: str) -> Response:
    """A load balancer's answer; the title is status and phrase."""
    body = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    headers = [("Server", "awselb/2.0"), ("Content-Type", "text/html")]
    return Response(int(title[:3]), headers, body.encode())


def assert_function_error(front_door: FrontDoor, response: Response) -> None:
    expected = {REST: rest_failed(502), HTTP: HTTP_500, URL: URL_502}
    assert response == expected.get(front_door.event_type, page("502 Bad Gateway"))


ERRORS = {
    "raised": Answer(200, b'{"errorMessage":"x","errorType":"ValueError","requestId":"1","stackTrace":[]}'),
    "marked": Answer(200, b'{"any":"thing"}', "Unhandled"),
    "exited": Answer(502, b'{"errorType":"Runtime.ExitError","errorMessage":"exit status 3"}'),
    "exited without a word": Answer(502, b""),
    "extension crashed": Answer(502, RESULT % b"right"),
    "timed out": Answer(200, b"Task timed out after 3.00 seconds"),
    "empty": Answer(200, b""),
    "not JSON": Answer(200, b"{"),
    "NaN": Answer(200, b'{"statusCode":NaN}'),
    "nested without end": Answer(200, b"[" * 100_000),
    "not UTF-8": Answer(200, b'"\xff"'),
    "emulator died": InvocationError(Failure.FUNCTION_ERROR, "closed"),
    "too large": Answer(200, b'"' + b"x" * (6 * 1024 * 1024 + 99) + b'"'),
}


@pytest.mark.parametrize("outcome", ERRORS.values(), ids=ERRORS.keys())
def test_r67_r69_r71_r73_r77_r81_r95_r96_r97_function_error(
    front_door: FrontDoor, outcome: Answer | InvocationError
) -> None:
    assert_function_error(front_door, get(front_door, outcome))


def test_r68_r70_r73_malformed_result(front_door: FrontDoor) -> None:
    assert_function_error(front_door, get(front_door, Answer(200, b'{"statusCode":0}')))


@pytest.mark.parametrize("body", ["èé+à)(", "aGVsbG8", "aGVs bG8="])
def test_r112_rest_answers_500_to_bad_base64(caplog: pytest.LogCaptureFixture, body: str) -> None:
    door = RestApi(Options(binary_media_types=("image/png",)))
    invoker = Invoker(Answer(200, json.dumps({"isBase64Encoded": True, "body": body}).encode()))
    request = Request(headers=(HOST, ("Accept", "image/png")))
    response = asyncio.run(handle(door, invoker, request))
    assert response == rest_failed(500)
    assert "GET /: 500, the function's result is malformed: body is not valid base64: " in caplog.text
    # A client that gets the text as it is notices nothing.
    response = asyncio.run(handle(door, invoker, Request(headers=(HOST,))))
    assert (response.status, response.body) == (200, body.encode())


def test_r72_function_url_without_function() -> None:
    assert get(FunctionUrl(), Answer(404, b"404 page not found")) == URL_403


def test_r78_no_such_function(front_door: FrontDoor) -> None:
    response = get(front_door, Answer(404, b"404 page not found"))
    expected = {REST: rest_failed(500), HTTP: HTTP_500, URL: URL_403}
    assert response == expected.get(front_door.event_type, page("503 Service Unavailable"))


def test_r75_r76_gateway_timeout() -> None:
    late = InvocationError(Failure.TIMED_OUT)
    assert get(RestApi(), late) == rest_error(504, b'{"message": "Endpoint request timed out"}')
    assert get(HttpApi(), late) == http_error(503, "Service Unavailable")


@pytest.mark.parametrize(
    ("failure", "title"),
    [(Failure.TIMED_OUT, "504 Gateway Timeout"), (Failure.EVENT_TOO_LARGE, "413 Request Entity Too Large")],
)
def test_r78_r82_the_balancer_s_other_failures(failure: Failure, title: str) -> None:
    for door in (Alb(), AlbMulti()):
        assert get(door, InvocationError(failure)) == page(title)


def test_r75_r76_r78_how_long_each_front_door_waits() -> None:
    invoker = Invoker(Answer(200, RESULT % b""))
    for door in (RestApi, HttpApi, FunctionUrl, Alb, AlbMulti):
        asyncio.run(handle(door(), invoker, Request(headers=(HOST,))))
        asyncio.run(handle(door(Options(timeout=7)), invoker, Request(headers=(HOST,))))
    assert invoker.timeouts == [29, 7, 30, 7, 0, 7, 0, 7, 0, 7]


def test_r78_service_unreachable(front_door: FrontDoor) -> None:
    response = get(front_door, InvocationError(Failure.UNREACHABLE))
    expected = {REST: rest_failed(500), HTTP: HTTP_500, URL: URL_502}
    assert response == expected.get(front_door.event_type, page("504 Gateway Timeout"))


@pytest.mark.parametrize(
    "outcome", [InvocationError(Failure.THROTTLED), Answer(429, b"{}")], ids=["own", "api"]
)
def test_r79_throttled(front_door: FrontDoor, outcome: Answer | InvocationError) -> None:
    response = get(front_door, outcome)
    rate = (
        b'{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User",'
        b'"message":"Rate Exceeded."}'
    )
    throttled = url_error(429, rate, "TooManyRequestsException")
    expected = {REST: rest_failed(500), HTTP: HTTP_500, URL: throttled}
    assert response == expected.get(front_door.event_type, page("502 Bad Gateway"))


@pytest.mark.parametrize("door", [RestApi(), HttpApi()], ids=["rest-api", "http-api"])
def test_r80_body_over_10_mb(door: FrontDoor) -> None:
    assert post(door, b"x" * (10 * 1024 * 1024 + 1)) == TOO_LARGE[door.event_type]


@pytest.mark.parametrize(
    "door", [RestApi(), HttpApi(), FunctionUrl()], ids=["rest-api", "http-api", "function-url"]
)
def test_r81_r98_event_over_6_mb(door: FrontDoor) -> None:
    for length in (6 * 1024 * 1024, 7 * 1024 * 1024):
        assert post(door, b"x" * length) == TOO_LARGE[door.event_type]
    assert post(door, b"x" * (6 * 1024 * 1024 - 4096)).status == 200


@pytest.mark.parametrize("door", [Alb(), AlbMulti()], ids=["single", "multi"])
def test_r82_alb_result_over_1_mb(door: FrontDoor) -> None:
    room = 1024 * 1024 - len(RESULT % b"")
    assert get(door, Answer(200, RESULT % (b"x" * room))).status == 200
    assert_function_error(door, get(door, Answer(200, RESULT % (b"x" * (room + 1)))))


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Answer(200, b'{"errorType":"x","errorMessage":"y"}'), "502 LambdaUnhandled, the function failed"),
        (Answer(200, b"{}"), "502 LambdaInvalidResponse, the function's result is malformed: missing"),
        (InvocationError(Failure.RESULT_TOO_LARGE), "502 LambdaResponseTooLarge, "),
        (InvocationError(Failure.THROTTLED), "502 LambdaThrottling, "),
    ],
    ids=["error", "malformed", "large", "throttled"],
)
def test_r73_the_log_has_the_balancer_s_reasons(
    caplog: pytest.LogCaptureFixture, outcome: Answer | InvocationError, reason: str
) -> None:
    get(Alb(), outcome)
    assert f"GET /: {reason}" in caplog.text


def test_r1_r2_one_invocation_whatever_comes_of_it(front_door: FrontDoor) -> None:
    for outcome in (Answer(200, RESULT % b""), Answer(200, b""), InvocationError(Failure.UNREACHABLE)):
        invoker = Invoker(outcome)
        asyncio.run(handle(front_door, invoker, Request(headers=(HOST,))))
        assert len(invoker.events) == 1
        assert json.loads(invoker.events[0]) == front_door.event(Request(headers=(HOST,)), ARRIVAL)


def test_characters_above_ascii_are_not_escaped_in_an_event(front_door: FrontDoor) -> None:
    # An escaped one would take more bytes of the 6 MB than it takes in AWS.
    invoker = Invoker(Answer(200, RESULT % b""))
    request = Request("POST", "/", (HOST, ("Content-Type", "text/plain")), "é".encode())
    asyncio.run(handle(front_door, invoker, request))
    assert '"body":"é"'.encode() in invoker.events[0]


def test_healthcheck_does_without_the_function(front_door: FrontDoor) -> None:
    invoker = Invoker(Answer(200, b""))
    for target in ("/healthcheck", "/healthcheck?x=1"):
        response = asyncio.run(handle(front_door, invoker, Request(target=target, headers=(HOST,))))
        assert (response.status, response.body) == (200, b"Ok")
    assert invoker.events == []
    asyncio.run(handle(front_door, invoker, Request("POST", "/healthcheck", (HOST,))))
    assert len(invoker.events) == 1
