"""API Gateway HTTP API, payload 2.0.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
Rules such as `R54` are explained in docs/events.md.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_to_bytes

from lambda_proxy.arrival import Arrival
from lambda_proxy.failures import Failure
from lambda_proxy.front_doors.base import ACCOUNT_ID, REGION, json_response, values_size
from lambda_proxy.front_doors.payload_v2 import PayloadV2, lower_headers
from lambda_proxy.front_doors.results import without
from lambda_proxy.front_doors.routes import DEFAULT, Route, choose
from lambda_proxy.messages import Header, Request, Response

API_ID = "f6g7h8i9j0"
DOMAIN = f"{API_ID}.execute-api.{REGION}.amazonaws.com"

EVERYTHING = (Route("ANY", DEFAULT),)

MAX_BODY = 10 * 1024 * 1024
MAX_HEAD = 10_240

# A percent sign that starts no encoded byte (R109).
BROKEN_ENCODING = re.compile(b"%(?![0-9A-Fa-f]{2})")

# R69, R70, R76, R79 to R81.
FAILURES = {
    Failure.FUNCTION_ERROR: (500, "Internal Server Error"),
    Failure.INVALID_RESULT: (500, "Internal Server Error"),
    Failure.RESULT_TOO_LARGE: (500, "Internal Server Error"),
    Failure.EVENT_TOO_LARGE: (413, "Request Entity Too Large"),
    Failure.THROTTLED: (500, "Internal Server Error"),
    Failure.TIMED_OUT: (503, "Service Unavailable"),
    Failure.UNREACHABLE: (500, "Internal Server Error"),
    Failure.NO_FUNCTION: (500, "Internal Server Error"),
}


class HttpApi(PayloadV2):
    """An HTTP API with a Lambda proxy integration (R30 to R42, R61, R63, R65, R66, R69, R70, R76)."""

    event_type = "apigateway-http"
    variant = "apigw-http"
    default_timeout = 30
    default_content_type = "text/plain; charset=utf-8"

    def refusal(self, request: Request, arrival: Arrival) -> Response | None:
        """Return the refusal of what is too large (R80, R83), has no route (R39) or a broken path (R109)."""
        if len(request.method) + len(request.target) + values_size(request.headers) > MAX_HEAD:
            return _error(arrival, 431, "Request Header Fields Too Large")
        if len(request.body) > MAX_BODY:
            return _error(arrival, 413, "Request Entity Too Large")
        if self._choose(request) is None:
            return _error(arrival, 404, "Not Found")
        if BROKEN_ENCODING.search(_decoded_once(request.path)):
            return _error(arrival, 400, "Bad Request")
        return None

    def raw_path(self, request: Request) -> str:
        """Return the path decoded, although its name says raw (R30, R109)."""
        return _decoded(request.path)

    def context_path(self, request: Request) -> str:
        """Return the same path again (R30, R109)."""
        return _decoded(request.path)

    def headers(self, request: Request, arrival: Arrival) -> dict[str, str]:
        """Return the headers without `cookie`: the cookies are in `cookies` only (R34)."""
        headers = lower_headers(request, arrival)
        headers.pop("cookie", None)
        return headers

    def context(self, request: Request, arrival: Arrival) -> dict[str, Any]:
        """Return the context of a request that `refusal` did not refuse."""
        chosen = self._choose(request)
        return {
            "accountId": ACCOUNT_ID,
            "apiId": API_ID,
            "domainName": DOMAIN,
            "domainPrefix": API_ID,
            "http": self.http_context(request),
            "requestId": arrival.short_id,
            "routeKey": chosen[0].key if chosen else DEFAULT,
            "stage": "$default",
            "time": arrival.clf_time,
            "timeEpoch": arrival.milliseconds,
        }

    def path_parameters(self, request: Request) -> dict[str, str]:
        """Return the values decoded (R30, R109)."""
        chosen = self._choose(request)
        return {name: _decoded(value) for name, value in chosen[1].items()} if chosen else {}

    def response_headers(self, headers: list[Header], arrival: Arrival) -> list[Header]:
        """Return the headers without those that frame the message: the gateway writes these itself."""
        return [
            *without(headers, "connection", "content-length", "transfer-encoding"),
            ("Apigw-Requestid", arrival.short_id),
        ]

    def failure(self, failure: Failure, arrival: Arrival) -> Response:
        """Return the gateway's own answer to a failure."""
        return _error(arrival, *FAILURES[failure])

    def _choose(self, request: Request) -> tuple[Route, dict[str, str]] | None:
        return choose(self.options.routes or EVERYTHING, request.method, request.path)


def _decoded(path: str) -> str:
    """Return the path, or a part of it, as the event has it: decoded twice (R109)."""
    return unquote_to_bytes(_decoded_once(path)).decode("utf-8", "replace")


def _decoded_once(path: str) -> bytes:
    """Return the path after the first decoding, which cuts it at a question mark (R109)."""
    return unquote_to_bytes(path).partition(b"?")[0]


def _error(arrival: Arrival, status: int, message: str) -> Response:
    return json_response(status, {"message": message}, [("Apigw-Requestid", arrival.short_id)])
