"""Cognito: the triggers of a user pool.

https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
"""

from __future__ import annotations

from app.events.base import Event, Result, Weblog
from app.events.triggers.base import Trigger
from app.events.triggers.records import part


class Cognito(Trigger):
    """One step of a user's way in. The message is the client's metadata; the answer is the event itself."""

    title = "Cognito"
    source = "cognito"

    @staticmethod
    def matches(event: Event) -> bool:
        """The step's name, and the pool."""
        return "triggerSource" in event and "userPoolId" in event

    def answer(self, weblog: Weblog, context: object) -> Result:
        self.handle(
            weblog,
            lambda: part(self.event, "request", "clientMetadata"),
            resource=self.event["triggerSource"],
            record=self.event.get("userName"),
        )
        return self.event
