"""A batch without records, of which nothing tells the source."""

from __future__ import annotations

from app.events.base import Event, EventType, Result, Weblog


class EmptyBatch(EventType):
    """Answered with a report without failures: nothing was asked, and nothing went wrong."""

    title = "empty batch"

    @staticmethod
    def matches(event: Event) -> bool:
        """Exactly the key `Records`, empty or null."""
        return event.keys() == {"Records"} and event["Records"] in ([], None)

    def answer(self, weblog: Weblog, context: object) -> Result:
        return {"batchItemFailures": []}
