"""OpenTelemetry: the endpoints that use its API, which the tracer implements.

Each needs `DD_TRACE_OTEL_ENABLED=true`. Without it they answer, and the API has no tracer behind it.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request

from app.capabilities import otel as capability
from app.web.endpoints.downstream import distant_call
from app.web.inputs import optional, required
from app.web.responses import bad_request, json_document, plain_text

bp = Blueprint("otel", __name__)


@bp.get("/otel_drop_in_default_propagator_extract")
def extract() -> Response:
    """Answer with the span context that OpenTelemetry's default propagator finds in the request's headers.

    Header: `traceparent`, `tracestate`, `baggage`.

    200: JSON, `{"trace_id", "span_id", "tracestate", "baggage"}`: the lower 64 bits of the trace id and
    the span id as numbers, 0 where there is none; the others as in the headers.
    """
    return json_document(capability.extract(headers()))


@bp.get("/otel_drop_in_default_propagator_inject")
def inject() -> Response:
    """Answer with the headers that OpenTelemetry's default propagator makes of the current span.

    200: JSON, an object with `traceparent`; an empty one without a tracer.
    Setting: `DD_TRACE_OTEL_ENABLED`.
    """
    return json_document(capability.inject())


@bp.get("/otel_drop_in_baggage_api_otel")
def baggage_otel() -> Response:
    """Change the baggage through OpenTelemetry's API, then make a distant call.

    Argument: `url`, required, as for `/make_distant_call`; `baggage_remove`, names with commas between
    them; `baggage_set`, pairs `name=value` with commas between them. The removals come first.

    200: JSON, as that of `/make_distant_call`; the baggage is in its `request_headers`.
    400: no `url`, or one that cannot be called; a pair without `=`.
    502: `text/plain`, why no answer came.
    Setting: `DD_TRACE_OTEL_ENABLED`.
    Span: a client span.
    """
    return capability.with_otel_baggage(*distant_call_and_baggage())


@bp.get("/otel_drop_in_baggage_api_datadog")
def baggage_datadog() -> Response:
    """Change the baggage through the tracer's own API, then make a distant call.

    Argument: as for `/otel_drop_in_baggage_api_otel`.

    200: JSON, as that of `/make_distant_call`; the baggage is in its `request_headers`.
    400: no `url`, or one that cannot be called; a pair without `=`.
    502: `text/plain`, why no answer came.
    Span: a client span.
    """
    return capability.with_datadog_baggage(*distant_call_and_baggage())


@bp.get("/otel_drop_in_extract_and_make_distant_call")
def extract_and_make_distant_call() -> Response:
    """Start a span whose parent is the context in the request's headers, and make a distant call in it.

    Argument: `url`, required, as for `/make_distant_call`.
    Header: `traceparent`, `tracestate`, `baggage`.

    200: JSON, as that of `/make_distant_call`.
    400: no `url`, or one that cannot be called.
    502: `text/plain`, why no answer came.
    Setting: `DD_TRACE_OTEL_ENABLED`.
    Span: `otel_extract_distant_call`, and in it a client span.
    """
    url, sent = required("url"), headers()
    return capability.with_extracted_parent(lambda: distant_call(url), sent)


@bp.get("/otel_drop_in")
def drop_in() -> Response:
    """Make a span in the way of a library's OpenTelemetry instrumentation.

    200: `text/plain`, `OK`.
    Setting: `DD_TRACE_OTEL_ENABLED`.
    Span: `otel_drop_in`.
    """
    capability.drop_in()
    return plain_text("OK")


def headers() -> dict[str, str]:
    """The request's headers, with their names in lower case."""
    return {name.lower(): value for name, value in request.headers.items()}


def distant_call_and_baggage() -> tuple[Callable[[], Response], dict[str, str], list[str]]:
    """The call that is asked for, the baggage to set, and the names to remove."""
    url = required("url")
    changes = {}
    for item in words(optional("baggage_set")):
        name, equals, value = item.partition("=")
        if not equals:
            raise bad_request(f"argument baggage_set must be pairs name=value; {item!r} is none")
        changes[name.strip()] = value.strip()
    return lambda: distant_call(url), changes, words(optional("baggage_remove"))


def words(text: str) -> list[str]:
    """The words that have commas between them."""
    return [word.strip() for word in text.split(",") if word.strip()]
