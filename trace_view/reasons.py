"""Says why an invocation has no trace, and how that is known."""

from __future__ import annotations

from typing import Any

from trace_view.entry import Entry
from trace_view.store import Store


def why_no_trace(entry: Entry, store: Store, seconds: int) -> str:
    """The reason, in sentences for a person."""
    waited = f"No trace with the request id {entry.request_id} came within {seconds} s."
    if "invocation" not in entry.has:
        if "began" in entry.has:
            why = "it was ended in the middle, or it does not reach this view."
            return f"{waited} The Invoke API has told of its beginning, and then no more: {why}"
        return f"{waited} The Invoke API has not told of its end: is TRACE_VIEW_URL set there?"
    return f"{waited} {_cause(entry.record, store)}"


def _cause(record: dict[str, Any], store: Store) -> str:
    lost = store.lost.get("trace_agent", 0)
    kind = record["result"].get("errorType", "") if isinstance(record["result"], dict) else ""
    if record["function_error"] and kind in ("Sandbox.Timedout", "Runtime.ExitError"):
        return f"The result says {kind}: the function's process ended before the tracer could send."
    if record["function_error"] and kind.startswith("Runtime."):
        return f"The result says {kind}: the function failed before the tracer had begun a span."
    if store.agent_time is None:
        return "The trace agent has told this view of nothing since it started: does the function send to it?"
    if record["started"] is not None and store.agent_time >= record["started"]:
        text = "The trace agent has told of other things since the invocation began, so it is reached."
    else:
        text = "The trace agent has told of nothing since the invocation began."
    return text + (f" It could not tell of {lost} messages since it started." if lost else "")
