"""The events that the function answers: one class a type, each in a module of its own, and one list.

A new type is one module and one entry in its folder's tuple. No two types match the same event, so the
order does not matter for the answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.events.base import Event, EventType, Result, Weblog
from app.events.errors import InvalidEvent, UnknownEvent
from app.events.http import HTTP_EVENT_TYPES

__all__ = [
    "Event",
    "EventType",
    "InvalidEvent",
    "Result",
    "UnknownEvent",
    "Weblog",
    "event_types",
    "recognise",
]


def event_types() -> Iterator[type[EventType]]:
    """Every type. Those that are not HTTP are imported when an event needs them: a cold start that
    answers HTTP does without them.
    """
    yield from HTTP_EVENT_TYPES
    from app.events.triggers import TRIGGERS

    yield from TRIGGERS


def recognise(event: object) -> EventType:
    """The event in the class of its type.

    Raises UnknownEvent, with the known types, when no type claims it.
    """
    if isinstance(event, dict):
        for event_type in event_types():
            if event_type.matches(event):
                return event_type(event)
        found = f"no known event has the keys {', '.join(map(str, event)) or 'none':.200}"
        from app.events.triggers.records import event_source

        if source := event_source(event):
            found += f" and records from {source!r:.80}"
    else:
        found = f"the event is a {type(event).__name__}, not an object"
    raise UnknownEvent(f"{found}; known: {', '.join(known.title for known in event_types())}")
