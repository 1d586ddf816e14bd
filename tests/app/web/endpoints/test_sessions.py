"""The endpoints that feed the tracer's session fingerprint."""

from __future__ import annotations

from hashlib import sha256

import pytest
from flask.testing import FlaskClient

from tests.app.conftest import Handled
from tests.support.events import EventType
from tests.support.function import Functions


def test_session_new(client: FlaskClient) -> None:
    first, second = client.get("/session/new"), client.get("/session/new")
    assert first.headers["Set-Cookie"] == f"session_id={first.text}; Path=/"
    assert first.text != second.text


@pytest.mark.parametrize("cookies", [(), ("session_id=abc",)])
def test_session_user(handled: Handled, cookies: tuple[str, ...]) -> None:
    response = handled("/session/user", query="sdk_user=someone", cookies=cookies)
    assert (response.status, response.body) == (200, b"OK")


def test_session_user_without_a_user(handled: Handled) -> None:
    response = handled("/session/user", cookies=("session_id=abc",))
    problem = b"argument sdk_user is required: a string, in the query or in a form, JSON or XML body\n"
    assert (response.status, response.body) == (400, problem)


@pytest.mark.emulator
class TestSpans:
    """What the tracer sent, for each event type."""

    def test_session_user(self, functions: Functions, event_type: EventType) -> None:
        response, _ = functions().request(event_type, path="/session/new")
        (cookie,) = response.headers["set-cookie"]
        session_id = response.body.decode()
        _, trace = functions().request(
            event_type, path="/session/user", query="sdk_user=u", cookies=(cookie.partition(";")[0],)
        )
        assert (trace.meta["usr.id"], trace.meta["usr.session_id"]) == ("u", session_id)
        # The parts are hashes of the user, of the cookies' names and values, and of the session.
        prefix, user, _, _, session = trace.meta["_dd.appsec.fp.session"].split("-")
        assert (prefix, user) == ("ssn", sha256(b"u").hexdigest()[:8])
        assert session == sha256(session_id.encode()).hexdigest()[:8]

    def test_without_a_session(self, functions: Functions, event_type: EventType) -> None:
        _, trace = functions().request(event_type, path="/session/user", query="sdk_user=u")
        assert "usr.id" not in trace.meta
