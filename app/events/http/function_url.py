"""Lambda Function URL, payload format 2.0.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

from app.events.base import Event
from app.events.http.payload_v2 import PayloadV2, has_function_url, is_payload_v2


class FunctionUrl(PayloadV2):
    """A request to a Function URL: its path arrives encoded, and there is no stage in it (R43 to R49)."""

    title = "Function URL"

    @staticmethod
    def matches(event: Event) -> bool:
        """Payload format 2.0, under the domain of a Function URL."""
        return is_payload_v2(event) and has_function_url(event)

    @property
    def path(self) -> str:
        """`rawPath`, which is encoded as sent, unlike HTTP API's (R44)."""
        return self.encoded_path(self.text(self.event, "rawPath"), "rawPath")
