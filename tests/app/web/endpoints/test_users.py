"""The endpoints that tell the tracer who the user is."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES, EventType
from tests.support.function import Functions

REST = EVENT_TYPES[0]
STRING = "a string, in the query or in a form, JSON or XML body\n"
FIELDS = ("id", "email", "name", "session_id", "role", "scope")


@pytest.mark.parametrize(
    "target",
    [
        "/users?user=someone",
        "/user_login_success_event",
        "/user_login_failure_event",
        "/user_login_failure_event?event_user_id=u&event_user_exists=false",
        "/custom_event",
        "/custom_event?event_name=mine",
        "/identify",
        "/identify-propagate",
    ],
)
def test_an_answer(handled: Handled, target: str) -> None:
    path, _, query = target.partition("?")
    response = handled(path, query=query)
    assert (response.status, response.body, response.headers["content-type"]) == (200, b"OK", ["text/plain"])


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("/users", f"argument user is required: {STRING}"),
        (
            "/user_login_failure_event?event_user_exists=perhaps",
            "argument event_user_exists must be true or false; it is 'perhaps'\n",
        ),
    ],
)
def test_what_is_not_valid(handled: Handled, target: str, problem: str) -> None:
    path, _, query = target.partition("?")
    response = handled(path, query=query)
    assert (response.status, response.body.decode()) == (400, problem)


def v2(kind: str, document: object) -> dict[str, Any]:
    """A request to the endpoint of the second version of the SDK."""
    return {
        "method": "POST",
        "path": f"/user_login_{kind}_event_v2",
        "headers": (("Content-Type", "application/json"),),
        "body": json.dumps(document).encode(),
    }


@pytest.mark.parametrize("kind", ["success", "failure"])
def test_v2(handled: Handled, kind: str) -> None:
    response = handled(**v2(kind, {"login": "l"}))
    assert (response.status, response.body, response.headers["content-type"]) == (200, b"OK", ["text/plain"])


@pytest.mark.parametrize(
    ("kind", "document", "problem"),
    [
        ("success", [], f"argument login is required: {STRING}"),
        ("success", {}, f"argument login is required: {STRING}"),
        ("failure", {"login": 1}, f"argument login must be {STRING}"),
        ("success", {"login": "l", "user_id": 1}, f"argument user_id must be {STRING}"),
        ("success", {"login": "l", "metadata": "m"}, "argument metadata must be an object, in a JSON body\n"),
        ("failure", {"login": "l", "exists": "x"}, "argument exists must be true or false; it is 'x'\n"),
    ],
)
def test_v2_of_what_is_not_valid(handled: Handled, kind: str, document: object, problem: str) -> None:
    response = handled(**v2(kind, document))
    assert (response.status, response.body.decode()) == (400, problem)


@pytest.mark.parametrize("kind", ["success", "failure"])
def test_a_tracer_without_the_sdk(handled: Handled, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # What an older tracer lacks cannot be taken out of the installed one in any other way.
    import ddtrace.appsec

    monkeypatch.delattr(ddtrace.appsec, "track_user_sdk", raising=False)
    monkeypatch.setitem(sys.modules, "ddtrace.appsec.track_user_sdk", None)
    response = handled(**v2(kind, {"login": "l"}))
    assert (response.status, response.body) == (420, b"KO")


@pytest.mark.emulator
class TestSpans:
    """What the tracer sent, for a REST event."""

    def test_users(self, functions: Functions) -> None:
        _, trace = functions().request(REST, path="/users", query="user=someone")
        assert trace.meta["usr.id"] == "someone"

    def test_identify(self, functions: Functions) -> None:
        function = functions(DD_TRACE_MANAGED_SERVICES="false")
        _, trace = function.request(REST, path="/identify")
        assert {field: trace.meta[f"usr.{field}"] for field in FIELDS} == {
            field: f"usr.{field}" for field in FIELDS
        }
        assert "_dd.p.usr.id" not in trace.meta
        _, trace = function.request(REST, path="/identify-propagate")
        assert trace.meta["_dd.p.usr.id"] == "dXNyLmlk"

    def test_identify_with_an_inferred_span(self, functions: Functions) -> None:
        # The root span has all of it, and the span that stands for the request only the id.
        _, trace = functions().request(REST, path="/identify-propagate")
        root = trace.one("aws.apigateway")["meta"]
        assert {root[f"usr.{field}"] for field in FIELDS} == {f"usr.{field}" for field in FIELDS}
        assert root["_dd.p.usr.id"] == "dXNyLmlk"
        assert {tag for tag in trace.meta if tag.startswith("usr.")} == {"usr.id"}

    def test_a_failed_login(self, functions: Functions) -> None:
        _, trace = functions().request(REST, path="/user_login_failure_event")
        failure = "appsec.events.users.login.failure"
        assert {tag: value for tag, value in trace.meta.items() if tag.startswith(f"{failure}.")} == {
            f"{failure}.track": "true",
            f"{failure}.usr.id": "system_tests_user",
            f"{failure}.usr.exists": "true",
            f"{failure}.metadata0": "value0",
            f"{failure}.metadata1": "value1",
        }
        query = "event_user_id=u&event_user_exists=false"
        _, trace = functions().request(REST, path="/user_login_failure_event", query=query)
        assert trace.meta[f"{failure}.usr.id"] == "u"
        assert trace.meta[f"{failure}.usr.exists"] == "false"

    @pytest.mark.parametrize(("query", "name"), [("", "system_tests_event"), ("event_name=mine", "mine")])
    def test_a_custom_event(self, functions: Functions, query: str, name: str) -> None:
        _, trace = functions().request(REST, path="/custom_event", query=query)
        prefix = f"appsec.events.{name}"
        assert {tag: value for tag, value in trace.meta.items() if tag.startswith(prefix)} == {
            f"{prefix}.track": "true",
            f"{prefix}.metadata0": "value0",
            f"{prefix}.metadata1": "value1",
        }

    def test_v2_success(self, functions: Functions) -> None:
        document = {"login": "l", "user_id": "u", "metadata": {"a": {"b": [1, True]}}}
        _, trace = functions().request(REST, **v2("success", document))
        success = "appsec.events.users.login.success"
        assert {tag: value for tag, value in trace.meta.items() if tag.startswith(success)} == {
            f"{success}.track": "true",
            f"{success}.usr.login": "l",
            f"{success}.usr.id": "u",
            f"{success}.a.b.0": "1",
            f"{success}.a.b.1": "true",
        }
        assert trace.meta["_dd.appsec.events.users.login.success.sdk"] == "true"
        assert trace.meta["_dd.appsec.user.collection_mode"] == "sdk"
        assert trace.meta["usr.id"] == "u"

    def test_v2_failure(self, functions: Functions) -> None:
        document = {"login": "l", "exists": "false", "metadata": {"a": "b"}}
        _, trace = functions().request(REST, **v2("failure", document))
        failure = "appsec.events.users.login.failure"
        assert {tag: value for tag, value in trace.meta.items() if tag.startswith(failure)} == {
            f"{failure}.track": "true",
            f"{failure}.login": "l",
            f"{failure}.usr.login": "l",
            f"{failure}.usr.exists": "false",
            f"{failure}.a": "b",
        }
        assert trace.meta["_dd.appsec.events.users.login.failure.sdk"] == "true"

    @pytest.mark.parametrize("kind", ["success", "failure"])
    def test_without_appsec_the_event_is_where_the_user_agent_is(
        self, functions: Functions, event_type: EventType, kind: str
    ) -> None:
        function = functions({"DD_APPSEC_ENABLED": "false"})
        _, trace = function.request(event_type, **v2(kind, {"login": "l", "user_id": "u"}))
        assert trace.meta[f"appsec.events.users.login.{kind}.usr.login"] == "l"
        assert trace.meta["http.useragent"] == "test/1.0"
        assert "http.useragent" not in trace.one("flask.request")["meta"]

    def test_v2_of_a_blocked_user(self, functions: Functions, event_type: EventType) -> None:
        document = {"login": "l", "user_id": "blockedUser"}
        response, trace = functions.blocking().request(event_type, **v2("success", document))
        assert (response.status, trace.meta["appsec.blocked"]) == (403, "true")
