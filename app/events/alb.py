"""Application Load Balancer with a Lambda target, single-value and multi-value headers.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial
from urllib.parse import quote

from app.events.base import HttpEvent, folded, multi_value, result_body, without_cookies
from app.events.types import AlbMultiValueResult, AlbResult, Event, HeaderList, Result

# What a URL's query may hold raw, save the `&`, `=` and `#` that would end a value. `%` and `+` are
# among them, since ALB does not decode them (R54); what is not can only be a literal character.
_RAW_IN_QUERY = "%+!$'()*,/:;?@[]|^`{}\\"
_encode_literals = partial(quote, safe=_RAW_IN_QUERY)


class Alb(HttpEvent):
    """A request through an ALB with single-value headers: the last of each name (R50 to R60)."""

    title = "ALB"
    default_scheme = "http"

    @staticmethod
    def matches(event: Event) -> bool:
        """An `elb` in the context, and no multi-value headers (R56)."""
        return _has_elb(event) and "multiValueHeaders" not in event

    @property
    def query_string(self) -> str:
        key = "queryStringParameters"
        return self.query_of(key, self.mapping(key).items(), _encode_literals)

    @cached_property
    def headers(self) -> dict[str, str]:
        return self.single_headers()

    @property
    def source_ip(self) -> str | None:
        """The address that the ALB itself appended to X-Forwarded-For, the only trace of the peer (R11)."""
        return self.headers.get("x-forwarded-for", "").rpartition(",")[2].strip() or None

    def result(self, status: int, status_line: str, headers: HeaderList, body: bytes) -> Result:
        text, encoded = result_body(body)
        others, cookies = without_cookies(headers)
        result: AlbResult = {
            "statusCode": status,
            "statusDescription": status_line,
            # One value a name is all that fits, but the balancer compares names by their case.
            "headers": {**folded(others), **dict(zip(_spellings("set-cookie"), cookies, strict=False))},
            "body": text,
            "isBase64Encoded": encoded,
        }
        return result


class AlbMultiValue(Alb):
    """A request through an ALB with multi-value headers: every value is a list (R56, R57)."""

    title = "ALB multi-value"

    @staticmethod
    def matches(event: Event) -> bool:
        """An `elb` in the context, and multi-value headers (R56)."""
        return _has_elb(event) and "multiValueHeaders" in event

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

    def result(self, status: int, status_line: str, headers: HeaderList, body: bytes) -> AlbMultiValueResult:
        text, encoded = result_body(body)
        return {
            "statusCode": status,
            "statusDescription": status_line,
            "multiValueHeaders": multi_value(headers),
            "body": text,
            "isBase64Encoded": encoded,
        }


def _has_elb(event: Event) -> bool:
    if not isinstance(event, dict):
        return False
    context = event.get("requestContext")
    return isinstance(context, dict) and "elb" in context


def _spellings(name: str) -> Iterator[str]:
    """The same header name in ever new case, `Set-Cookie` first."""
    yield name.title()
    letters = [index for index, letter in enumerate(name) if letter.isalpha()]
    for pattern in range(2 ** len(letters)):
        upper = {index for bit, index in enumerate(letters) if pattern >> bit & 1}
        spelling = "".join(c.upper() if i in upper else c for i, c in enumerate(name))
        if spelling != name.title():
            yield spelling
