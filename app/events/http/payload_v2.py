"""Payload format 2.0: what API Gateway HTTP APIs and Function URLs share.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from app.events.base import Event
from app.events.http.base import (
    HttpEvent,
    asks_for_authorization,
    folded,
    has_load_balancer,
    result_body,
    without_cookies,
)

if TYPE_CHECKING:
    from app.events.http.results import HeaderList, HttpApiResult


class PayloadV2(HttpEvent):
    """A request in payload format 2.0: joined headers, a list of cookies, a raw query (R32 to R38)."""

    @cached_property
    def http(self) -> Mapping[str, Any]:
        """The event's `requestContext.http`."""
        http = self.context.get("http")
        if not isinstance(http, dict):
            raise self.invalid("requestContext.http", "must be an object")
        return http

    @property
    def method(self) -> str:
        return self.text(self.http, "method", field="requestContext.http.method")

    @property
    def query_string(self) -> str:
        """`rawQueryString` as sent: in the map, a comma and a repeated key look the same (R38)."""
        if raw := self.event.get("rawQueryString"):
            return self.wsgi("rawQueryString", raw)
        key = "queryStringParameters"
        return self.query_of(key, self.mapping(key).items(), quote_plus)

    @cached_property
    def headers(self) -> dict[str, str]:
        """The headers, with `cookies` in place of a Cookie header (R34, R46)."""
        headers = self.single_headers()
        if (cookies := self.event.get("cookies")) is None:
            return headers
        if not isinstance(cookies, list):
            raise self.invalid("cookies", f"must be a list, it is {type(cookies).__name__}")
        if cookies:
            headers["cookie"] = "; ".join(self.wsgi("cookies", cookie) for cookie in cookies)
        return headers

    @property
    def source_ip(self) -> str | None:
        return self.http.get("sourceIp")

    def result(self, status: int, status_line: str, headers: HeaderList, body: bytes) -> HttpApiResult:
        text, encoded = result_body(body)
        others, cookies = without_cookies(headers)
        result: HttpApiResult = {
            "statusCode": status,
            "headers": folded(others),
            "body": text,
            "isBase64Encoded": encoded,
        }
        if cookies:
            result["cookies"] = cookies
        return result


def is_payload_v2(event: Event) -> bool:
    """Whether the event is an HTTP request in payload format 2.0."""
    context = event.get("requestContext")
    has_http = isinstance(context, dict) and isinstance(context.get("http"), dict)
    return (
        ("rawPath" in event or has_http)
        # Payload 1.0 has the method and the path at the top level; there it wins.
        and "httpMethod" not in event
        and not {"path", "requestContext"} <= event.keys()
        and not has_load_balancer(event)
        and not asks_for_authorization(event)
    )


def has_function_url(event: Event) -> bool:
    """Whether the domain is a Function URL's, `<id>.lambda-url.<region>.on.aws` (R49)."""
    context = event.get("requestContext")
    return isinstance(context, dict) and ".lambda-url." in str(context.get("domainName"))
