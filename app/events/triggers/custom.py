"""A custom event: what a person or a program sends that invokes the function directly."""

from __future__ import annotations

from app.events.base import Event, Result, Weblog
from app.events.triggers.base import Trigger


class Custom(Trigger):
    """An object that says what shall be done, `{"weblog": {"do": "log", ...}}`; the answer echoes it."""

    title = 'custom, {"weblog": ...}'
    source = "custom"

    @staticmethod
    def matches(event: Event) -> bool:
        """The key `weblog`, beside it `data` at most, so that nothing else is taken for it."""
        return "weblog" in event and event.keys() <= {"weblog", "data"}

    def answer(self, weblog: Weblog, context: object) -> Result:
        record = getattr(context, "aws_request_id", None)
        self.handle(weblog, lambda: self.event, resource="custom", record=record)
        return self.event
