"""Lambda Function URL, payload format 2.0.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

from app.events.http_api import HttpApi, has_http_context, is_function_url
from app.events.types import Event


class FunctionUrl(HttpApi):
    """A request to a Function URL: HTTP API's shape, but with an encoded path and no stage (R43 to R49)."""

    title = "Function URL"

    @staticmethod
    def matches(event: Event) -> bool:
        """The shape of payload 2.0, under a Function URL's domain."""
        return has_http_context(event) and is_function_url(event["requestContext"])

    @property
    def path(self) -> str:
        """`rawPath`, which is encoded as sent, unlike HTTP API's (R44)."""
        return self.encoded_path(self.text(self.event, "rawPath"), "rawPath")

    @property
    def script_name(self) -> str:
        """Always served from the root (R43)."""
        return ""
