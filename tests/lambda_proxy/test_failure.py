"""What failures become: rules R67 to R82 and R95 to R98 of docs/events.md.

An invoker stands in for the emulator, which cannot be made to give some of these answers, or
only in minutes; test_server.py has the rest.
"""

from __future__ import annotations

import asyncio

import pytest

from invoke_api.outcome import Answer
from lambda_proxy.failures import Failure, InvocationError
from lambda_proxy.front_doors import FRONT_DOORS, Alb, AlbMulti, FrontDoor, FunctionUrl, HttpApi, RestApi
from lambda_proxy.gateway import handle
from lambda_proxy.messages import Request, Response
from tests.lambda_proxy.support import HOST, values

REST, HTTP, URL, ALB, MULTI = (front_door.event_type for front_door in FRONT_DOORS)
RESULT = b'{"statusCode":200,"headers":{},"multiValueHeaders":{},"isBase64Encoded":false,"body":"%b"}'

REST_502 = b'{"message": "Internal server error"}'
HTTP_500 = b'{"message":"Internal Server Error"}'
URL_502 = b"Internal Server Error"


class Invoker:
    """Gives the one answer that it was made with."""

    def __init__(self, outcome: Answer | InvocationError) -> None:
        self.outcome = outcome
        self.events: list[bytes] = []

    async def invoke(self, payload: bytes, *, timeout: float = 0) -> Answer:
        self.events.append(payload)
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


def page(title: str) -> bytes:
    """A load balancer's page."""
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    ).encode()


def assert_function_error(front_door: FrontDoor, response: Response) -> None:
    expected = {REST: (502, REST_502), HTTP: (500, HTTP_500), URL: (502, URL_502)}
    status, body = expected.get(front_door.event_type, (502, page("502 Bad Gateway")))
    assert (response.status, response.body) == (status, body)
    if front_door.event_type == REST:
        assert values(response, "x-amzn-ErrorType") == ["InternalServerErrorException"]


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


def test_r72_function_url_without_function() -> None:
    response = get(FunctionUrl(), Answer(404, b"404 page not found"))
    assert (response.status, response.body) == (403, b'{"Message":null}')
    assert values(response, "x-amzn-ErrorType") == ["AccessDeniedException"]


def test_r78_no_such_function(front_door: FrontDoor) -> None:
    response = get(front_door, Answer(404, b"404 page not found"))
    expected = {REST: (500, REST_502), HTTP: (500, HTTP_500), URL: (403, b'{"Message":null}')}
    status, body = expected.get(front_door.event_type, (503, page("503 Service Unavailable")))
    assert (response.status, response.body) == (status, body)
    if front_door.event_type == REST:
        assert values(response, "x-amzn-ErrorType") == ["InternalServerErrorException"]


def test_r75_r76_gateway_timeout() -> None:
    late = InvocationError(Failure.TIMED_OUT)
    response = get(RestApi(), late)
    assert (response.status, response.body) == (504, b'{"message": "Endpoint request timed out"}')
    response = get(HttpApi(), late)
    assert (response.status, response.body) == (503, b'{"message":"Service Unavailable"}')


@pytest.mark.parametrize(("failure", "status"), [(Failure.TIMED_OUT, 504), (Failure.EVENT_TOO_LARGE, 413)])
def test_r78_r82_the_balancer_s_other_failures(failure: Failure, status: int) -> None:
    for door in (Alb(), AlbMulti()):
        assert get(door, InvocationError(failure)).status == status


def test_r75_r76_r78_how_long_each_front_door_waits() -> None:
    assert [door().timeout for door in (RestApi, HttpApi, FunctionUrl, Alb, AlbMulti)] == [29, 30, 0, 0, 0]


def test_r78_service_unreachable(front_door: FrontDoor) -> None:
    response = get(front_door, InvocationError(Failure.UNREACHABLE))
    expected = {REST: (500, REST_502), HTTP: (500, HTTP_500), URL: (502, URL_502)}
    status, body = expected.get(front_door.event_type, (504, page("504 Gateway Timeout")))
    assert (response.status, response.body) == (status, body)


@pytest.mark.parametrize(
    "outcome", [InvocationError(Failure.THROTTLED), Answer(429, b"{}")], ids=["own", "api"]
)
def test_r79_throttled(front_door: FrontDoor, outcome: Answer | InvocationError) -> None:
    response = get(front_door, outcome)
    rate = (
        b'{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User",'
        b'"message":"Rate Exceeded."}'
    )
    expected = {REST: (500, REST_502), HTTP: (500, HTTP_500), URL: (429, rate)}
    status, body = expected.get(front_door.event_type, (502, page("502 Bad Gateway")))
    assert (response.status, response.body) == (status, body)
    if front_door.event_type == REST:
        assert values(response, "x-amzn-ErrorType") == ["InternalServerErrorException"]
    if front_door.event_type == URL:
        assert values(response, "x-amzn-ErrorType") == ["TooManyRequestsException"]


@pytest.mark.parametrize(
    ("door", "body"),
    [(RestApi(), b'{"message":"Request Too Long"}'), (HttpApi(), b'{"message":"Request Entity Too Large"}')],
    ids=["rest-api", "http-api"],
)
def test_r80_body_over_10_mb(door: FrontDoor, body: bytes) -> None:
    response = post(door, b"x" * (10 * 1024 * 1024 + 1))
    assert (response.status, response.body) == (413, body)


@pytest.mark.parametrize(
    ("door", "body"),
    [
        (RestApi(), b'{"message":"Request Too Long"}'),
        (HttpApi(), b'{"message":"Request Entity Too Large"}'),
        (
            FunctionUrl(),
            b'{"Message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}',
        ),
    ],
    ids=["rest-api", "http-api", "function-url"],
)
def test_r81_r98_event_over_6_mb(door: FrontDoor, body: bytes) -> None:
    for length in (6 * 1024 * 1024, 7 * 1024 * 1024):
        response = post(door, b"x" * length)
        assert (response.status, response.body) == (413, body)
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


def test_healthcheck_does_without_the_function(front_door: FrontDoor) -> None:
    invoker = Invoker(Answer(200, b""))
    for target in ("/healthcheck", "/healthcheck?x=1"):
        response = asyncio.run(handle(front_door, invoker, Request(target=target, headers=(HOST,))))
        assert (response.status, response.body) == (200, b"Ok")
    assert invoker.events == []
    asyncio.run(handle(front_door, invoker, Request("POST", "/healthcheck", (HOST,))))
    assert len(invoker.events) == 1
