"""Uses the OpenTelemetry API, behind which the tracer may be.

What is made active through that API stays active, because the tracer does not implement its `detach`.
So whoever activates something does it in a copy of the context.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextvars import copy_context
from typing import TypedDict, TypeVar

from ddtrace.trace import tracer

T = TypeVar("T")


class Extracted(TypedDict):
    """A span context that came with a request."""

    trace_id: int
    span_id: int
    tracestate: str
    baggage: str


def extract(headers: Mapping[str, str]) -> Extracted:
    """What the default propagator finds in these headers, whose names are in lower case.

    `trace_id` has the lower 64 bits; `tracestate` and `baggage` are as in the headers.
    """
    from opentelemetry import baggage, propagate, trace

    context = propagate.extract(headers)
    span = trace.get_current_span(context).get_span_context()
    return {
        "trace_id": span.trace_id & (1 << 64) - 1,
        "span_id": span.span_id,
        "tracestate": span.trace_state.to_header(),
        "baggage": ",".join(f"{name}={value}" for name, value in baggage.get_all(context).items()),
    }


def inject() -> dict[str, str]:
    """The headers that the default propagator makes of the current span; none where no span is active."""
    from opentelemetry import propagate

    headers: dict[str, str] = {}
    propagate.inject(headers)
    return headers


def with_otel_baggage(call: Callable[[], T], changes: Mapping[str, str], removed: Iterable[str]) -> T:
    """Make the call with a baggage that the OpenTelemetry API has changed."""
    from opentelemetry import baggage, context

    def changed() -> T:
        current = context.get_current()
        for name in removed:
            current = baggage.remove_baggage(name, current)
        for name, value in changes.items():
            current = baggage.set_baggage(name, value, current)
        context.attach(current)
        return call()

    return copy_context().run(changed)


def with_datadog_baggage(call: Callable[[], T], changes: Mapping[str, str], removed: Iterable[str]) -> T:
    """Make the call with a baggage that the tracer's own API has changed."""
    if span := tracer.current_span():
        for name in removed:
            span.context.remove_baggage_item(name)
        for name, value in changes.items():
            span.context.set_baggage_item(name, value)
    return call()


def with_extracted_parent(call: Callable[[], T], headers: Mapping[str, str]) -> T:
    """Make the call in the span `otel_extract_distant_call`, whose parent is what these headers name."""
    from opentelemetry import context, propagate, trace

    def in_span() -> T:
        # Attached, because the baggage is in the context, not in the span.
        context.attach(propagate.extract(headers))
        with trace.get_tracer("weblog").start_as_current_span("otel_extract_distant_call"):
            return call()

    return copy_context().run(in_span)


def drop_in() -> None:
    """Make a span in the way of a library's OpenTelemetry instrumentation."""
    from opentelemetry import trace

    def make() -> None:
        with trace.get_tracer("opentelemetry.instrumentation.weblog").start_as_current_span("otel_drop_in"):
            pass

    copy_context().run(make)
