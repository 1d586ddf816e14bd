"""Runs a WSGI app for an HTTP event: aws-wsgi makes the environ and collects the response.

aws-wsgi knows two of the five event types and reads those too narrowly. So it gets every event in
the one shape that it understands, made by the event's own class, and what it cannot know is set
right in the environ afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any

import awsgi

from app.events.base import HttpEvent
from app.events.types import Result

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_PORTS = {"http": "80", "https": "443"}


def respond(app: WSGIApplication, event: HttpEvent, context: object) -> Result:
    """Answer the event with the app; the result in the shape of the event's type.

    Raises InvalidEvent for a broken event, and whatever the app raises.
    """
    start_response = awsgi.StartResponse()
    body = _collect(app(environ(event, context), start_response), start_response.chunks)
    headers = start_response.headers
    if not any(name.lower() == "content-length" for name, _ in headers):
        # The tracer tags it, and streaming apps cannot know it; here the whole body is at hand.
        headers.append(("Content-Length", str(len(body))))
    return event.result(start_response.status, start_response.status_line, headers, body)


def environ(event: HttpEvent, context: object) -> WSGIEnvironment:
    """The WSGI environ of the event, as PEP 3333 wants it."""
    headers = event.headers
    body = event.body
    environ: WSGIEnvironment = awsgi.environ(
        {
            "httpMethod": event.method,
            "path": event.path,
            "queryStringParameters": None,
            "headers": headers,
            "body": body,
        },
        context,
    )
    scheme = headers.get("x-forwarded-proto") or event.default_scheme
    host, _, port = headers.get("host", "").partition(":")
    environ.update(
        {
            "SCRIPT_NAME": event.script_name,
            "QUERY_STRING": event.query_string,
            "REMOTE_ADDR": event.source_ip or "127.0.0.1",
            "SERVER_NAME": host or "lambda",
            "SERVER_PORT": headers.get("x-forwarded-port") or port or _PORTS.get(scheme, "80"),
            "wsgi.url_scheme": scheme,
            "awsgi.event": event.event,
        }
    )
    # The body at hand is the truth, whatever a Content-Length header says: of a body that is not
    # there some types report a length of 0 and others nothing, so none of them does.
    environ.pop("HTTP_CONTENT_LENGTH", None)
    environ.pop("HTTP_CONTENT_TYPE", None)
    if not body:
        del environ["CONTENT_LENGTH"]
    return environ


def _collect(output: Iterable[bytes], written: Iterable[bytes]) -> bytes:
    """The whole body, what the app wrote first; the iterable is closed, whatever happens (PEP 3333)."""
    try:
        return b"".join(chain(written, output))
    finally:
        close: Any = getattr(output, "close", None)
        if close is not None:
            close()
