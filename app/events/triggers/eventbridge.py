"""EventBridge: events of a bus that a rule passes on, schedules among them.

https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
"""

from __future__ import annotations

from app.events.base import Event, Result, Weblog
from app.events.triggers.base import Trigger


class EventBridge(Trigger):
    """One event. The message is its `detail`."""

    title = "EventBridge"
    source = "eventbridge"

    @staticmethod
    def matches(event: Event) -> bool:
        """Every event of EventBridge has a `detail-type`, and nothing else has one."""
        return "detail-type" in event

    def answer(self, weblog: Weblog, context: object) -> Result:
        self.handle(
            weblog,
            lambda: self.event.get("detail"),
            resource=self.event.get("source"),
            record=self.event.get("id"),
        )
        return {"handled": 1}
