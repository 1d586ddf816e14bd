"""What the tracer really sent to a real agent for requests through the real emulator."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from tests.support.events import CLIENT, EventType
from tests.support.function import Function, Functions

pytestmark = pytest.mark.emulator


@pytest.fixture
def function(functions: Functions) -> Function:
    """The function with AppSec and rules that block, Flask's spans on."""
    return functions.blocking()


@pytest.fixture
def without_flask_spans(functions: Functions) -> Function:
    """The same, with Flask's spans and inferred spans off."""
    return functions.blocking(DD_TRACE_FLASK_ENABLED="false", DD_TRACE_MANAGED_SERVICES="false")


TRIGGERS = {
    "apigateway-rest": ("api-gateway", "aws.apigateway", "/{proxy+}"),
    "apigateway-http": ("api-gateway", "aws.httpapi", "$default"),
    "function-url": ("lambda-function-url", "aws.lambda.url", "$default"),
    "application-load-balancer": ("application-load-balancer", "aws.alb", "/headers"),
    "application-load-balancer-multi": ("application-load-balancer", "aws.alb", "/headers"),
}


class TestSpans:
    """The spans of one request, for each event type."""

    def test_the_function_span(self, function: Function, event_type: EventType) -> None:
        response, trace = function.request(event_type, path="/headers")
        source, _, route = TRIGGERS[event_type.name]
        assert response.status == 200
        assert trace.function["service"] == "weblog"
        assert trace.meta["function_trigger.event_source"] == source
        assert trace.meta["function_trigger.event_source_arn"].startswith("arn:aws:")
        assert (trace.meta["http.method"], trace.meta["http.status_code"]) == ("GET", "200")
        assert trace.meta["http.url"].endswith("/headers")
        assert trace.meta["http.route"] == route
        assert trace.meta["_dd.origin"] == "lambda"

    def test_header_tags(self, function: Function, event_type: EventType) -> None:
        response, trace = function.request(event_type, path="/headers")
        assert trace.meta["http.request.headers.user-agent"] == "test/1.0"
        assert trace.meta["http.response.headers.content-type"] == "text/plain"
        assert trace.meta["http.response.headers.content-length"] == str(len(response.body))
        assert trace.meta["http.response.headers.content-language"] == "en-US"

    def test_the_inferred_span(self, function: Function, event_type: EventType) -> None:
        _, trace = function.request(event_type, path="/")
        inferred = trace.one(TRIGGERS[event_type.name][1])
        assert trace.function["parent_id"] == inferred["span_id"]
        assert inferred["metrics"]["_dd._inferred_span"] == 1
        assert inferred["meta"]["http.status_code"] == "200"
        assert inferred["meta"]["peer.service"] == "weblog"

    def test_flask_spans_hang_on_the_function_span(self, function: Function, event_type: EventType) -> None:
        _, trace = function.request(event_type, path="/waf/x")
        flask = trace.one("flask.request")
        assert flask["parent_id"] == trace.function["span_id"]
        assert (flask["service"], flask["resource"]) == ("weblog", "GET /waf/<path:path>")
        assert trace.one("waf.waf")["meta"]["component"] == "flask"

    def test_flask_spans_do_not_stand_for_the_request(
        self, function: Function, event_type: EventType
    ) -> None:
        # A suite finds a request's spans by this tag: it belongs to the span with AppSec's tags.
        _, trace = function.request(event_type, path="/")
        assert "http.useragent" not in trace.one("flask.request")["meta"]
        assert not [tag for tag in trace.one("flask.request")["meta"] if "appsec.fp" in tag or "event" in tag]

    def test_without_appsec_flasks_span_has_the_user_agent(
        self, functions: Functions, event_type: EventType
    ) -> None:
        # `aws.lambda` has it behind a load balancer only; elsewhere it is the one way to find the request.
        _, trace = functions({"DD_APPSEC_ENABLED": "false"}).request(event_type, path="/")
        has_own = "http.useragent" in trace.meta
        assert has_own == ("load-balancer" in event_type.name)
        assert trace.one("flask.request")["meta"].get("http.useragent") == (None if has_own else "test/1.0")

    def test_without_flask_and_inferred_spans(
        self, without_flask_spans: Function, event_type: EventType
    ) -> None:
        response, trace = without_flask_spans.request(event_type, path="/waf/x")
        assert response.status == 200
        assert [span["name"] for span in trace.spans] == ["aws.lambda"]
        assert not trace.function.get("parent_id")
        assert trace.metrics["_dd.appsec.enabled"] == 1

    def test_the_trace_context_of_the_client(self, function: Function, event_type: EventType) -> None:
        headers = (
            ("x-datadog-trace-id", "12345"),
            ("x-datadog-parent-id", "678"),
            ("x-datadog-sampling-priority", "2"),
        )
        _, trace = function.request(event_type, headers=headers)
        assert {span["trace_id"] for span in trace.spans} == {12345}
        assert trace.one(TRIGGERS[event_type.name][1])["parent_id"] == 678

    @pytest.mark.parametrize("path", ["/nowhere", "/.git", "/path_that_doesn't_exists"])
    def test_an_unknown_path(self, function: Function, event_type: EventType, path: str) -> None:
        response, trace = function.request(event_type, path=path)
        assert response.status == 404
        assert trace.meta["http.status_code"] == "404"

    def test_the_healthcheck_event(self, function: Function) -> None:
        _, trace = function.traced({"healthcheck": True})
        assert trace.metrics["_dd.appsec.unsupported_event_type"] == 1

    def test_an_event_of_no_known_type(self, function: Function) -> None:
        result, trace = function.traced({"healthcheck": False})
        assert result["errorType"] == "UnknownEvent"
        assert trace.function["error"] == 1
        assert trace.meta["error.type"] == "app.events.errors.UnknownEvent"
        assert "no known event has the keys healthcheck" in trace.meta["error.message"]


class TestAppSec:
    """What the WAF found and did, for each event type."""

    def test_an_attack(self, function: Function, event_type: EventType) -> None:
        response, trace = function.request(event_type, path="/waf", headers=(("User-Agent", "Arachni/v1"),))
        assert response.status == 200
        assert trace.meta["appsec.event"] == "true"
        assert "ua0-600-12x" in trace.rules
        assert trace.meta["http.client_ip"] == CLIENT

    @pytest.mark.parametrize("kind", ["header", "network"])
    def test_fingerprints(self, function: Function, event_type: EventType, kind: str) -> None:
        _, trace = function.request(event_type, path="/waf", headers=(("X-A", "<script>alert(1)</script>"),))
        assert f"_dd.appsec.fp.http.{kind}" in trace.meta
        assert "_dd.appsec.fp.http.endpoint" in trace.meta

    def test_the_session_fingerprint(self, function: Function, event_type: EventType) -> None:
        response, _ = function.request(event_type, path="/session/new")
        cookie = response.headers["set-cookie"][0].partition(";")[0]
        _, trace = function.request(event_type, path="/user_login_success_event", cookies=(cookie, "a=b"))
        assert trace.meta["_dd.appsec.fp.session"].startswith("ssn-")
        assert trace.meta["usr.id"] == "system_tests_user"
        assert trace.meta["appsec.events.users.login.success.track"] == "true"
        assert trace.meta["appsec.events.users.login.success.metadata0"] == "value0"
        assert trace.meta["appsec.events.users.login.success.metadata1"] == "value1"

    def test_a_custom_event(self, function: Function, event_type: EventType) -> None:
        _, trace = function.request(event_type, path="/tag_value/tagged/200")
        assert trace.meta["appsec.events.system_tests_appsec_event.value"] == "tagged"
        assert trace.meta["appsec.events.system_tests_appsec_event.track"] == "true"

    def test_schemas(self, function: Function, event_type: EventType) -> None:
        path = "/tag_value/payload_in_response_body_001/200"
        headers = (("Content-Type", "application/x-www-form-urlencoded"),)
        _, trace = function.request(
            event_type,
            method="POST",
            path=path,
            query="X-option=v",
            headers=headers,
            body=b"test_int=1&test_str=a",
        )
        for part in ("req.headers", "req.query", "req.params", "req.body", "res.headers"):
            assert trace.schema(part), part
        assert trace.schema("req.body")[0].keys() == {"test_int", "test_str"}
        assert trace.schema("res.body") == [{"payload": [{"test_int": [8], "test_str": [8]}]}]
        assert "x-option" in trace.schema("res.headers")[0]

    def test_a_user(self, function: Function, event_type: EventType) -> None:
        response, trace = function.request(event_type, path="/users", query="user=someone")
        assert (response.status, trace.meta["usr.id"]) == (200, "someone")

    BLOCKED: ClassVar[dict[str, dict[str, Any]]] = {
        "header": {"headers": (("User-Agent", "BlockMe/v1"),)},
        "cookie": {"cookies": ("a=block-this-cookie",)},
        "query": {"query": "a=block-this-query"},
        "json": {
            "method": "POST",
            "headers": (("Content-Type", "application/json"),),
            "body": b'{"a":"block-this-body"}',
        },
        "form": {
            "method": "POST",
            "headers": (("Content-Type", "application/x-www-form-urlencoded"),),
            "body": b"a=block-this-body",
        },
        "path": {"path": "/block-this-path"},
        "path-parameter": {"path": "/params/block-this-parameter"},
        "status": {"path": "/tag_value/x/418"},
        "response-header": {"path": "/tag_value/x/200", "query": "content-language=kl-GL"},
        "user": {"path": "/users", "query": "user=blockedUser"},
    }

    @pytest.mark.parametrize("case", BLOCKED)
    def test_blocking(self, function: Function, event_type: EventType, case: str) -> None:
        response, trace = function.request(event_type, **self.BLOCKED[case])
        assert (response.status, trace.meta["http.status_code"]) == (403, "403")
        assert (trace.meta["appsec.blocked"], trace.meta["appsec.event"]) == ("true", "true")
        assert b"blocked" in response.body.lower()

    def test_redirecting(self, function: Function, event_type: EventType) -> None:
        response, trace = function.request(event_type, path="/waf", query="a=redirect-this")
        assert (response.status, response.headers["location"]) == (303, ["/you-have-been-blocked"])
        assert (trace.meta["appsec.blocked"], trace.meta["http.status_code"]) == ("true", "303")

    EXPLOITS: ClassVar[dict[str, tuple[str, str, str]]] = {
        "lfi": ("rasp-930-100", "file", "../etc/passwd"),
        "ssrf": ("rasp-934-100", "domain", "169.254.169.254"),
        "sqli": ("rasp-942-100", "user_id", "' OR 1 = 1 --"),
        "shi": ("rasp-932-100", "list_dir", "$(cat /etc/passwd 1>&2 ; echo .)"),
        "cmdi": ("rasp-932-110", "command", "/usr/bin/touch /tmp/passwd"),
    }

    @pytest.mark.parametrize("exploit", EXPLOITS)
    def test_exploit_prevention(self, function: Function, event_type: EventType, exploit: str) -> None:
        rule, name, value = self.EXPLOITS[exploit]
        headers = (("Content-Type", "application/json"),)
        argument: object = value.split() if exploit == "cmdi" else value
        body = json.dumps({name: argument}).encode()
        response, trace = function.request(
            event_type, method="POST", path=f"/rasp/{exploit}", headers=headers, body=body
        )
        assert rule in trace.rules
        assert (response.status, trace.meta["appsec.blocked"]) == (403, "true")
        assert trace.metrics["_dd.appsec.rasp.rule.eval"] == 1
        assert trace.function["meta_struct"]["_dd.stack"]["exploit"]

    @pytest.mark.parametrize("case", BLOCKED)
    def test_blocking_without_flask_spans(
        self, without_flask_spans: Function, event_type: EventType, case: str
    ) -> None:
        response, trace = without_flask_spans.request(event_type, **self.BLOCKED[case])
        # What the WAF then knows of a request is in the event alone: path parameters in REST's, cookies
        # anywhere but in HTTP API's, which has them in a list that datadog_lambda does not read.
        unseen = case == "path-parameter" and event_type.name != "apigateway-rest"
        if unseen or (case == "cookie" and event_type.name == "apigateway-http"):
            assert response.status == 200
        else:
            assert (response.status, trace.meta["appsec.blocked"]) == (403, "true")

    @pytest.mark.parametrize("exploit", ["lfi", "sqli"])
    def test_exploit_prevention_without_flask_spans(
        self, without_flask_spans: Function, event_type: EventType, exploit: str
    ) -> None:
        rule, name, value = self.EXPLOITS[exploit]
        headers = (("Content-Type", "application/json"),)
        body = json.dumps({name: value}).encode()
        response, trace = without_flask_spans.request(
            event_type, method="POST", path=f"/rasp/{exploit}", headers=headers, body=body
        )
        assert rule in trace.rules
        assert (response.status, trace.meta["appsec.blocked"]) == (403, "true")
