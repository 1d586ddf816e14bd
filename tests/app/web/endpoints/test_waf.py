"""The endpoints that feed the WAF."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

HELLO = b"Hello world!\n"


@pytest.mark.parametrize("path", ["/waf", "/waf/", "/waf/x", "/waf/x/", "/waf/a/b/c", "/waf/.git"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_waf_takes_any_method_and_path(client: FlaskClient, path: str, method: str) -> None:
    response = client.open(path, method=method)
    assert (response.status_code, response.data) == (200, HELLO)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"a": '),
        ("application/xml", b"<a>"),
        ("application/x-www-form-urlencoded", b"%"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=B", b"--B"),
        ("application/octet-stream", bytes(range(256))),
        ("text/plain; charset=nonsense", b"\xff"),
        ("nonsense", b"x" * 1_000_000),
    ],
)
def test_waf_takes_any_body(client: FlaskClient, content_type: str, body: bytes) -> None:
    response = client.post("/waf", data=body, content_type=content_type)
    assert (response.status_code, response.data) == (200, HELLO)


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("path", ["/tag_value/v/411", "/tag_value/v/411/", "/tag_value/a%2Fb/411"])
def test_tag_value(client: FlaskClient, path: str, method: str) -> None:
    response = client.open(f"{path}?X-One=1&x-two=a&x-two=b", method=method)
    assert (response.status_code, response.data) == (411, b"Value tagged")
    assert response.content_type == "text/plain"
    assert response.headers["X-One"] == "1"
    assert response.headers.getlist("x-two") == ["a", "b"]


def test_tag_value_takes_the_content_type_from_the_query(client: FlaskClient) -> None:
    response = client.get("/tag_value/v/200?Content-Type=text/x")
    assert response.headers.getlist("Content-Type") == ["text/x"]


@pytest.mark.parametrize(
    ("request_parts", "payload"),
    [
        ({"data": {"a": "1", "b": ["x", "y"]}}, {"a": "1", "b": ["x", "y"]}),
        ({"json": {"main": [1, None]}}, {"main": [1, None]}),
        ({"data": b"{", "content_type": "application/json"}, None),
        ({}, None),
    ],
)
def test_tag_value_returns_the_payload(client: FlaskClient, request_parts: dict, payload: object) -> None:  # type: ignore[type-arg]
    response = client.post("/tag_value/payload_in_response_body_001/200?X-option=1", **request_parts)
    assert (response.status_code, response.content_type) == (200, "application/json")
    assert response.get_json() == {"payload": payload}
    assert response.headers["X-option"] == "1"


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/tag_value/v/199", b"status_code must be 200 to 599, it is 199"),
        ("/tag_value/v/600", b"status_code"),
        ("/tag_value/v/200?a%20b=1", b"'a b' is not a valid header name"),
        ("/tag_value/v/200?x=1%0d%0aSet-Cookie:a", b"the header x cannot be '1\\r\\nSet-Cookie:a'"),
        ("/tag_value/v/200?x=%08", b"the header x cannot be '\\x08'"),
        ("/tag_value/v/200?x=%E2%98%83", b"the header x cannot be"),
    ],
)
def test_tag_value_refuses_what_http_does_not_have(client: FlaskClient, path: str, named: bytes) -> None:
    response = client.get(path)
    assert response.status_code == 400
    assert named in response.data
