"""Decides whether the tracer keeps the trace."""

from __future__ import annotations

from ddtrace.constants import MANUAL_DROP_KEY, MANUAL_KEEP_KEY
from ddtrace.trace import tracer


def decide(decision: str) -> None:
    """Keep or drop the trace, whatever the sampling decided: `decision` is `keep` or `drop`."""
    if span := tracer.current_root_span():
        span.set_tag(MANUAL_KEEP_KEY if decision == "keep" else MANUAL_DROP_KEY)
