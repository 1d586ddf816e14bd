"""The HTTP events that the function answers, one class per type, found by their shape.

`HTTP_EVENT_TYPES` is the one list: a new type is one module and one entry here. No two types
match the same event, so the order only decides what is asked first.
"""

from __future__ import annotations

from app.events.alb import Alb, AlbMultiValue
from app.events.base import HttpEvent
from app.events.errors import InvalidEvent, UnknownEvent
from app.events.function_url import FunctionUrl
from app.events.http_api import HttpApi
from app.events.rest_api import RestApi
from app.events.types import Event

__all__ = ["HTTP_EVENT_TYPES", "HttpEvent", "InvalidEvent", "UnknownEvent", "http_event"]

HTTP_EVENT_TYPES: tuple[type[HttpEvent], ...] = (RestApi, HttpApi, FunctionUrl, Alb, AlbMultiValue)


def http_event(event: Event) -> HttpEvent:
    """The event as an HTTP request, in the class of its type.

    Raises InvalidEvent, naming the field, for an HTTP event with a broken part, and UnknownEvent
    for everything that is no HTTP event.
    """
    for event_type in HTTP_EVENT_TYPES:
        if event_type.matches(event):
            return event_type(event)
    raise _no_match(event)


def _no_match(event: Event) -> InvalidEvent | UnknownEvent:
    known = ", ".join([*(event_type.title for event_type in HTTP_EVENT_TYPES), '{"healthcheck": true}'])
    if not isinstance(event, dict):
        return UnknownEvent(f"the event is a {type(event).__name__}, not an object; known: {known}")
    # An authorizer's event looks like the request that it authorizes, and is none.
    if not {"methodArn", "routeArn"} & event.keys():
        context = event.get("requestContext")
        if {"httpMethod", "rawPath"} & event.keys() and not isinstance(context, dict):
            found = type(context).__name__ if "requestContext" in event else "missing"
            return InvalidEvent("HTTP", "requestContext", f"must be an object, it is {found}")
        if "rawPath" in event:
            return InvalidEvent("HTTP", "requestContext.http", "must be an object")
        if "path" in event and "requestContext" in event:
            return InvalidEvent("HTTP", "httpMethod", "is missing")
    keys = ", ".join(map(str, event)) or "none"
    return UnknownEvent(f"no known event has the keys {keys:.200}; known: {known}")
