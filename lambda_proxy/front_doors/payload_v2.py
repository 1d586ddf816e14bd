"""What HTTP APIs and Function URLs share: payload 2.0 and the inferred response.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
Rules such as `R54` are explained in docs/events.md.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from lambda_proxy.arrival import Arrival
from lambda_proxy.front_doors.base import (
    Binary,
    Event,
    FrontDoor,
    decoded_pairs,
    encode_body,
    forwarded_headers,
    is_text,
    joined,
    trace_id,
)
from lambda_proxy.front_doors.results import (
    ResultError,
    body_of,
    decode_base64,
    encode_text,
    header,
    headers_of,
    is_base64,
    short,
    status_of,
    with_default_type,
)
from lambda_proxy.messages import Header, Request, Response

# HTTP/2 lets a client split its cookies, and asks whoever passes them on to join them like this.
SEPARATORS = {"cookie": "; "}


class PayloadV2(FrontDoor):
    """A front door that speaks payload 2.0."""

    default_content_type: ClassVar[str]

    @abstractmethod
    def headers(self, request: Request, arrival: Arrival) -> dict[str, str]:
        """Return the event's `headers`."""

    @abstractmethod
    def context(self, request: Request, arrival: Arrival) -> dict[str, Any]:
        """Return the event's `requestContext`."""

    @abstractmethod
    def raw_path(self, request: Request) -> str:
        """Return the event's `rawPath`."""

    @abstractmethod
    def context_path(self, request: Request) -> str:
        """Return the path in the event's `requestContext.http`."""

    @abstractmethod
    def response_headers(self, headers: list[Header], arrival: Arrival) -> list[Header]:
        """Return the function's headers as this front door sends them, with its own."""

    def path_parameters(self, request: Request) -> dict[str, str]:
        """Return the event's `pathParameters`; empty if there are none."""
        return {}

    def event(self, request: Request, arrival: Arrival, *, binary: Binary = encode_body) -> Event:
        """Return the event (R30 to R38, R43 to R48); keys without a value are left out (R35, R37)."""
        context = self.context(request, arrival)
        event: Event = {
            "version": "2.0",
            "routeKey": context["routeKey"],
            "rawPath": self.raw_path(request),
            "rawQueryString": request.query,
        }
        if cookies := _cookies(request):
            event["cookies"] = cookies
        event["headers"] = self.headers(request, arrival)
        if query := joined(decoded_pairs(request.query)):
            event["queryStringParameters"] = query
        event["requestContext"] = context
        if parameters := self.path_parameters(request):
            event["pathParameters"] = parameters
        if request.body:
            event["body"], event["isBase64Encoded"] = _body(request, binary)
        else:
            event["isBase64Encoded"] = False
        return event

    def response(self, request: Request, result: object, arrival: Arrival) -> Response:
        """Return the response that the result describes, or one inferred from it (R61, R63, R65, R66, R70).

        A result that has a `statusCode` describes its response. Any other result is the body of a
        response with status 200. ResultError if a field has a wrong shape.
        """
        if not isinstance(result, dict) or "statusCode" not in result:
            body = result if isinstance(result, str) else self.infer(result)
            return Response(
                200, self.response_headers([("Content-Type", "application/json")], arrival), encode_text(body)
            )
        text = body_of(result)
        return Response(
            status_of(result),
            self.response_headers(
                with_default_type([*_set_cookies(result), *headers_of(result)], self.default_content_type),
                arrival,
            ),
            decode_base64(text) if is_base64(result) else encode_text(text),
        )

    def http_context(self, request: Request) -> dict[str, Any]:
        """Return the event's `requestContext.http`."""
        return {
            "method": request.method,
            "path": self.context_path(request),
            "protocol": "HTTP/1.1",
            "sourceIp": request.peer,
            "userAgent": request.header("user-agent") or "",
        }

    def infer(self, result: object) -> str:
        """Return the body of an inferred response: compact JSON."""
        return json.dumps(result, ensure_ascii=False, separators=(",", ":"))


def lower_headers(request: Request, arrival: Arrival) -> dict[str, str]:
    """Return the headers by their names in lower case, repeated ones joined (R32, R33, R46)."""
    groups: dict[str, list[str]] = {}
    for name, value in forwarded_headers(request, trace_id(request, arrival)):
        groups.setdefault(name.lower(), []).append(value)
    return {name: SEPARATORS.get(name, ",").join(values) for name, values in groups.items()}


def _cookies(request: Request) -> list[str]:
    return [
        cookie
        for name, value in request.headers
        if name.lower() == "cookie"
        for cookie in (part.strip() for part in value.split(";"))
        if cookie
    ]


def _body(request: Request, binary: Binary) -> tuple[str, bool]:
    if is_text(request.header("content-type")):
        try:
            return request.body.decode("utf-8"), False
        except UnicodeDecodeError:
            # No rule says what becomes of such a body; base64 is the form that loses nothing.
            pass
    return binary(request.body), True


def _set_cookies(result: Mapping[str, Any]) -> list[Header]:
    cookies = result.get("cookies")
    if cookies is None:
        return []
    if not isinstance(cookies, list):
        raise ResultError(f"cookies is not a list but {short(cookies)}")
    return [header("Set-Cookie", cookie) for cookie in cookies]
