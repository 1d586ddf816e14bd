"""AppSync: a GraphQL field that a Lambda resolver answers.

https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference.html
"""

from __future__ import annotations

from app.events.base import Event, Result, Weblog
from app.events.triggers.base import Trigger
from app.events.triggers.records import part


class AppSync(Trigger):
    """One field. The message is its arguments, and so is the value that it answers."""

    title = "AppSync"
    source = "appsync"

    @staticmethod
    def matches(event: Event) -> bool:
        """The field's `info`, and its arguments."""
        return isinstance(event.get("info"), dict) and "arguments" in event

    def answer(self, weblog: Weblog, context: object) -> Result:
        arguments = self.event["arguments"]
        info = self.event["info"]
        name = f"{info.get('parentTypeName')}.{info.get('fieldName')}"
        record = part(self.event, "request", "headers", "x-amzn-requestid")
        self.handle(weblog, lambda: arguments, resource=name, record=record)
        return arguments
