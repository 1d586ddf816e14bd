"""The endpoints that use the tracer by hand."""

from __future__ import annotations

import json

import pytest

from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES
from tests.support.function import Functions

REST = EVENT_TYPES[0]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "Generated 1 spans with 1 garbage tags\n"),
        ("repeats=3&garbage=0", "Generated 3 spans with 0 garbage tags\n"),
    ],
)
def test_spans(handled: Handled, query: str, text: str) -> None:
    response = handled("/spans", query=query)
    assert (response.status, response.body.decode()) == (200, text)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("repeats=many", "argument repeats must be a whole number from 0 to 10000; it is 'many'\n"),
        ("garbage=1001", "argument garbage must be a whole number from 0 to 1000; it is '1001'\n"),
    ],
)
def test_spans_of_what_is_not_valid(handled: Handled, query: str, problem: str) -> None:
    response = handled("/spans", query=query)
    assert (response.status, response.body.decode()) == (400, problem)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_add_event(handled: Handled, method: str) -> None:
    response = handled("/add_event", method=method)
    assert (response.status, response.headers["content-type"]) == (200, ["application/json"])
    assert response.body == b'{"message":"event added","status_code":200}\n'


def test_flush(handled: Handled) -> None:
    assert (handled("/flush").status, handled("/flush").body) == (200, b"OK")


@pytest.mark.emulator
class TestSpans:
    """What the tracer sent, for a REST event."""

    def test_spans(self, functions: Functions) -> None:
        _, trace = functions().request(REST, path="/spans", query="repeats=3&garbage=2")
        made = trace.named("garbage")
        assert len(made) == 3
        assert len({span["parent_id"] for span in made}) == 1, "they stand side by side"
        assert {tag for span in made for tag in span["meta"] if "garbage" in tag} == {"garbage0", "garbage1"}

    def test_add_event(self, functions: Functions) -> None:
        _, trace = functions().request(REST, path="/add_event")
        (event,) = json.loads(trace.one("aws.apigateway")["meta"]["events"])
        assert (event["name"], event["attributes"]) == ("span_event", {"string": "value", "int": 1})
        assert "events" not in trace.meta

    def test_flush(self, functions: Functions) -> None:
        response, trace = functions().request(REST, path="/flush")
        assert response.status == 200
        assert trace.one("flask.request")["resource"] == "GET /flush"
