"""The endpoints that every weblog has."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

HELLO = b"Hello world!\n"


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_root(client: FlaskClient, method: str) -> None:
    response = client.open("/", method=method)
    assert (response.status_code, response.data) == (200, HELLO)
    assert dict(response.headers) == {"Content-Type": "text/plain", "Content-Length": "13"}


def test_headers(client: FlaskClient) -> None:
    response = client.get("/headers")
    assert response.status_code == 200
    assert dict(response.headers) == {
        "Content-Type": "text/plain",
        "Content-Length": str(len(response.data)),
        "Content-Language": "en-US",
    }


@pytest.mark.parametrize("path", ["/params/x", "/params/x/", "/params/a%2Fb", "/params/caf%C3%A9"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_params(client: FlaskClient, path: str, method: str) -> None:
    response = client.open(path, method=method)
    assert (response.status_code, response.data) == (200, HELLO)


@pytest.mark.parametrize("path", ["/nowhere", "/.git", "/waf404", "/params", "/params/", "/tag_value/v/x"])
def test_unknown_paths(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_wrong_method(client: FlaskClient) -> None:
    assert client.delete("/headers").status_code == 405


def test_no_path_is_redirected(client: FlaskClient) -> None:
    assert client.get("/headers/").status_code == 200
    assert client.get("//waf//x").status_code == 200
