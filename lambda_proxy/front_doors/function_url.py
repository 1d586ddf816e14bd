"""Lambda Function URL: payload 2.0 without an API Gateway.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
Rules such as `R54` are explained in docs/events.md.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from invoke_api.outcome import EVENT_LIMIT
from lambda_proxy.arrival import Arrival
from lambda_proxy.failures import Failure
from lambda_proxy.front_doors.base import REGION, json_response
from lambda_proxy.front_doors.payload_v2 import PayloadV2, lower_headers
from lambda_proxy.front_doors.results import remapped, without
from lambda_proxy.messages import Header, Request, Response

URL_ID = "abcdefghijklmnopqrstuvwxyz012345"
DOMAIN = f"{URL_ID}.lambda-url.{REGION}.on.aws"

# AWS writes these about its TLS connection. There is none here, so these are the usual values.
TLS_HEADERS = {
    "x-amzn-tls-cipher-suite": "TLS_AES_128_GCM_SHA256",
    "x-amzn-tls-version": "TLSv1.3",
}


class FunctionUrl(PayloadV2):
    """A Function URL with auth type NONE (R43 to R49, R61, R63, R65, R66, R71, R72, R79)."""

    event_type = "function-url"
    variant = "function-url"
    default_content_type = "application/json"

    def refusal(self, request: Request, arrival: Arrival) -> Response | None:
        """Return the refusal of a body that is too large; every path and method passes (R45)."""
        return self.failure(Failure.EVENT_TOO_LARGE, arrival) if len(request.body) > EVENT_LIMIT else None

    def raw_path(self, request: Request) -> str:
        """Return the path as sent, still encoded (R44)."""
        return request.path

    def context_path(self, request: Request) -> str:
        """Return the path decoded (R44)."""
        return unquote(request.path)

    def headers(self, request: Request, arrival: Arrival) -> dict[str, str]:
        """Return the headers with `cookie`, although the cookies are in `cookies` too (R46)."""
        return {**lower_headers(request, arrival), **TLS_HEADERS}

    def context(self, request: Request, arrival: Arrival) -> dict[str, Any]:
        """Return the context; its domain shows that this is not an HTTP API (R49)."""
        return {
            "accountId": "anonymous",
            "apiId": URL_ID,
            "authorizer": None,
            "domainName": DOMAIN,
            "domainPrefix": URL_ID,
            "http": self.http_context(request),
            "requestId": arrival.request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": arrival.clf_time,
            "timeEpoch": arrival.milliseconds,
        }

    def response_headers(self, headers: list[Header], arrival: Arrival) -> list[Header]:
        """Return the headers; those that only the service may send get another name."""
        kept = remapped(without(headers, "transfer-encoding"), {"connection", "content-length", "server"})
        return [*kept, *_own_headers(arrival)]

    def failure(self, failure: Failure, arrival: Arrival) -> Response:
        """Return the service's own answer to a failure."""
        own = _own_headers(arrival)
        if failure is Failure.THROTTLED:
            body = {
                "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
                "Type": "User",
                "message": "Rate Exceeded.",
            }
            return json_response(429, body, [("x-amzn-ErrorType", "TooManyRequestsException"), *own])
        if failure is Failure.EVENT_TOO_LARGE:
            body = {"Message": "Request must be smaller than 6291456 bytes for the InvokeFunction operation"}
            return json_response(413, body, [("x-amzn-ErrorType", "RequestEntityTooLargeException"), *own])
        if failure is Failure.NO_FUNCTION:
            return json_response(
                403, {"Message": None}, [("x-amzn-ErrorType", "AccessDeniedException"), *own]
            )
        return Response(502, [("Content-Type", "text/plain"), *own], b"Internal Server Error")


def _own_headers(arrival: Arrival) -> list[Header]:
    return [("x-amzn-RequestId", arrival.request_id), ("X-Amzn-Trace-Id", f"Root={arrival.trace_root}")]
