"""Application Load Balancer with a Lambda target, with single-value or multi-value headers.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
Rules such as `R54` are explained in docs/events.md.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from http import HTTPStatus
from typing import Any, ClassVar

from lambda_proxy.arrival import Arrival
from lambda_proxy.failures import Failure
from lambda_proxy.front_doors.base import (
    ACCOUNT_ID,
    REGION,
    Binary,
    Event,
    FrontDoor,
    encode_body,
    forwarded_headers,
    grouped,
    is_text,
    query_pairs,
)
from lambda_proxy.front_doors.results import (
    ResultError,
    body_of,
    decode_base64,
    encode_text,
    headers_of,
    is_base64,
    multi_headers_of,
    short,
    status_of,
    without,
)
from lambda_proxy.messages import Header, Request, Response

TARGET_GROUP = (
    f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT_ID}:targetgroup/lambda-weblog/0123456789abcdef"
)

KIB = 1024
MAX_BODY = 1024 * KIB
MAX_RESULT = 1024 * KIB
MAX_LINE = 16 * KIB
MAX_HEADER = 16 * KIB
MAX_HEADERS = 64 * KIB
MAX_RESPONSE_HEADERS = 32 * KIB
MAX_FORWARDED_FOR = 30
# http.HTTPStatus does not have the balancer's own codes.
PHRASES = {463: "Forwarded For Limit Exceeded"}

# R73, R78, R79, R82.
FAILURES = {
    Failure.FUNCTION_ERROR: 502,
    Failure.INVALID_RESULT: 502,
    Failure.RESULT_TOO_LARGE: 502,
    Failure.EVENT_TOO_LARGE: 413,
    Failure.THROTTLED: 502,
    Failure.TIMED_OUT: 504,
    Failure.UNREACHABLE: 504,
    Failure.NO_FUNCTION: 503,
}
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
REASONS = {
    Failure.FUNCTION_ERROR: "LambdaUnhandled",
    Failure.INVALID_RESULT: "LambdaInvalidResponse",
    Failure.RESULT_TOO_LARGE: "LambdaResponseTooLarge",
    Failure.EVENT_TOO_LARGE: "LambdaRequestTooLarge",
    Failure.THROTTLED: "LambdaThrottling",
}


class LoadBalancer(FrontDoor):
    """What both modes share (R50 to R54, R58 to R60, R62, R64, R73, R82 to R87)."""

    max_result = MAX_RESULT
    reasons = REASONS
    headers_key: ClassVar[str]
    query_key: ClassVar[str]

    @abstractmethod
    def fold(self, groups: dict[str, list[str]]) -> dict[str, Any]:
        """Return the values of each name in the form that this mode has in the event."""

    @abstractmethod
    def result_headers(self, result: dict[str, Any]) -> list[Header]:
        """Return the headers from the only map that this mode reads."""

    def refusal(self, request: Request, arrival: Arrival) -> Response | None:
        """Return the balancer's own refusal, if there is one (R82 to R87)."""
        status = _refusal_status(request)
        return _page(status) if status else None

    def event(self, request: Request, arrival: Arrival, *, binary: Binary = encode_body) -> Event:
        """Return the event; path and query are as sent (R54, R60), header names in lower case (R52)."""
        headers = forwarded_headers(request, _trace_id(request, arrival), passed_on=("connection",))
        body, encoded = _body(request, binary)
        return {
            "requestContext": {"elb": {"targetGroupArn": TARGET_GROUP}},
            "httpMethod": request.method,
            "path": request.path,
            self.query_key: self.fold(grouped(query_pairs(request.query))),
            self.headers_key: self.fold(grouped((name.lower(), value) for name, value in headers)),
            "body": body,
            "isBase64Encoded": encoded,
        }

    def response(self, request: Request, result: object, arrival: Arrival) -> Response:
        """Return the response; ResultError if status, base64 flag or headers are missing (R62, R73)."""
        if not isinstance(result, dict):
            raise ResultError(f"not an object but {short(result)}")
        missing = [key for key in ("statusCode", "isBase64Encoded") if key not in result]
        if not {"headers", "multiValueHeaders"} & result.keys():
            missing.append(self.headers_key)
        if missing:
            raise ResultError(f"missing: {', '.join(missing)}")
        headers = without(
            self.result_headers(result), "connection", "content-length", "keep-alive", "transfer-encoding"
        )
        if sum(len(name) + len(value) for name, value in headers) > MAX_RESPONSE_HEADERS:
            raise ResultError("more than 32 KiB of headers")
        text = body_of(result)
        body = decode_base64(text) if is_base64(result) else encode_text(text)
        return Response(status_of(result), headers, body)

    def failure(self, failure: Failure, arrival: Arrival) -> Response:
        """Return the balancer's own page about a failure."""
        return _page(FAILURES[failure])


class Alb(LoadBalancer):
    """Single-value headers: a repeated name has its last value (R55, R56)."""

    event_type = "application-load-balancer"
    variant = "alb"
    headers_key = "headers"
    query_key = "queryStringParameters"

    def fold(self, groups: dict[str, list[str]]) -> dict[str, Any]:
        """Return the last value of each name."""
        return {name: values[-1] for name, values in groups.items()}

    def result_headers(self, result: dict[str, Any]) -> list[Header]:
        """Return the headers in `headers`."""
        return headers_of(result)


class AlbMulti(LoadBalancer):
    """Multi-value headers: every value is a list (R56, R57)."""

    event_type = "application-load-balancer-multi"
    variant = "alb-multi"
    headers_key = "multiValueHeaders"
    query_key = "multiValueQueryStringParameters"

    def fold(self, groups: dict[str, list[str]]) -> dict[str, Any]:
        """Return all values of each name."""
        return groups

    def result_headers(self, result: dict[str, Any]) -> list[Header]:
        """Return the headers in `multiValueHeaders`."""
        return multi_headers_of(result)


def _refusal_status(request: Request) -> int:
    if request.method == "TRACE":
        return 405
    if len(request.method) + len(request.target) > MAX_LINE:
        return 414
    sizes = [len(name) + len(value.encode("utf-8", "replace")) for name, value in request.headers]
    if max(sizes, default=0) > MAX_HEADER or sum(sizes) > MAX_HEADERS:
        return 400
    forwarded = [value for name, value in request.headers if name.lower() == "x-forwarded-for"]
    if sum(value.count(",") + 1 for value in forwarded) > MAX_FORWARDED_FOR:
        return 463
    if (request.header("transfer-encoding") or "chunked").strip().lower() not in ("chunked", "identity"):
        return 501
    if (request.header("upgrade") or "").strip().lower() == "websocket":
        return 400
    return 413 if len(request.body) > MAX_BODY else 0


def _trace_id(request: Request, arrival: Arrival) -> str:
    """Return a new `Root`; if the client sent one, its header with a new `Self` in front (R12)."""
    given = request.header("x-amzn-trace-id") or ""
    fields = [field for field in re.split(r"\s*;\s*", given.strip()) if field]
    kept = [field for field in fields if not field.startswith("Self=")]
    has_root = any(field.startswith("Root=") for field in kept)
    return ";".join([f"{'Self' if has_root else 'Root'}={arrival.trace_root}", *kept])


def _body(request: Request, binary: Binary) -> tuple[str, bool]:
    if not request.body:
        return "", False
    if request.header("content-encoding") is None and is_text(request.header("content-type")):
        try:
            return request.body.decode("utf-8"), False
        except UnicodeDecodeError:
            pass
    return binary(request.body), True


def _page(status: int) -> Response:
    phrase = PHRASES.get(status) or HTTPStatus(status).phrase
    title = f"{status} {phrase}"
    lines = (
        "<html>",
        f"<head><title>{title}</title></head>",
        "<body>",
        f"<center><h1>{title}</h1></center>",
        "</body>",
        "</html>",
        "",
    )
    return Response(
        status, [("Server", "awselb/2.0"), ("Content-Type", "text/html")], "\r\n".join(lines).encode()
    )
