"""API Gateway REST API, proxy integration (payload 1.0).

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from app.events.base import Event
from app.events.http.base import (
    HttpEvent,
    asks_for_authorization,
    has_load_balancer,
    multi_value,
    result_body,
)

if TYPE_CHECKING:
    from app.events.http.results import HeaderList, RestApiResult


class RestApi(HttpEvent):
    """A request through API Gateway REST: single and multi-value maps, an encoded path (R14 to R29)."""

    title = "API Gateway REST"

    @staticmethod
    def matches(event: Event) -> bool:
        """Method and path stand at the top level, as in an ALB's event and in an authorizer's."""
        return (
            ("httpMethod" in event or {"path", "requestContext"} <= event.keys())
            and not has_load_balancer(event)
            and not asks_for_authorization(event)
        )

    @property
    def query_string(self) -> str:
        key = "multiValueQueryStringParameters"
        pairs = [(name, value) for name, values in self.multi_values(key).items() for value in values]
        if not pairs:
            # The console's test events and those written by hand have only the single-value map.
            key = "queryStringParameters"
            pairs = list(self.mapping(key).items())
        # They arrive decoded (R22).
        return self.query_of(key, pairs, quote_plus)

    @cached_property
    def headers(self) -> dict[str, str]:
        return {**self.single_headers(), **self.multi_value_headers()}

    @property
    def source_ip(self) -> str | None:
        identity = self.context.get("identity")
        return identity.get("sourceIp") if isinstance(identity, dict) else None

    def result(self, status: int, status_line: str, headers: HeaderList, body: bytes) -> RestApiResult:
        text, encoded = result_body(body)
        return {
            "statusCode": status,
            "multiValueHeaders": multi_value(headers),
            "body": text,
            "isBase64Encoded": encoded,
        }
