"""CloudFront: Lambda@Edge, on the way of a request to an origin, or of a response back.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-event-structure.html
"""

from __future__ import annotations

from typing import Any

from app.events.base import Event, Result, Weblog
from app.events.triggers.base import Trigger
from app.events.triggers.records import part


class CloudFront(Trigger):
    """One request or response, which goes on as it is."""

    title = "CloudFront"
    source = "cloudfront"

    @staticmethod
    def matches(event: Event) -> bool:
        """The first record has `cf`, and no source."""
        return first_cf(event) is not None

    def answer(self, weblog: Weblog, context: object) -> Result:
        """The response on its way back, otherwise the request: what CloudFront shall go on with."""
        cf = first_cf(self.event) or {}
        key = "response" if str(part(cf, "config", "eventType")).endswith("response") else "request"
        if not isinstance(cf.get(key), dict):
            raise self.invalid(f"Records.cf.{key}", f"must be an object, it is {type(cf.get(key)).__name__}")
        self.handle(
            weblog,
            lambda: None,
            resource=part(cf, "config", "distributionId"),
            record=part(cf, "config", "requestId"),
        )
        return cf[key]


def first_cf(event: Event) -> dict[str, Any] | None:
    """`cf` of the first record."""
    records = event.get("Records")
    first = records[0] if isinstance(records, list) and records else None
    known_otherwise = isinstance(first, dict) and (first.get("eventSource") or first.get("EventSource"))
    cf = part(first, "cf") if isinstance(first, dict) and not known_otherwise else None
    return cf if isinstance(cf, dict) else None
