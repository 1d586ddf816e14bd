"""The downstream calls: of a real server as a test scenario brings it, and back into the weblog itself."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.capabilities.downstream import call
from scripts.internal_server import InternalServer
from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES, EventType
from tests.support.function import Function
from tests.support.processes import free_port

REST = EVENT_TYPES[0]

CALLS = [
    "/external_request",
    "/external_request/redirect",
    "/external_request/body_limit/invalid_content_type",
]


CONTEXT = (
    ("Traceparent", "00-11111111111111110000000000000002-000000000000000a-01"),
    ("Tracestate", "dd=s:2;o:rum,foo=1"),
    ("Baggage", "user.id=alice,k%20ey=v%2Cb"),
)


@pytest.fixture
def client(services_client: FlaskClient) -> FlaskClient:
    """A client of the weblog that finds the internal server."""
    return services_client


class TestExternalRequest:
    """Calls of the internal server."""

    def test_a_plain_call(self, client: FlaskClient) -> None:
        answer = client.get("/external_request").get_json()
        assert answer.keys() == {"status", "headers", "payload"}
        assert (answer["status"], answer["payload"]) == (200, {"status": "OK", "payload": None})
        assert answer["headers"]["Content-Type"] == "application/json"

    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "TRACE"])
    @pytest.mark.parametrize("path", CALLS[:1] + CALLS[2:])
    def test_methods_and_headers(
        self, client: FlaskClient, internal_server: InternalServer, method: str, path: str
    ) -> None:
        assert client.open(f"{path}?X-One=1", method=method).status_code == 200
        seen = internal_server.seen[-1]
        assert (seen.method, seen.headers["X-One"]) == (method, "1")

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    def test_a_body_and_its_type_are_passed_on(
        self, client: FlaskClient, internal_server: InternalServer, method: str
    ) -> None:
        parts: dict[str, Any] = {"data": b'{"a": 1}', "content_type": "application/json"}
        answer = client.open("/external_request", method=method, **parts).get_json()
        assert answer["payload"] == {"status": "OK", "payload": {"a": 1}}
        assert internal_server.seen[-1].headers["Content-Type"] == "application/json"

    def test_a_status_and_more_of_the_url(self, client: FlaskClient) -> None:
        response = client.get("/external_request?status=418&url_extra=?X-Two=2")
        assert (response.status_code, response.get_json()["status"]) == (200, 418)
        assert response.get_json()["headers"]["X-Two"] == "2"

    @pytest.mark.parametrize("redirects", [0, 3])
    def test_redirects(self, client: FlaskClient, internal_server: InternalServer, redirects: int) -> None:
        before = len(internal_server.seen)
        answer = client.get(f"/external_request/redirect?totalRedirects={redirects}&X-One=1").get_json()
        assert (answer["status"], answer["payload"]["status"]) == (200, "OK")
        assert [seen.headers["X-One"] for seen in internal_server.seen[before:]] == ["1"] * (redirects + 2)

    @pytest.mark.parametrize("redirects", ["x", "-1", "21"])
    def test_a_wrong_number_of_redirects(self, client: FlaskClient, redirects: str) -> None:
        response = client.get(f"/external_request/redirect?totalRedirects={redirects}")
        assert response.status_code == 400
        assert response.text.startswith("argument totalRedirects must be a whole number from 0 to 20")

    def test_body_limits(self, client: FlaskClient) -> None:
        path = "/external_request/body_limit"
        missing = client.get(f"{path}/content_length_missing").get_json()
        assert missing["payload"] == {"payload": "of unknown length"}
        assert "Content-Length" not in missing["headers"]
        too_big = client.get(f"{path}/content_length_too_big").get_json()
        assert too_big["payload"] is None, "a Lambda function could not answer with so much"
        assert int(too_big["headers"]["Content-Length"]) > 10_000_000
        wrong_type = client.get(f"{path}/invalid_content_type").get_json()
        assert (wrong_type["status"], "JSONDecodeError" in wrong_type["error"]) == (200, True)

    def test_an_unknown_body_limit(self, client: FlaskClient) -> None:
        response = client.get("/external_request/body_limit/other")
        assert response.status_code == 404
        assert response.get_json() == {
            "error": "failure_reason must be one of invalid_content_type, content_length_missing, "
            "content_length_too_big; it is 'other'"
        }

    @pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "http://[/", "http://a b/"])
    def test_no_answer(self, url: str) -> None:
        url = url.format(port=free_port())
        answer = call("GET", url, {})
        assert answer["status"] is None
        assert url in answer["error"]

    @pytest.mark.parametrize("header", ["X-One=a%0d%0ab", "X%3aOne=1", "X-One=%E2%98%83", "=1"])
    def test_a_header_that_http_does_not_have(self, client: FlaskClient, header: str) -> None:
        answer = client.get(f"/external_request?{header}").get_json()
        assert (answer["status"], " cannot be called: " in answer["error"]) == (None, True)

    def test_through_every_front_door_without_a_server(self, handled: Handled) -> None:
        # The name is one that exists in a scenario's network only.
        for path in CALLS:
            answer = handled(path).json
            assert answer["status"] is None
            assert answer["error"].startswith("no answer from http://internal_server:8089/")
            assert answer["error"].count("internal_server") == 3, "it says more than where, and why not"
            assert answer["error"].endswith(
                "; the setting INTERNAL_SERVER_URL says where the internal server is,"
                " ./run.sh --with internal-server runs one"
            )


class TestCallsBack:
    """Calls of the weblog itself, which are answered in the same process."""

    @pytest.mark.parametrize("origin", ["http://localhost:7777", "http://weblog:7777"])
    def test_a_distant_call(self, handled: Handled, origin: str) -> None:
        url = f"{origin}/headers"
        answer = handled("/make_distant_call", query=f"url={url}").json
        assert (answer["url"], answer["status_code"]) == (url, 200)
        assert answer["request_headers"]["User-Agent"].startswith("python-requests/")
        assert answer["response_headers"]["Content-Language"] == "en-US"

    @pytest.mark.parametrize("path", ["/requestdownstream", "/vulnerablerequestdownstream"])
    @pytest.mark.parametrize("end", ["", "/"])
    @pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
    def test_request_downstream(self, handled: Handled, path: str, end: str, method: str) -> None:
        response = handled(path + end, method=method)
        assert response.status == 200
        assert response.json["Host"] == "localhost:7777"

    @pytest.mark.parametrize("path", ["/returnheaders", "/returnheaders/"])
    @pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
    def test_return_headers(self, handled: Handled, path: str, method: str) -> None:
        response = handled(path, method=method, headers=(("X-One", "1"),))
        assert (response.status, response.json["X-One"]) == (200, "1")

    def test_a_call_that_calls_again(self, handled: Handled) -> None:
        inner = "http://localhost:7777/make_distant_call?url=http://weblog:7777/"
        answer = handled("/make_distant_call", query=f"url={inner.replace('?', '%3F')}").json
        assert (answer["url"], answer["status_code"]) == (inner, 200)

    def test_calls_that_fail_do_not_stop_the_next(self, handled: Handled) -> None:
        for path, status in [("/nowhere", 404), ("/debugger/exceptionreplay/simple", 500), ("/", 200)]:
            answer = handled("/make_distant_call", query=f"url=http://weblog:7777{path}").json
            assert answer["status_code"] == status

    def test_one_server_on_the_loopback_is_all_that_stays(self, handled: Handled) -> None:
        from app.handler import app

        handled("/requestdownstream")
        port, threads = app.extensions["calls_back"], calls_back_threads()
        for path in ["/requestdownstream", "/make_distant_call"] * 2:
            handled(path, query="url=http://weblog:7777/nowhere")
        assert app.extensions["calls_back"] == port
        assert listening_on(port) == ["127.0.0.1"]
        assert calls_back_threads() == threads

    @pytest.mark.parametrize(
        ("url", "problem"),
        [
            ("nonsense", "No scheme supplied"),
            ("ftp://weblog:7777/", "No connection adapters"),
            ("http://[/", ""),
        ],
    )
    def test_a_url_that_cannot_be_called(self, handled: Handled, url: str, problem: str) -> None:
        response = handled("/make_distant_call", query=f"url={url}")
        assert response.status == 400
        assert response.body.decode().startswith(f"argument url: {url} cannot be called: ")
        assert problem in response.body.decode()

    def test_no_url(self, handled: Handled) -> None:
        response = handled("/make_distant_call")
        assert response.status == 400
        assert response.body.startswith(b"argument url is required")

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
    def test_other_ports_are_other_servers(self, handled: Handled, host: str) -> None:
        url = f"http://{host}:{free_port()}/"
        response = handled("/make_distant_call", query=f"url={url}")
        assert response.status == 502
        assert response.body.decode().startswith(f"no answer from {url}: ")


class TestInferredProxy:
    """Statuses; what the tracer makes of the headers is tested below."""

    def test_statuses(self, handled: Handled) -> None:
        response = handled("/inferred-proxy/span-creation", query="status_code=418")
        assert (response.status, response.body) == (418, b"ok")
        assert handled("/inferred-proxy/span-creation").status == 200
        assert handled("/inferred-proxy/span-creation", query="status_code=99").status == 400


@pytest.mark.emulator
class TestSpans:
    """What the tracer sent."""

    def test_an_external_request(self, with_services: Function, internal_server: InternalServer) -> None:
        response, trace = with_services.request(REST, path="/external_request")
        assert response.json["status"] == 200
        client = trace.one("requests.request")
        assert client["meta"]["http.url"] == f"{internal_server.url}/mirror/200"
        assert trace.metrics["_dd.appsec.downstream_request"] == 1

    def test_redirects(self, with_services: Function) -> None:
        _, trace = with_services.request(REST, path="/external_request/redirect", query="totalRedirects=2")
        assert trace.metrics["_dd.appsec.downstream_request"] == 4
        assert len(trace.named("requests.request")) == 4

    def test_a_body_limit(self, with_services: Function) -> None:
        path = "/external_request/body_limit/content_length_too_big"
        response, trace = with_services.request(REST, path=path)
        assert response.json["payload"] is None
        assert trace.metrics["_dd.appsec.downstream_request"] == 1
        assert trace.one("requests.request")["meta"]["http.status_code"] == "200"

    @pytest.mark.xfail(
        strict=True, reason="No word of ignored bodies: this ddtrace reads every body, and has no such tags"
    )
    def test_an_ignored_body(self, with_services: Function) -> None:
        _, trace = with_services.request(REST, path="/external_request/body_limit/content_length_missing")
        assert [name for name in trace.metrics if "response_body_ignored" in name]

    @pytest.mark.parametrize("origin", ["http://localhost:7777", "http://weblog:7777"])
    def test_a_call_back(self, with_services: Function, event_type: EventType, origin: str) -> None:
        invocations = with_services.process.output.count("INVOKE START")
        url = f"{origin}/headers?hi=monkey"
        response, trace = with_services.request(
            event_type, path="/make_distant_call", query=f"url={url.replace('?', '%3F')}"
        )
        caller, called = sorted(trace.named("flask.request"), key=lambda span: span["start"])
        client = trace.one("requests.request")
        assert caller["resource"] == "GET /make_distant_call"
        # The URL is the one that was called, though the server is elsewhere.
        assert client["meta"]["http.url"] == url
        assert (called["meta"]["http.url"], called["parent_id"]) == (url, client["span_id"])
        sent = response.json["request_headers"]
        assert sent["x-datadog-parent-id"] == str(client["span_id"])
        assert sent["traceparent"].split("-")[2] == f"{client['span_id']:016x}"
        assert {span["trace_id"] for span in trace.spans} == {int(sent["x-datadog-trace-id"])}
        assert len(trace.named("aws.lambda")) == 1
        assert with_services.process.output.count("INVOKE START") == invocations + 1

    def test_a_call_back_that_fails(self, with_services: Function, event_type: EventType) -> None:
        query = "url=http://weblog:7777/debugger/exceptionreplay/simple"
        response, trace = with_services.request(event_type, path="/make_distant_call", query=query)
        assert response.json["status_code"] == 500
        _, called = sorted(trace.named("flask.request"), key=lambda span: span["start"])
        assert (called["error"], called["meta"]["error.message"]) == (1, "simple exception")
        assert not trace.function.get("error")
        assert with_services.request(event_type, path="/requestdownstream")[0].status == 200

    def test_the_context_of_the_client_is_passed_on(
        self, with_services: Function, event_type: EventType
    ) -> None:
        response, _ = with_services.request(event_type, path="/returnheaders", headers=CONTEXT)
        assert {*CONTEXT} <= {*response.json.items()}, "the app does not see what the client sent"
        response, trace = with_services.request(event_type, path="/requestdownstream", headers=CONTEXT)
        received = response.json
        assert received["Traceparent"].startswith("00-11111111111111110000000000000002-")
        assert received["X-Datadog-Trace-Id"] == "2"
        assert received["X-Datadog-Sampling-Priority"] == "2"
        assert {span["trace_id"] for span in trace.spans} == {2}

    @pytest.mark.xfail(strict=True, reason="D6: datadog_lambda passes on ids and priority, and nothing else")
    @pytest.mark.parametrize(
        ("name", "part"), [("Baggage", "user.id=alice"), ("Tracestate", "foo=1"), ("X-Datadog-Origin", "rum")]
    )
    def test_all_of_the_context_is_passed_on(
        self, with_services: Function, event_type: EventType, name: str, part: str
    ) -> None:
        response, _ = with_services.request(event_type, path="/requestdownstream", headers=CONTEXT)
        assert part in response.json.get(name, "")

    def test_an_inferred_proxy(self, with_services: Function) -> None:
        headers = (
            ("x-dd-proxy", "aws-apigateway"),
            ("x-dd-proxy-request-time-ms", "1736973768000"),
            ("x-dd-proxy-path", "/api/data"),
            ("x-dd-proxy-httpmethod", "GET"),
            ("x-dd-proxy-domain-name", "system-tests-api-gateway.com"),
            ("x-dd-proxy-stage", "staging"),
        )
        _, trace = with_services.request(
            REST,
            path="/inferred-proxy/span-creation",
            headers=headers,
            # The proxy's span, with a service of its own, begins at the time in its header.
            breaks=["inside-parent", "start-of-now", "appsec-context"],
        )
        inferred = [span for span in trace.named("aws.apigateway") if "component" in span["meta"]]
        assert len(inferred) == 1
        assert inferred[0]["meta"]["component"] == "aws-apigateway"


def calls_back_threads() -> list[str]:
    """The threads of this process, without those that answer a request at this moment."""
    return sorted(thread.name for thread in threading.enumerate() if "process_request" not in thread.name)


def listening_on(port: int) -> list[str]:
    """The addresses on which somebody on this machine listens on that port."""
    found = []
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        address, state = line.split()[1], line.split()[3]
        host, _, number = address.partition(":")
        if int(number, 16) == port and state == "0A":
            found.append(".".join(str(part) for part in reversed(bytes.fromhex(host))))
    return found
