"""Tracing: the endpoints that use the tracer by hand."""

from __future__ import annotations

from flask import Blueprint, Response

from app.capabilities import tracing as capability
from app.web.inputs import whole_number
from app.web.responses import json_document, plain_text

bp = Blueprint("tracing", __name__)


@bp.get("/spans")
def spans() -> Response:
    """Make many spans, and many tags.

    Argument: `repeats`, the number of spans, 0 to 10000, 1 if it is missing; `garbage`, the number of
    tags on each, 0 to 1000, 1 if it is missing.

    200: `text/plain`, `Generated {repeats} spans with {garbage} garbage tags` and a line feed.
    400: a number is not valid; the text names it.
    Span: `repeats` spans `garbage` side by side, each with the tags `garbage0`, `garbage1` and so on.
    """
    repeats = whole_number("repeats", 1, most=10_000)
    garbage = whole_number("garbage", 1, most=1_000)
    capability.make_spans(repeats, garbage)
    return plain_text(f"Generated {repeats} spans with {garbage} garbage tags\n")


@bp.route("/add_event", methods=["GET", "POST"])
def add_event() -> Response:
    """Add an event to the root span.

    200: JSON, `{"message": "event added", "status_code": 200}`.
    Span: the root span has the event `span_event` with `string` and `int`, in `span_events`, or in the tag
    `events` where the agent does not take span events.
    """
    capability.add_event()
    return json_document({"message": "event added", "status_code": 200})


@bp.get("/flush")
def flush() -> Response:
    """Send what the tracer has kept. In Lambda with an extension it has kept nothing.

    200: `text/plain`, `OK`.
    Span: none of its own.
    """
    capability.flush()
    return plain_text("OK")
