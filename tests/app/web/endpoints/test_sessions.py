"""The endpoints that feed the tracer's session fingerprint."""

from __future__ import annotations

from flask.testing import FlaskClient


def test_session_new(client: FlaskClient) -> None:
    first, second = client.get("/session/new"), client.get("/session/new")
    assert first.headers["Set-Cookie"] == f"session_id={first.text}; Path=/"
    assert first.text != second.text
