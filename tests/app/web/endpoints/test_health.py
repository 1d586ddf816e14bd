"""The readiness endpoint."""

from __future__ import annotations

from pathlib import Path

from flask.testing import FlaskClient


def test_versions(client: FlaskClient) -> None:
    import datadog_lambda
    import ddtrace

    document = client.get("/healthcheck").get_json()
    assert client.get("/healthcheck?versions").get_json() == {
        **document,
        "versions": {
            package.__name__: {
                "version": package.__version__,
                "path": str(Path(str(package.__file__)).parent),
            }
            for package in (ddtrace, datadog_lambda)
        },
    }


def test_healthcheck(client: FlaskClient) -> None:
    import datadog_lambda

    response = client.get("/healthcheck")
    assert response.status_code == 200
    assert response.get_json() == {
        "status": "ok",
        "library": {"name": "python_lambda", "version": datadog_lambda.__version__},
    }
