"""Data streams: checkpoints that are set by hand, without a queue.

Each needs `DD_DATA_STREAMS_ENABLED=true`, and answers 501 without it.
"""

from __future__ import annotations

import json

from flask import Blueprint, Response, request

from app.capabilities import data_streams as capability
from app.capabilities.errors import DataStreamsOff, InvalidPathway
from app.web.inputs import required
from app.web.responses import bad_request, json_document, plain_text

bp = Blueprint("data_streams", __name__)


@bp.get("/dsm/manual/produce")
def produce() -> Response:
    """Set the checkpoint of a message that is sent.

    Argument: `type`, the kind of queue, and `target`, its name; both required.

    200: `text/plain`, `ok`, with the header `dd-pathway-ctx-base64`, which goes with the message.
    400: no `type` or no `target`.
    501: `text/plain`, the setting that is missing.
    Setting: `DD_DATA_STREAMS_ENABLED`.
    Span: none; the pipeline stats have a checkpoint
    `direction:out,manual_checkpoint:true,topic:...,type:...`.
    """
    return produced(capability.produce(required("type"), required("target")))


@bp.get("/dsm/manual/produce_with_thread")
def produce_with_thread() -> Response:
    """Do the same as `/dsm/manual/produce` on another thread.

    Argument: as there.

    200: as there.
    400: as there.
    501: as there.
    Setting: `DD_DATA_STREAMS_ENABLED`.
    Span: as there.
    """
    kind, target = required("type"), required("target")
    return produced(capability.in_thread(lambda: capability.produce(kind, target)))


@bp.get("/dsm/manual/consume")
def consume() -> Response:
    """Set the checkpoint of a message that is received.

    Argument: `type`, the kind of queue, and `source`, its name; both required.
    Header: `_datadog`, a JSON object of the headers that came with the message; required.

    200: `text/plain`, `ok`.
    400: no `type`, no `source`, or no such `_datadog`.
    501: `text/plain`, the setting that is missing.
    Setting: `DD_DATA_STREAMS_ENABLED`.
    Span: none; the pipeline stats have a checkpoint
    `direction:in,manual_checkpoint:true,topic:...,type:...`.
    """
    capability.consume(required("type"), required("source"), carrier())
    return plain_text("ok")


@bp.get("/dsm/manual/consume_with_thread")
def consume_with_thread() -> Response:
    """Do the same as `/dsm/manual/consume` on another thread.

    Argument: as there.
    Header: as there.

    200: as there.
    400: as there.
    501: as there.
    Setting: `DD_DATA_STREAMS_ENABLED`.
    Span: as there.
    """
    kind, source, headers = required("type"), required("source"), carrier()
    capability.in_thread(lambda: capability.consume(kind, source, headers))
    return plain_text("ok")


@bp.get("/dsm/inject")
def inject() -> Response:
    """Answer with the headers in which the pathway of a message travels.

    Argument: `topic` and `integration`, both required.

    200: JSON, an object with `dd-pathway-ctx-base64`.
    400: no `topic` or no `integration`.
    501: `text/plain`, the setting that is missing.
    Setting: `DD_DATA_STREAMS_ENABLED`.
    Span: none; the pipeline stats have a checkpoint `direction:out,topic:...,type:...`.
    """
    return json_document(capability.inject(required("topic"), required("integration")))


@bp.get("/dsm/extract")
def extract() -> Response:
    """Set the checkpoint of a message that is received, on the pathway that came with it.

    Argument: `topic` and `integration`, and `ctx`, a JSON object like the answer of `/dsm/inject`;
    all required.

    200: `text/plain`, `ok`.
    400: one of the three is missing, or `ctx` is not such an object.
    501: `text/plain`, the setting that is missing.
    Setting: `DD_DATA_STREAMS_ENABLED`.
    Span: none; the pipeline stats have a checkpoint `direction:in,topic:...,type:...`.
    """
    topic, integration = required("topic"), required("integration")
    capability.extract(topic, integration, strings("argument ctx", required("ctx")))
    return plain_text("ok")


@bp.errorhandler(DataStreamsOff)
def off(error: DataStreamsOff) -> Response:
    """The setting that is missing."""
    return plain_text(f"{error}\n", 501)


@bp.errorhandler(InvalidPathway)
def invalid(error: InvalidPathway) -> Response:
    """A pathway that cannot be read."""
    return plain_text(f"{error}\n", 400)


def produced(headers: dict[str, str]) -> Response:
    """The response of a producer: its headers are the message's."""
    response = plain_text("ok")
    response.headers.update(headers)
    return response


def carrier() -> dict[str, str]:
    """The message's headers, from the header `_datadog`."""
    # WSGI has one name for `_datadog` and `-datadog`.
    return strings("header _datadog", request.environ.get("HTTP__DATADOG", ""))


def strings(name: str, text: str) -> dict[str, str]:
    """A JSON object of strings; a 400 with `name` where the text is another."""
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        raise bad_request(f"{name} is required: a JSON object of strings")
    return document
