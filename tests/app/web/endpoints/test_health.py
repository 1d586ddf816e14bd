"""The readiness endpoint."""

from __future__ import annotations

from flask.testing import FlaskClient


def test_healthcheck(client: FlaskClient) -> None:
    import datadog_lambda

    response = client.get("/healthcheck")
    assert response.status_code == 200
    assert response.get_json() == {
        "status": "ok",
        "library": {"name": "python_lambda", "version": datadog_lambda.__version__},
    }
