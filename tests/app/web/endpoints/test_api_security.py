"""The endpoints on which API Security samples and names routes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES, EventType
from tests.support.function import Functions, Trace

REST = EVENT_TYPES[0]


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/api_security/sampling/200", 200, b"Hello!"),
        ("/api_security/sampling/418/", 418, b"Hello!"),
        ("/api_security/sampling/199", 400, b"the status must be 200 to 599, it is 199\n"),
        ("/api_security_sampling/7", 200, b"OK"),
        ("/api_security/multi-params-in-segment/1.json", 200, b"ok"),
        ("/api_security/optional-params/1", 200, b"ok"),
        ("/api_security/optional-params/1.json", 200, b"ok"),
    ],
)
def test_an_answer(handled: Handled, path: str, status: int, text: bytes) -> None:
    response = handled(path)
    assert (response.status, response.body, response.headers["content-type"]) == (
        status,
        text,
        ["text/plain"],
    )


@pytest.mark.parametrize(
    "path",
    ["/api_security/sampling/x", "/api_security_sampling/x", "/api_security/multi-params-in-segment/1"],
)
def test_another_path(handled: Handled, path: str) -> None:
    assert handled(path).status == 404


@pytest.mark.parametrize("path", ["/endpoint_fallback", "/endpoint_fallback.php"])
@pytest.mark.parametrize("case", ["with_route", "with_endpoint", "404", "computed"])
def test_endpoint_fallback(handled: Handled, path: str, case: str) -> None:
    response = handled(path, query=f"case={case}")
    assert (response.status, response.json) == (404 if case == "404" else 200, {"case": case})


def test_endpoint_fallback_of_another_case(handled: Handled) -> None:
    response = handled("/endpoint_fallback", query="case=none")
    problem = b"argument case must be one of with_route, with_endpoint, 404, computed; it is 'none'\n"
    assert (response.status, response.body) == (400, problem)
    assert handled("/endpoint_fallback").status == 400


def is_sampled(trace: Trace) -> bool:
    """Whether API Security looked at the request."""
    return any(tag.startswith("_dd.appsec.s.") for tag in trace.meta)


@pytest.mark.emulator
class TestSampling:
    """What is sampled, for each event type, where a delay of an hour leaves one sample of each."""

    @pytest.mark.parametrize(
        "paths",
        [
            ("/api_security_sampling/1", "/api_security_sampling/2"),
            ("/api_security/sampling/200", "/api_security/sampling/200"),
        ],
    )
    def test_one_of_a_route(
        self, functions: Functions, event_type: EventType, paths: tuple[str, str]
    ) -> None:
        function = functions(DD_API_SECURITY_SAMPLE_DELAY="3600")
        function.request(event_type, path=paths[0])
        _, trace = function.request(event_type, path=paths[1])
        assert not is_sampled(trace)

    def test_one_of_a_status(self, functions: Functions) -> None:
        function = functions(DD_API_SECURITY_SAMPLE_DELAY="3600")
        statuses = ["410", "411", "410"]
        sampled = [
            is_sampled(function.request(REST, path=f"/api_security/sampling/{status}")[1])
            for status in statuses
        ]
        assert sampled == [True, True, False]

    def test_every_request_without_a_delay(self, functions: Functions, event_type: EventType) -> None:
        for _ in range(2):
            _, trace = functions().request(event_type, path="/api_security_sampling/1")
            assert is_sampled(trace)


# The endpoint sets a URL of its own.
COMPUTED: dict[str, Any] = {"path": "/endpoint_fallback.php", "query": "case=computed", "breaks": ["url"]}


@pytest.mark.emulator
class TestRoutes:
    """The names of routes, for each event type."""

    @pytest.mark.parametrize(
        ("path", "route"),
        [
            (
                "/api_security/multi-params-in-segment/1.json",
                "/api_security/multi-params-in-segment/{id+format}",
            ),
            ("/api_security/optional-params/1", "/api_security/optional-params/{id}"),
            ("/api_security/optional-params/1.json", "/api_security/optional-params/{id+format}"),
        ],
    )
    def test_the_normalized_route(
        self, functions: Functions, event_type: EventType, path: str, route: str
    ) -> None:
        _, trace = functions().request(event_type, path=path)
        assert trace.one("flask.request")["meta"]["_dd.appsec.normalized_route"] == route
        assert "_dd.appsec.normalized_route" not in trace.meta

    @pytest.mark.xfail(strict=True, reason="The normalized route is on flask.request, AppSec on aws.lambda")
    def test_the_normalized_route_is_where_appsec_is(self, functions: Functions) -> None:
        _, trace = functions().request(REST, path="/api_security/optional-params/1")
        assert trace.meta.get("_dd.appsec.normalized_route") == "/api_security/optional-params/{id}"

    def test_a_route(self, functions: Functions) -> None:
        _, trace = functions().request(REST, path="/endpoint_fallback.php", query="case=with_route")
        assert trace.meta["http.route"] == "/users/{id}/profile"
        assert "http.endpoint" not in trace.meta
        assert trace.schema("res.body") == [{"case": [8]}]

    @pytest.mark.xfail(strict=True, reason="With AppSec the tracer replaces an `http.endpoint` set by hand")
    def test_an_endpoint(self, functions: Functions) -> None:
        _, trace = functions().request(REST, path="/endpoint_fallback.php", query="case=with_endpoint")
        assert "http.route" not in trace.meta
        assert trace.meta["http.endpoint"] == "/api/products/{param:int}"

    def test_an_endpoint_without_appsec(self, functions: Functions) -> None:
        function = functions({"DD_APPSEC_ENABLED": "false"})
        _, trace = function.request(REST, path="/endpoint_fallback.php", query="case=with_endpoint")
        assert "http.route" not in trace.meta
        assert trace.meta["http.endpoint"] == "/api/products/{param:int}"

    def test_a_computed_endpoint(self, functions: Functions) -> None:
        _, trace = functions().request(
            REST, path="/endpoint_fallback.php", query="case=computed", breaks=["url"]
        )
        assert "http.route" not in trace.meta
        assert trace.meta["http.url"].endswith("/endpoint_fallback_computed/users/123/orders/456")
        assert trace.schema("res.body") == [{"case": [8]}]

    @pytest.mark.xfail(
        strict=True, reason="With AppSec the tracer sets `http.endpoint` where there is no route"
    )
    def test_a_computed_endpoint_is_not_told(self, functions: Functions) -> None:
        _, trace = functions().request(
            REST, path="/endpoint_fallback.php", query="case=computed", breaks=["url"]
        )
        assert "http.endpoint" not in trace.meta

    def test_a_404_has_its_endpoint(self, functions: Functions) -> None:
        _, trace = functions().request(REST, path="/endpoint_fallback.php", query="case=404")
        assert trace.meta["http.endpoint"] == "/api/notfound/{param:int}"
        assert "http.route" not in trace.meta

    @pytest.mark.xfail(strict=True, reason="API Security samples by Flask's route, not by the span's tags")
    def test_a_404_without_a_route_is_not_sampled(self, functions: Functions) -> None:
        _, trace = functions().request(REST, path="/endpoint_fallback.php", query="case=404")
        assert not is_sampled(trace)
