"""OpenTelemetry's API, without a tracer behind it and with the one under test."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES, EventType, HttpResponse
from tests.support.function import APPSEC, Function, Functions, Trace

REST = EVENT_TYPES[0]

CONTEXT = (
    ("traceparent", "00-11111111111111110000000000000002-000000000000000a-01"),
    ("tracestate", "dd=s:2;p:000000000000000a,foo=1"),
    ("baggage", "foo=value_to_be_replaced,FOO=UNTOUCHED,remove_me_key=remove_me_value"),
)
EXTRACTED = {
    "trace_id": 2,
    "span_id": 10,
    "tracestate": "dd=s:2;p:000000000000000a,foo=1",
    "baggage": "foo=value_to_be_replaced,FOO=UNTOUCHED,remove_me_key=remove_me_value",
}
BAGGAGE = "baggage_set=foo=overwrite_value,new_foo=new_value&baggage_remove=remove_me_key"
CALLS = [
    "/otel_drop_in_baggage_api_otel",
    "/otel_drop_in_baggage_api_datadog",
    "/otel_drop_in_extract_and_make_distant_call",
]


def test_extracting(handled: Handled) -> None:
    response = handled("/otel_drop_in_default_propagator_extract", headers=CONTEXT)
    assert response.json == EXTRACTED


def test_extracting_nothing(handled: Handled) -> None:
    response = handled("/otel_drop_in_default_propagator_extract")
    assert response.json == {"trace_id": 0, "span_id": 0, "tracestate": "", "baggage": ""}


def test_injecting_without_a_tracer(handled: Handled) -> None:
    assert handled("/otel_drop_in_default_propagator_inject").json == {}


def test_a_drop_in(handled: Handled) -> None:
    response = handled("/otel_drop_in")
    assert (response.status, response.body) == (200, b"OK")


@pytest.mark.parametrize("path", CALLS)
def test_distant_calls(handled: Handled, path: str) -> None:
    answer = handled(path, query=f"url=http://weblog:7777&{BAGGAGE}", headers=CONTEXT).json
    assert (answer["url"], answer["status_code"]) == ("http://weblog:7777", 200)
    assert answer.keys() == {"url", "status_code", "request_headers", "response_headers"}


@pytest.mark.parametrize("path", CALLS)
def test_no_url(handled: Handled, path: str) -> None:
    response = handled(path)
    assert (response.status, response.body.startswith(b"argument url is required")) == (400, True)


def test_a_baggage_that_has_no_value(handled: Handled) -> None:
    for path in CALLS[:2]:
        response = handled(path, query="url=http://weblog:7777&baggage_set=a=1,b")
        assert response.status == 400
        assert response.body == b"argument baggage_set must be pairs name=value; 'b' is none\n"


@pytest.mark.emulator
class TestWithTheTracer:
    """What the tracer makes of it, with `DD_TRACE_OTEL_ENABLED`."""

    @pytest.fixture
    def function(self, functions: Functions) -> Function:
        """The function whose OpenTelemetry API the tracer implements."""
        return functions({**APPSEC, "DD_TRACE_OTEL_ENABLED": "true"})

    def request(self, function: Function, path: str, **request: Any) -> tuple[HttpResponse, Trace]:
        """A request with a trace context; all spans are of that trace, and none is cut off from it."""
        response, trace = function.request(REST, path=path, headers=CONTEXT, **request)
        assert response.status == 200
        assert {span["trace_id"] for span in trace.spans} == {2}
        assert {span["parent_id"] for span in trace.spans} - {span["span_id"] for span in trace.spans} == {10}
        return response, trace

    def test_extracting(self, function: Function, event_type: EventType) -> None:
        path = "/otel_drop_in_default_propagator_extract"
        response, _ = function.request(event_type, path=path, headers=CONTEXT)
        assert response.json == EXTRACTED

    def test_injecting(self, function: Function) -> None:
        response, trace = self.request(function, "/otel_drop_in_default_propagator_inject")
        view = trace.one("otel.inject")
        assert (
            response.json["traceparent"] == f"00-11111111111111110000000000000002-{view['span_id']:016x}-01"
        )

    @pytest.mark.parametrize("path", CALLS[:2])
    def test_changing_the_baggage(self, function: Function, path: str) -> None:
        response, _ = self.request(function, path, query=f"url=http://weblog:7777&{BAGGAGE}")
        sent = response.json["request_headers"]["baggage"].split(",")
        assert {"foo=overwrite_value", "new_foo=new_value"} <= {*sent}
        assert not [item for item in sent if item.startswith("remove_me_key")]

    @pytest.mark.xfail(strict=True, reason="D6: datadog_lambda drops the baggage of a request")
    @pytest.mark.parametrize("path", CALLS[:2])
    def test_the_rest_of_the_baggage(self, function: Function, path: str) -> None:
        response, _ = self.request(function, path, query=f"url=http://weblog:7777&{BAGGAGE}")
        assert "FOO=UNTOUCHED" in response.json["request_headers"]["baggage"]

    def test_a_call_in_an_extracted_context(self, function: Function) -> None:
        response, trace = self.request(
            function, CALLS[2], query="url=http://weblog:7777/", breaks=["one-root"]
        )
        (span,) = [span for span in trace.spans if span["resource"] == "otel_extract_distant_call"]
        client = trace.one("requests.request")
        assert (span["parent_id"], client["parent_id"]) == (10, span["span_id"])
        sent = response.json["request_headers"]
        assert sent["baggage"] == EXTRACTED["baggage"]
        assert sent["tracestate"].endswith(",foo=1")

    def test_a_drop_in(self, function: Function) -> None:
        _, trace = self.request(function, "/otel_drop_in")
        (span,) = [span for span in trace.spans if span["resource"] == "otel_drop_in"]
        assert span["parent_id"] == trace.one("otel.drop_in")["span_id"]
