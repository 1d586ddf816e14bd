"""Reports a custom event to the tracer's AppSec."""

from __future__ import annotations

from ddtrace.appsec.trace_utils import track_custom_event
from ddtrace.trace import tracer


def report_value(value: str) -> None:
    """Report the event `system_tests_appsec_event` with this value."""
    track_custom_event(tracer, "system_tests_appsec_event", {"value": value})
