"""The endpoints where a user logs in or signs up."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest

from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES, EventType
from tests.support.function import Function, Functions

REST = EVENT_TYPES[0]
TEST, TESTUUID, UNKNOWN = "test", "testuuid", "invalidUser"
IDS = {TEST: "social-security-id", TESTUUID: "591dc126-8431-4d0f-9509-b23318d3dce4"}


def basic(name: str, password: str = "1234", **request: Any) -> dict[str, Any]:
    """A login by the Authorization header."""
    value = b64encode(f"{name}:{password}".encode()).decode()
    return {"path": "/login", "headers": (("Authorization", f"Basic {value}"),), **request}


def form(name: str, password: str = "1234", **request: Any) -> dict[str, Any]:
    """A login by a form, or a sign-up with another path."""
    return {
        "method": "POST",
        "path": "/login",
        "headers": (("Content-Type", "application/x-www-form-urlencoded"),),
        "body": f"username={name}&password={password}".encode(),
        **request,
    }


BOTH = pytest.mark.parametrize("login", [form, basic])


@BOTH
@pytest.mark.parametrize("name", [TEST, TESTUUID])
def test_login(handled: Handled, login: Any, name: str) -> None:
    response = handled(**login(name))
    assert (response.status, response.body, response.headers["content-type"]) == (200, b"OK", ["text/plain"])
    (cookie,) = response.headers["set-cookie"]
    assert cookie.startswith("weblog_session=")
    assert cookie.endswith("; HttpOnly; Path=/")


@BOTH
@pytest.mark.parametrize(("name", "password"), [(UNKNOWN, "1234"), (TEST, "12345"), (TEST, "")])
def test_a_failed_login(handled: Handled, login: Any, name: str, password: str) -> None:
    response = handled(**login(name, password))
    assert (response.status, response.body) == (401, b"login failure")
    assert "set-cookie" not in response.headers


def test_the_sdk_decides_the_status_where_it_reports_a_success(handled: Handled) -> None:
    response = handled(**basic(UNKNOWN, query="sdk_event=success&sdk_user=someone"))
    assert (response.status, response.body) == (200, b"OK")
    assert "set-cookie" not in response.headers
    assert handled(**basic(TEST, query="sdk_event=failure&sdk_user=someone")).status == 200
    assert handled(**basic(UNKNOWN, query="sdk_event=failure&sdk_user=someone")).status == 401


REQUIRED = "is required: a string, in the query or in a form, JSON or XML body\n"


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        ({"path": "/login"}, f"argument username {REQUIRED}"),
        (
            {"path": "/login", "headers": (("Authorization", "Basic !"),)},
            "the header Authorization must be `Basic` and the base64 of `name:password`\n",
        ),
        (
            {"path": "/login", "headers": (("Authorization", "Bearer x"),)},
            "the header Authorization must be of the type Basic, it is 'bearer'\n",
        ),
        (basic(TEST, query="sdk_event=success"), f"argument sdk_user {REQUIRED}"),
        (
            basic(TEST, query="sdk_event=maybe"),
            "argument sdk_event must be one of success, failure; it is 'maybe'\n",
        ),
        (
            basic(TEST, query="sdk_trigger=never"),
            "argument sdk_trigger must be one of before, after; it is 'never'\n",
        ),
        (
            basic(TEST, query="sdk_event=failure&sdk_user=u&sdk_user_exists=perhaps"),
            "argument sdk_user_exists must be true or false; it is 'perhaps'\n",
        ),
        ({"path": "/signup", "method": "POST"}, f"argument username {REQUIRED}"),
        (form("new", path="/signup", query="sdk_event=signup"), f"argument sdk_user {REQUIRED}"),
        (
            form("new", path="/signup", query="sdk_event=success"),
            "argument sdk_event must be one of signup; it is 'success'\n",
        ),
    ],
)
def test_what_is_not_valid(handled: Handled, request_: dict[str, Any], problem: str) -> None:
    response = handled(**request_)
    assert (response.status, response.body.decode()) == (400, problem)


def test_signup(handled: Handled) -> None:
    response = handled(**form("testnew", path="/signup"))
    assert (response.status, response.body) == (200, b"OK")
    assert "set-cookie" not in response.headers
    assert handled(**form("testnew")).status == 401, "no user is kept"


def test_a_session_cookie_that_is_not_ours(handled: Handled) -> None:
    assert handled("/", cookies=("weblog_session=something",)).status == 200


def events(meta: dict[str, str], kind: str) -> dict[str, str]:
    """What the tags say of a login that was a `success` or a `failure`, and of the user."""
    own = (f"appsec.events.users.login.{kind}.", f"_dd.appsec.events.users.login.{kind}.auto")
    return {tag: value for tag, value in meta.items() if tag.startswith((*own, "_dd.appsec.usr", "usr."))}


@pytest.mark.emulator
class TestAutomatedEvents:
    """The events that the tracer gets of each login, on each event type."""

    @BOTH
    def test_success(self, functions: Functions, event_type: EventType, login: Any) -> None:
        response, trace = functions().request(event_type, **login(TEST))
        assert response.status == 200
        assert events(trace.meta, "success") == {
            "appsec.events.users.login.success.track": "true",
            "appsec.events.users.login.success.usr.login": TEST,
            "_dd.appsec.events.users.login.success.auto.mode": "identification",
            "_dd.appsec.usr.login": TEST,
            "_dd.appsec.usr.id": IDS[TEST],
            "usr.id": IDS[TEST],
        }
        assert trace.meta["_dd.appsec.user.collection_mode"] == "identification"
        assert trace.spans[0]["metrics"]["_sampling_priority_v1"] == 2

    def test_the_other_user(self, functions: Functions) -> None:
        _, trace = functions().request(REST, **basic(TESTUUID))
        assert trace.meta["usr.id"] == IDS[TESTUUID]

    @BOTH
    @pytest.mark.parametrize("name", [TEST, UNKNOWN])
    def test_failure(self, functions: Functions, event_type: EventType, login: Any, name: str) -> None:
        response, trace = functions().request(event_type, **login(name, "wrong"))
        assert response.status == 401
        user_id = IDS.get(name, name)
        assert events(trace.meta, "failure") == {
            "appsec.events.users.login.failure.track": "true",
            "appsec.events.users.login.failure.usr.login": name,
            "appsec.events.users.login.failure.login": name,
            "appsec.events.users.login.failure.usr.id": user_id,
            "appsec.events.users.login.failure.usr.exists": "true" if name in IDS else "false",
            "_dd.appsec.events.users.login.failure.auto.mode": "identification",
            "_dd.appsec.usr.login": name,
            "_dd.appsec.usr.id": user_id,
        }
        assert trace.meta["_dd.appsec.user.collection_mode"] == "identification"
        assert trace.spans[0]["metrics"]["_sampling_priority_v1"] == 2


def anonymous(value: str) -> str:
    """The tracer's pseudonym of a value: the first half of its SHA-256."""
    return f"anon_{sha256(value.encode()).hexdigest()[:32]}"


@pytest.mark.emulator
class TestModes:
    """`DD_APPSEC_AUTO_USER_INSTRUMENTATION_MODE`, beside `identification`, which is the default."""

    @pytest.fixture
    def anonymizing(self, functions: Functions) -> Function:
        """The function that anonymizes."""
        return functions(DD_APPSEC_AUTO_USER_INSTRUMENTATION_MODE="anonymization")

    @pytest.fixture(
        params=[
            {"DD_APPSEC_AUTO_USER_INSTRUMENTATION_MODE": "disabled"},
            {"DD_APPSEC_AUTOMATED_USER_EVENTS_TRACKING_ENABLED": "false"},
        ],
        ids=lambda settings: "-".join(settings),
    )
    def disabled(self, functions: Functions, request: pytest.FixtureRequest) -> Function:
        """The function without automated events."""
        return functions(**request.param)

    @BOTH
    def test_anonymization_of_a_success(self, anonymizing: Function, login: Any) -> None:
        _, trace = anonymizing.request(REST, **login(TEST))
        assert events(trace.meta, "success") == {
            "appsec.events.users.login.success.track": "true",
            "appsec.events.users.login.success.usr.login": anonymous(TEST),
            "_dd.appsec.events.users.login.success.auto.mode": "anonymization",
            "_dd.appsec.usr.login": anonymous(TEST),
            "_dd.appsec.usr.id": anonymous(IDS[TEST]),
            "usr.id": anonymous(IDS[TEST]),
        }

    @BOTH
    def test_anonymization_of_a_failure(self, anonymizing: Function, login: Any) -> None:
        _, trace = anonymizing.request(REST, **login(TEST, "wrong"))
        meta = events(trace.meta, "failure")
        assert meta["appsec.events.users.login.failure.usr.login"] == anonymous(TEST)
        assert meta["appsec.events.users.login.failure.usr.id"] == anonymous(IDS[TEST])
        assert meta["_dd.appsec.usr.login"] == anonymous(TEST)
        assert meta["_dd.appsec.usr.id"] == anonymous(IDS[TEST])
        assert meta["_dd.appsec.events.users.login.failure.auto.mode"] == "anonymization"

    def test_the_sdk_is_not_anonymized(self, anonymizing: Function) -> None:
        _, trace = anonymizing.request(REST, **basic(TEST, query="sdk_event=success&sdk_user=sdkUser"))
        assert trace.meta["appsec.events.users.login.success.usr.login"] == "sdkUser"
        assert trace.meta["usr.id"] == "sdkUser"
        assert trace.meta["_dd.appsec.usr.login"] == anonymous(TEST)
        assert trace.meta["_dd.appsec.usr.id"] == anonymous(IDS[TEST])

    def test_a_session_is_anonymized(self, anonymizing: Function) -> None:
        response, _ = anonymizing.request(REST, **basic(TEST))
        (cookie,) = response.headers["set-cookie"]
        _, trace = anonymizing.request(REST, path="/waf", cookies=(cookie.partition(";")[0],))
        assert trace.meta["usr.id"] == anonymous(IDS[TEST])

    @pytest.mark.parametrize("password", ["1234", "wrong"])
    def test_disabled(self, disabled: Function, password: str) -> None:
        response, trace = disabled.request(REST, **basic(TEST, password))
        assert response.status == (200 if password == "1234" else 401)
        assert not events(trace.meta, "success")
        assert not events(trace.meta, "failure")

    def test_disabled_leaves_the_sdk(self, disabled: Function) -> None:
        _, trace = disabled.request(REST, **basic(TEST, query="sdk_event=success&sdk_user=sdkUser"))
        assert trace.meta["usr.id"] == "sdkUser"
        assert trace.meta["_dd.appsec.events.users.login.success.sdk"] == "true"
        assert "_dd.appsec.usr.id" not in trace.meta


TRIGGERS = pytest.mark.parametrize("trigger", ["after", "before"])


@pytest.mark.emulator
class TestSdk:
    """The events through the SDK, beside the automated ones."""

    @BOTH
    @TRIGGERS
    def test_success(self, functions: Functions, login: Any, trigger: str) -> None:
        query = f"sdk_trigger={trigger}&sdk_event=success&sdk_user=sdkUser&sdk_mail=sdk@example.com"
        response, trace = functions().request(REST, **login(TEST, query=query))
        assert response.status == 200
        assert trace.meta["_dd.appsec.events.users.login.success.sdk"] == "true"
        assert trace.meta["appsec.events.users.login.success.track"] == "true"
        assert trace.meta["_dd.appsec.usr.login"] == TEST
        assert trace.meta["_dd.appsec.usr.id"] == IDS[TEST]
        assert trace.meta["usr.email"] == "sdk@example.com"
        assert trace.meta["appsec.events.users.login.success.usr.login"] == "sdkUser"
        assert trace.meta["usr.id"] == "sdkUser"
        assert trace.meta["_dd.appsec.user.collection_mode"] == "sdk"

    @BOTH
    @TRIGGERS
    def test_failure(self, functions: Functions, login: Any, trigger: str) -> None:
        query = f"sdk_trigger={trigger}&sdk_event=failure&sdk_user=sdkUser&sdk_user_exists=true"
        response, trace = functions().request(REST, **login(UNKNOWN, query=query))
        assert response.status == 401
        assert trace.meta["_dd.appsec.events.users.login.failure.sdk"] == "true"
        assert trace.meta["_dd.appsec.usr.login"] == UNKNOWN
        assert trace.meta["appsec.events.users.login.failure.usr.login"] == "sdkUser"
        assert trace.meta["appsec.events.users.login.failure.usr.id"] == "sdkUser"
        assert trace.meta["appsec.events.users.login.failure.usr.exists"] == "true"

    @pytest.mark.xfail(strict=True, reason="An automated event counts as one of the SDK")
    def test_an_automated_event_is_not_the_sdks(self, functions: Functions) -> None:
        _, trace = functions().request(REST, **basic(TEST))
        assert "_dd.appsec.events.users.login.success.sdk" not in trace.meta

    def test_a_blocked_user(self, functions: Functions, event_type: EventType) -> None:
        query = "sdk_event=success&sdk_user=blockedUser"
        response, trace = functions.blocking().request(event_type, **basic(TEST, query=query))
        assert (response.status, trace.meta["appsec.blocked"]) == (403, "true")
        assert "block-user" in trace.rules

    def test_signup(self, functions: Functions) -> None:
        _, trace = functions().request(REST, **form("testnew", path="/signup"))
        assert {tag: value for tag, value in trace.meta.items() if "signup" in tag or "usr" in tag} == {
            "appsec.events.users.signup.track": "true",
            "appsec.events.users.signup.track.sdk": "true",
            "appsec.events.users.signup.usr.login": "testnew",
            "appsec.events.users.signup.usr.id": "new-user",
            "_dd.appsec.usr.login": "testnew",
            "_dd.appsec.usr.id": "new-user",
            "usr.id": "new-user",
        }

    def test_signup_of_the_callers_choice(self, functions: Functions) -> None:
        query = "sdk_event=signup&sdk_user=sdkUser&sdk_mail=sdk@example.com"
        _, trace = functions().request(REST, **form("testnew", path="/signup", query=query))
        assert trace.meta["appsec.events.users.signup.usr.login"] == "sdkUser"
        assert trace.meta["appsec.events.users.signup.usr.id"] == "sdkUser"
        assert trace.meta["appsec.events.signup_sdk.usr.email"] == "sdk@example.com"


@pytest.mark.emulator
def test_without_appsec(functions: Functions) -> None:
    function = functions({"DD_APPSEC_ENABLED": "false"})
    response, _ = function.request(REST, **form(TEST, query="sdk_event=success&sdk_user=sdkUser"))
    assert response.status == 200
    (cookie,) = response.headers["set-cookie"]
    assert function.request(REST, path="/waf", cookies=(cookie.partition(";")[0],))[0].status == 200
    assert function.request(REST, **basic(TEST, "wrong"))[0].status == 401
    assert function.request(REST, **form("testnew", path="/signup"))[0].status == 200


@pytest.mark.emulator
def test_later_requests_of_the_session(functions: Functions, event_type: EventType) -> None:
    function = functions()
    response, _ = function.request(event_type, **form(TESTUUID))
    (cookie,) = response.headers["set-cookie"]
    response, trace = function.request(event_type, path="/waf", cookies=("a=b", cookie.partition(";")[0]))
    assert response.status == 200
    assert trace.meta["usr.id"] == trace.meta["_dd.appsec.usr.id"] == IDS[TESTUUID]
    assert trace.meta["_dd.appsec.user.collection_mode"] == "identification"
    _, trace = function.request(event_type, path="/waf", cookies=("weblog_session=forged",))
    assert "usr.id" not in trace.meta
    _, trace = function.request(event_type, path="/waf")
    assert "usr.id" not in trace.meta
