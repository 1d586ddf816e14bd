"""What every event type is: it recognises its events by their shape, and it answers them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from app.events.errors import InvalidEvent

if TYPE_CHECKING:
    from flask import Flask

    from app.settings import Settings

Event = dict[str, Any]
"""An event as awslambdaric passes it on: any JSON object. A part is checked where it is read."""

Result = Any
"""What the source of an event expects of the function: any JSON value."""


class Weblog:
    """What an event type may need for its answer: the settings, and the Flask app made with them."""

    def __init__(self, settings: Settings, app: Flask) -> None:
        self.settings = settings
        self.app = app


class EventType(ABC):
    """One kind of Lambda event. An instance holds one event.

    All members except `matches` raise InvalidEvent, with the field's name, where the event is broken.
    """

    title: ClassVar[str]
    """The type's name as AWS writes it, for messages."""

    def __init__(self, event: Event) -> None:
        self.event = event

    @staticmethod
    @abstractmethod
    def matches(event: Event) -> bool:
        """Whether the event has the shape of this type. It never raises, whatever is in the event.

        No two types match the same event. A broken event still matches the type that it comes
        closest to, so that the error can name what is broken.
        """

    @abstractmethod
    def answer(self, weblog: Weblog, context: object) -> Result:
        """Do what this event asks for, and return the result that its source expects.

        `context` is the Lambda context object of the invocation.
        """

    def invalid(self, field: str, problem: str) -> InvalidEvent:
        """The error that tells what is wrong with a field of this event."""
        return InvalidEvent(self.title, field, problem)
