"""API Gateway REST API, payload 1.0.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
Rules such as `R54` are explained in docs/events.md.
"""

from __future__ import annotations

from typing import Any

from lambda_proxy.arrival import Arrival
from lambda_proxy.failures import Failure
from lambda_proxy.front_doors.base import (
    ACCOUNT_ID,
    REGION,
    Binary,
    Event,
    FrontDoor,
    decoded_pairs,
    encode_body,
    forwarded_headers,
    grouped,
    media_type,
    trace_id,
    values_size,
)
from lambda_proxy.front_doors.results import (
    Base64Error,
    ResultError,
    body_of,
    decode_base64,
    encode_text,
    headers_of,
    is_base64,
    multi_headers_of,
    remapped,
    short,
    status_of,
    with_default_type,
    without,
)
from lambda_proxy.front_doors.routes import Route, choose
from lambda_proxy.messages import Header, Request, Response

API_ID = "a1b2c3d4e5"
STAGE = "Prod"
DOMAIN = f"{API_ID}.execute-api.{REGION}.amazonaws.com"

EVERYTHING = (Route("ANY", "/"), Route("ANY", "/{proxy+}"))
# In addition to the headers that the front door writes itself (R20).
CANONICAL = {name.lower(): name for name in ("Authorization", "Host", "User-Agent")}
# In addition to the headers of the connection (R21, R110).
DROPPED = frozenset(
    {
        "content-length",
        "content-md5",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "trailer",
        "www-authenticate",
    }
)
RESULT_KEYS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}

MAX_BODY = 10 * 1024 * 1024
MAX_HEADERS = 10_240
MAX_URL = 10_240

# R67, R68, R75, R79 to R81: status, message, and the error's type where AWS names it in a header.
FAILURES = {
    Failure.FUNCTION_ERROR: (502, "Internal server error", "InternalServerErrorException"),
    Failure.INVALID_RESULT: (502, "Internal server error", "InternalServerErrorException"),
    Failure.RESULT_TOO_LARGE: (502, "Internal server error", "InternalServerErrorException"),
    Failure.EVENT_TOO_LARGE: (413, "Request Too Long", ""),
    Failure.THROTTLED: (500, "Internal server error", "InternalServerErrorException"),
    Failure.TIMED_OUT: (504, "Endpoint request timed out", ""),
    Failure.UNREACHABLE: (500, "Internal server error", "InternalServerErrorException"),
    Failure.NO_FUNCTION: (500, "Internal server error", "InternalServerErrorException"),
}
BAD_BASE64 = (500, "Internal server error", "InternalServerErrorException")


class RestApi(FrontDoor):
    """A REST API with a Lambda proxy integration (R14 to R29, R61, R65 to R68, R75, R88)."""

    event_type = "apigateway-rest"
    variant = "apigw-rest"
    default_timeout = 29

    def refusal(self, request: Request, arrival: Arrival) -> Response | None:
        """Return the refusal of what is too large (R80, R83, R85) or has no resource or method (R26)."""
        if len(request.target) > MAX_URL:
            return _error(arrival, 414, "Request-URI Too Long")
        if values_size(request.headers) > MAX_HEADERS:
            return _error(arrival, 431, "Request Header Fields Too Large")
        if len(request.body) > MAX_BODY:
            return _error(arrival, 413, "Request Too Long")
        if self._choose(request) is None:
            kind = "MissingAuthenticationTokenException"
            return _error(arrival, 403, "Missing Authentication Token", kind)
        return None

    def event(self, request: Request, arrival: Arrival, *, binary: Binary = encode_body) -> Event:
        """Return the event (R14 to R25, R27 to R29, R110)."""
        route, parameters = self._choose(request) or (EVERYTHING[1], {})
        headers = grouped(
            (CANONICAL.get(name.lower(), name), value)
            for name, value in forwarded_headers(request, trace_id(request, arrival))
            if name.lower() not in DROPPED
        )
        query = grouped(decoded_pairs(request.query.replace(";", "&")))
        body, encoded = self._body(request, binary)
        return {
            "resource": route.template,
            "path": _collapse(request.path),
            "httpMethod": request.method,
            "headers": {name: values[-1] for name, values in headers.items()},
            "multiValueHeaders": headers,
            "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
            "multiValueQueryStringParameters": query or None,
            "pathParameters": parameters or None,
            "stageVariables": None,
            "requestContext": _context(request, arrival, route),
            "body": body,
            "isBase64Encoded": encoded,
        }

    def response(self, request: Request, result: object, arrival: Arrival) -> Response:
        """Return the response (R61, R65, R66, R88, R111); ResultError if the result is malformed (R68)."""
        if not isinstance(result, dict):
            raise ResultError(f"not an object but {short(result)}")
        if unknown := result.keys() - RESULT_KEYS:
            raise ResultError(f"unknown keys: {', '.join(sorted(unknown))}")
        status = 200 if result.get("statusCode") is None else status_of(result)
        merged = _merged(multi_headers_of(result), headers_of(result))
        headers = remapped(without(merged, "transfer-encoding"))
        body = body_of(result)
        decode = is_base64(result) and self._accepts_binary(request)
        return Response(
            status,
            [
                *with_default_type(headers, "application/json"),
                ("x-amzn-RequestId", arrival.request_id),
                ("x-amz-apigw-id", arrival.short_id),
                ("X-Amzn-Trace-Id", _response_trace_id(request, arrival)),
            ],
            decode_base64(body) if decode else encode_text(body),
        )

    def failure(self, failure: Failure, arrival: Arrival) -> Response:
        """Return the gateway's own answer to a failure."""
        return _error(arrival, *FAILURES[failure])

    def malformed(self, error: ResultError, arrival: Arrival) -> Response:
        """Return the gateway's answer to a malformed result (R68), or to base64 that is not valid (R112)."""
        if isinstance(error, Base64Error):
            return _error(arrival, *BAD_BASE64)
        return super().malformed(error, arrival)

    def _choose(self, request: Request) -> tuple[Route, dict[str, str]] | None:
        return choose(self.options.routes or EVERYTHING, request.method, _collapse(request.path))

    def _body(self, request: Request, binary: Binary) -> tuple[str | None, bool]:
        if not request.body:
            return None, False
        if self._is_binary(request.header("content-type")):
            return binary(request.body), True
        # API Gateway replaces what is not UTF-8, if the type is not a declared binary one; so does this.
        return request.body.decode("utf-8", "replace"), False

    def _is_binary(self, content_type: str | None) -> bool:
        kind = media_type(content_type)
        return any(
            pattern == "*/*" or pattern == kind or (pattern.endswith("/*") and kind.startswith(pattern[:-1]))
            for pattern in self.options.binary_media_types
            # A wildcard on the left matches nothing, not even itself (R113).
            if pattern == "*/*" or not pattern.startswith("*")
        )

    def _accepts_binary(self, request: Request) -> bool:
        """Return whether the first type in Accept is a declared binary one (R66)."""
        first = (request.header("accept") or "").partition(",")[0]
        return self._is_binary(first)


def _collapse(path: str) -> str:
    """Return the path with one slash at its start instead of several (R18)."""
    return "/" + path.lstrip("/")


def _context(request: Request, arrival: Arrival, route: Route) -> dict[str, Any]:
    return {
        "accountId": ACCOUNT_ID,
        "apiId": API_ID,
        "deploymentId": "d3p10y",
        "domainName": DOMAIN,
        "domainPrefix": API_ID,
        "extendedRequestId": arrival.short_id,
        "httpMethod": request.method,
        "identity": {
            "accessKey": None,
            "accountId": None,
            "caller": None,
            "cognitoAuthenticationProvider": None,
            "cognitoAuthenticationType": None,
            "cognitoIdentityId": None,
            "cognitoIdentityPoolId": None,
            "principalOrgId": None,
            "sourceIp": request.peer,
            "user": None,
            "userAgent": request.header("user-agent"),
            "userArn": None,
        },
        "path": f"/{STAGE}{request.path}",
        "protocol": "HTTP/1.1",
        "requestId": arrival.request_id,
        "requestTime": arrival.clf_time,
        "requestTimeEpoch": arrival.milliseconds,
        "resourceId": "res0rc",
        "resourcePath": route.template,
        "stage": STAGE,
    }


def _response_trace_id(request: Request, arrival: Arrival) -> str:
    """Return the trace header of the event; if it is only a root, with a parent (R111)."""
    given = trace_id(request, arrival)
    return given if ";" in given else f"{given};Parent={arrival.parent_id}"


def _merged(multi: list[Header], single: list[Header]) -> list[Header]:
    """Return the headers of both maps, each pair once: the multi-value ones first (R65).

    A name that is in both maps is written as in the multi-value one.
    """
    names = {name.lower(): name for name, _ in multi}
    merged = list(multi)
    for name, value in single:
        pair = (names.get(name.lower(), name), value)
        if pair not in merged:
            merged.append(pair)
    return merged


def _error(arrival: Arrival, status: int, message: str, kind: str = "") -> Response:
    # AWS writes a space after the colon in failures of the function, and none in refusals (R26, R67).
    separator = ": " if status >= 500 else ":"
    return Response(
        status,
        [
            ("Content-Type", "application/json"),
            *([("x-amzn-ErrorType", kind)] if kind else []),
            ("x-amzn-RequestId", arrival.request_id),
            ("x-amz-apigw-id", arrival.short_id),
        ],
        f'{{"message"{separator}"{message}"}}'.encode(),
    )
