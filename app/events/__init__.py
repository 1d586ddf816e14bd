"""The events that the function answers: one class a type, each in a module of its own, and one list.

A new type is one module and one entry in `EVENT_TYPES`. No two types match the same event, so the
order does not matter; the frequent types come first.
"""

from __future__ import annotations

from app.events.base import Event, EventType, Result, Weblog
from app.events.errors import InvalidEvent, UnknownEvent
from app.events.http import HTTP_EVENT_TYPES
from app.events.triggers import TRIGGERS
from app.events.triggers.records import event_source

__all__ = [
    "EVENT_TYPES",
    "Event",
    "EventType",
    "InvalidEvent",
    "Result",
    "UnknownEvent",
    "Weblog",
    "recognise",
]

EVENT_TYPES: tuple[type[EventType], ...] = (*HTTP_EVENT_TYPES, *TRIGGERS)


def recognise(event: object) -> EventType:
    """The event in the class of its type.

    Raises UnknownEvent, with the known types, when no type claims it.
    """
    if isinstance(event, dict):
        for event_type in EVENT_TYPES:
            if event_type.matches(event):
                return event_type(event)
        found = f"no known event has the keys {', '.join(map(str, event)) or 'none':.200}"
        if source := event_source(event):
            found += f" and records from {source!r:.80}"
    else:
        found = f"the event is a {type(event).__name__}, not an object"
    raise UnknownEvent(f"{found}; known: {', '.join(known.title for known in EVENT_TYPES)}")
