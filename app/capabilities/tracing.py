"""Uses the tracer by hand: spans, span events, a flush."""

from __future__ import annotations

from secrets import token_hex

from ddtrace.trace import tracer


def make_spans(repeats: int, garbage: int) -> None:
    """Make this many spans side by side, each with this many tags of random text, `garbage0` and so on."""
    for _ in range(repeats):
        with tracer.trace("garbage") as span:
            for number in range(garbage):
                span.set_tag(f"garbage{number}", token_hex(16))


def add_event() -> None:
    """Add the event `span_event` to the trace's root span; without a trace, to none."""
    if root := tracer.current_root_span():
        # ddtrace has no public method for it; its OpenTelemetry bridge calls this one, too.
        root._add_event("span_event", {"string": "value", "int": 1})


def flush() -> None:
    """Send the finished traces that wait to be sent."""
    tracer.flush()  # type: ignore[no-untyped-call]
