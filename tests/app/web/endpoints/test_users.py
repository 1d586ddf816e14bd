"""The endpoints that tell the tracer who the user is."""

from __future__ import annotations

from flask.testing import FlaskClient


def test_users(client: FlaskClient) -> None:
    response = client.get("/users?user=someone")
    assert (response.status_code, response.data, response.content_type) == (200, b"OK", "text/plain")


def test_user_login_success_event(client: FlaskClient) -> None:
    response = client.get("/user_login_success_event")
    assert (response.status_code, response.data) == (200, b"OK")
