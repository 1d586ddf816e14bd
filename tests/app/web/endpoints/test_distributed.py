"""Decisions of the trace, and how they reach the next service."""

from __future__ import annotations

import pytest

from tests.app.conftest import Handled
from tests.support.events import EventType
from tests.support.function import Function


@pytest.mark.parametrize("query", ["", "decision=", "decision=other"])
def test_a_wrong_decision(handled: Handled, query: str) -> None:
    response = handled("/trace/manual_keep_drop", query=query)
    assert response.status == 400
    assert b"decision" in response.body
    if query == "decision=other":
        assert response.body == b"argument decision must be one of keep, drop; it is 'other'\n"


@pytest.mark.parametrize("decision", ["keep", "drop"])
def test_a_decision(handled: Handled, decision: str) -> None:
    answer = handled("/trace/manual_keep_drop", query=f"decision={decision}").json
    assert (answer["url"], answer["status_code"]) == ("http://localhost:7777/", 200)
    assert answer.keys() == {"url", "status_code", "request_headers", "response_headers"}


@pytest.mark.emulator
@pytest.mark.parametrize(("decision", "priority", "upstream"), [("keep", 2, 0), ("drop", -1, 2)])
def test_the_decision_is_passed_on(
    with_services: Function, event_type: EventType, decision: str, priority: int, upstream: int
) -> None:
    headers = (
        ("x-datadog-trace-id", "12345"),
        ("x-datadog-parent-id", "678"),
        ("x-datadog-sampling-priority", str(upstream)),
    )
    query = f"decision={decision}"
    response, trace = with_services.request(
        event_type, path="/trace/manual_keep_drop", query=query, headers=headers, breaks=["root-tags"]
    )
    assert response.json["request_headers"]["x-datadog-sampling-priority"] == str(priority)
    priorities = {
        span["metrics"]["_sampling_priority_v1"]
        for span in trace.spans
        if "_sampling_priority_v1" in span.get("metrics", {})
    }
    assert priorities == {priority}
    assert {span["trace_id"] for span in trace.spans} == {12345}
