"""Runs a WSGI app for an HTTP event: aws-wsgi makes the environ and collects the response.

aws-wsgi knows two of the five event types, and reads even those in part. So each event's own class
makes the one shape that aws-wsgi understands, and what aws-wsgi cannot know is corrected in the
environ afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

import awsgi

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from app.events.http.base import HttpEvent
    from app.events.http.results import HttpResult

_PORTS = {"http": "80", "https": "443"}


def respond(app: WSGIApplication, event: HttpEvent, context: object) -> HttpResult:
    """Answer the event with the app. The result has the shape of the event's type.

    Raises InvalidEvent for a broken event, and whatever the app raises.
    """
    start_response = awsgi.StartResponse()
    body = _collect(app(environ(event, context), start_response), start_response.chunks)
    headers = start_response.headers
    if not any(name.lower() == "content-length" for name, _ in headers):
        # The tracer tags the length. A streaming app cannot know it; here the whole body is known.
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
            "headers": _without_twins(headers),
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
    # The length is that of the body, whatever a Content-Length header says. Without a body there is
    # no length: some types have a header of 0 then and others none.
    environ.pop("HTTP_CONTENT_LENGTH", None)
    environ.pop("HTTP_CONTENT_TYPE", None)
    if not body:
        del environ["CONTENT_LENGTH"]
    return environ


def _collect(output: Iterable[bytes], written: Iterable[bytes]) -> bytes:
    """The whole body. The iterable is closed, whatever happens (PEP 3333)."""
    try:
        return b"".join(chain(written, output))
    finally:
        close: Any = getattr(output, "close", None)
        if close is not None:
            close()


def _without_twins(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers without a name with `_` where the same name with `-` is there.

    Both have one key in an environ, so a client could otherwise replace `Content-Type` by
    `Content_Type`.
    """
    if not any("_" in name for name in headers):
        return headers
    return {name: value for name, value in headers.items() if "_" not in name or not _has_twin(name, headers)}


def _has_twin(name: str, headers: Mapping[str, str]) -> bool:
    key = name.replace("_", "-")
    # Of several names with a `_`, the one that comes first in the alphabet stays.
    return any(other < name and other.replace("_", "-") == key for other in headers)
