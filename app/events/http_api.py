"""API Gateway HTTP API, payload format 2.0.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus

from app.events.base import HttpEvent, folded, result_body, without_cookies
from app.events.types import Event, HeaderList, HttpApiResult


class HttpApi(HttpEvent):
    """A request through API Gateway HTTP: joined headers, a list of cookies, a decoded path (R30 to R42)."""

    title = "API Gateway HTTP"

    @staticmethod
    def matches(event: Event) -> bool:
        """Its method is in `requestContext.http`; Function URLs share that, so the domain tells."""
        return has_http_context(event) and not is_function_url(event["requestContext"])

    @property
    def http(self) -> Mapping[str, Any]:
        """`requestContext.http`, an object: `matches` has seen it."""
        http: Mapping[str, Any] = self.context["http"]
        return http

    @property
    def method(self) -> str:
        return self.text(self.http, "method", field="requestContext.http.method")

    @property
    def path(self) -> str:
        """`rawPath`, which is decoded here, its name notwithstanding (R30)."""
        return self.wsgi("rawPath", self.text(self.event, "rawPath")).removeprefix(self.script_name) or "/"

    @property
    def script_name(self) -> str:
        """The stage, which the API's own domain has in the path unless it is `$default` (R40)."""
        stage, domain = self.context.get("stage"), self.context.get("domainName")
        if stage == "$default" or not isinstance(stage, str) or ".execute-api." not in str(domain):
            return ""
        prefix = f"/{stage}"
        path = self.text(self.event, "rawPath")
        return prefix if path == prefix or path.startswith(f"{prefix}/") else ""

    @property
    def query_string(self) -> str:
        """`rawQueryString` as sent: in the map, a comma and a repeated key look alike (R38)."""
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


def has_http_context(event: Event) -> bool:
    """Whether the event is an HTTP request in payload format 2.0; authorizers' events are not."""
    if not isinstance(event, dict):
        return False
    context = event.get("requestContext")
    return isinstance(context, dict) and isinstance(context.get("http"), dict) and "routeArn" not in event


def is_function_url(context: Mapping[str, Any]) -> bool:
    """Whether the domain is a Function URL's, `<id>.lambda-url.<region>.on.aws` (R49)."""
    return ".lambda-url." in str(context.get("domainName"))
