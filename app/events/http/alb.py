"""Application Load Balancer with a Lambda target, single-value and multi-value headers.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from app.events.base import Event
from app.events.http.base import (
    HttpEvent,
    folded,
    has_load_balancer,
    multi_value,
    result_body,
    without_cookies,
)

if TYPE_CHECKING:
    from app.events.http.results import AlbMultiResult, AlbResult, HeaderList


# What may stand raw in a query's value. `%` and `+` are among them, because ALB does not decode a
# query (R54). `&`, `=` and `#` are not: they would end the value, so here each is a literal character.
_RAW_IN_QUERY = "%+!$'()*,/:;?@[]|^`{}\\"
_encode_literals = partial(quote, safe=_RAW_IN_QUERY)


class LoadBalancer(HttpEvent):
    """What both modes of an ALB share."""

    default_scheme = "http"

    @property
    def source_ip(self) -> str | None:
        """The address that the ALB itself added to X-Forwarded-For; the event has no other (R11)."""
        return self.headers.get("x-forwarded-for", "").rpartition(",")[2].strip() or None


class Alb(LoadBalancer):
    """A request through an ALB with single-value headers: the last value of each name (R50 to R60)."""

    title = "ALB"

    @staticmethod
    def matches(event: Event) -> bool:
        """An `elb` in the context, and no multi-value headers (R56)."""
        return has_load_balancer(event) and "multiValueHeaders" not in event

    @property
    def query_string(self) -> str:
        key = "queryStringParameters"
        return self.query_of(key, self.mapping(key).items(), _encode_literals)

    @cached_property
    def headers(self) -> dict[str, str]:
        return self.single_headers()

    def result(self, status: int, status_line: str, headers: HeaderList, body: bytes) -> AlbResult:
        text, encoded = result_body(body)
        others, cookies = without_cookies(headers)
        return {
            "statusCode": status,
            "statusDescription": status_line,
            # There is room for one value a name, but names that differ in case are different names.
            "headers": {**folded(others), **dict(zip(_spellings("set-cookie"), cookies, strict=False))},
            "body": text,
            "isBase64Encoded": encoded,
        }


class AlbMulti(LoadBalancer):
    """A request through an ALB with multi-value headers: every value is a list (R56, R57)."""

    title = "ALB multi"

    @staticmethod
    def matches(event: Event) -> bool:
        """An `elb` in the context, and multi-value headers (R56)."""
        return has_load_balancer(event) and "multiValueHeaders" in event

    @property
    def query_string(self) -> str:
        key = "multiValueQueryStringParameters"
        values = self.multi_values(key).items()
        return self.query_of(
            key, [(name, value) for name, items in values for value in items], _encode_literals
        )

    @cached_property
    def headers(self) -> dict[str, str]:
        return self.multi_value_headers()

    def result(self, status: int, status_line: str, headers: HeaderList, body: bytes) -> AlbMultiResult:
        text, encoded = result_body(body)
        return {
            "statusCode": status,
            "statusDescription": status_line,
            "multiValueHeaders": multi_value(headers),
            "body": text,
            "isBase64Encoded": encoded,
        }


def _spellings(name: str) -> Iterator[str]:
    """The same header name, each time in another case; `Set-Cookie` comes first."""
    yield name.title()
    letters = [index for index, letter in enumerate(name) if letter.isalpha()]
    for pattern in range(2 ** len(letters)):
        upper = {index for bit, index in enumerate(letters) if pattern >> bit & 1}
        spelling = "".join(c.upper() if i in upper else c for i, c in enumerate(name))
        if spelling != name.title():
            yield spelling
