"""What the endpoints answer, through Flask's own client: the contract without Lambda."""

from __future__ import annotations

from pathlib import Path

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


def test_healthcheck(client: FlaskClient) -> None:
    import datadog_lambda

    response = client.get("/healthcheck")
    assert response.status_code == 200
    assert response.get_json() == {
        "status": "ok",
        "library": {"name": "python_lambda", "version": datadog_lambda.__version__},
    }


@pytest.mark.parametrize("path", ["/params/x", "/params/x/", "/params/a%2Fb", "/params/caf%C3%A9"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_params(client: FlaskClient, path: str, method: str) -> None:
    response = client.open(path, method=method)
    assert (response.status_code, response.data) == (200, HELLO)


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
        ("/tag_value/v/200?a%20b=1", b"'a b' is no header name"),
        ("/tag_value/v/200?x=1%0d%0aSet-Cookie:a", b"the header x cannot be '1\\r\\nSet-Cookie:a'"),
        ("/tag_value/v/200?x=%08", b"the header x cannot be '\\x08'"),
        ("/tag_value/v/200?x=%E2%98%83", b"the header x cannot be"),
    ],
)
def test_tag_value_refuses_what_http_does_not_have(client: FlaskClient, path: str, named: bytes) -> None:
    response = client.get(path)
    assert response.status_code == 400
    assert named in response.data


def test_users(client: FlaskClient) -> None:
    response = client.get("/users?user=someone")
    assert (response.status_code, response.data, response.content_type) == (200, b"OK", "text/plain")


def test_user_login_success_event(client: FlaskClient) -> None:
    response = client.get("/user_login_success_event")
    assert (response.status_code, response.data) == (200, b"OK")


def test_session_new(client: FlaskClient) -> None:
    first, second = client.get("/session/new"), client.get("/session/new")
    assert first.headers["Set-Cookie"] == f"session_id={first.text}; Path=/"
    assert first.text != second.text


@pytest.mark.parametrize("path", ["/nowhere", "/.git", "/waf404", "/params", "/params/", "/tag_value/v/x"])
def test_unknown_paths(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_wrong_method(client: FlaskClient) -> None:
    assert client.delete("/headers").status_code == 405


def test_no_path_is_redirected(client: FlaskClient) -> None:
    assert client.get("/headers/").status_code == 200
    assert client.get("//waf//x").status_code == 200


class TestRasp:
    """The vulnerable endpoints, unblocked; each takes its argument from four places."""

    @pytest.fixture(params=["query", "form", "json", "xml"])
    def place(self, request: pytest.FixtureRequest) -> str:
        """Where the argument stands."""
        place: str = request.param
        return place

    def send(self, client: FlaskClient, path: str, place: str, name: str, value: str) -> tuple[int, str]:
        """The endpoint's answer to the argument in that place."""
        if place == "query":
            response = client.get(path, query_string={name: value})
        elif place == "form":
            response = client.post(path, data={name: value})
        elif place == "json":
            response = client.post(path, json={name: value})
        else:
            xml = f'<?xml version="1.0" encoding="utf-8"?><{name}>{value}</{name}>'
            response = client.post(path, data=xml, content_type="application/xml")
        return response.status_code, response.text

    def test_lfi(self, client: FlaskClient, place: str, tmp_path: Path) -> None:
        file = tmp_path / "secret"
        file.write_bytes(b"12345")
        answer = self.send(client, "/rasp/lfi", place, "file", str(file))
        assert answer == (200, f"{file} opened, 5 bytes\n")

    def test_lfi_of_a_file_that_is_not_there(self, client: FlaskClient) -> None:
        status, text = self.send(client, "/rasp/lfi", "query", "file", "../etc/no")
        assert status == 200
        assert "FileNotFoundError" in text

    @pytest.mark.parametrize("file", ["\0", "/", ""])
    def test_lfi_of_what_is_no_file(self, client: FlaskClient, file: str) -> None:
        assert self.send(client, "/rasp/lfi", "query", "file", file)[0] == 200

    def test_ssrf_of_a_host_that_does_not_answer(self, client: FlaskClient, place: str) -> None:
        status, text = self.send(client, "/rasp/ssrf", place, "domain", "127.0.0.1:1/x")
        assert status == 200
        assert "http://127.0.0.1:1/x not opened" in text

    @pytest.mark.parametrize("domain", ["", "a b", "[", "x:notaport", "\r\n"])
    def test_ssrf_of_what_is_no_host(self, client: FlaskClient, domain: str) -> None:
        assert self.send(client, "/rasp/ssrf", "query", "domain", domain)[0] == 200

    def test_sqli(self, client: FlaskClient, place: str) -> None:
        answer = self.send(client, "/rasp/sqli", place, "user_id", "1")
        assert answer == (200, "[SELECT * FROM users WHERE id='1'] gave 1 rows\n")

    def test_sqli_injected(self, client: FlaskClient) -> None:
        answer = self.send(client, "/rasp/sqli", "query", "user_id", "' OR 1 = 1 --")
        assert answer == (200, "[SELECT * FROM users WHERE id='' OR 1 = 1 --'] gave 2 rows\n")

    @pytest.mark.parametrize("user_id", ["'", "'; DROP TABLE users; --", "\0"])
    def test_sqli_refused_by_the_database(self, client: FlaskClient, user_id: str) -> None:
        status, text = self.send(client, "/rasp/sqli", "query", "user_id", user_id)
        assert status == 201, text

    def test_shi(self, client: FlaskClient, place: str, tmp_path: Path) -> None:
        answer = self.send(client, "/rasp/shi", place, "list_dir", f"{tmp_path} ; touch {tmp_path}/made")
        assert answer[0] == 200
        assert (tmp_path / "made").exists(), "the injected command ran"

    def test_shi_that_no_shell_can_be_given(self, client: FlaskClient) -> None:
        assert self.send(client, "/rasp/shi", "query", "list_dir", "\0")[0] == 201

    def test_cmdi(self, client: FlaskClient, place: str) -> None:
        answer = self.send(client, "/rasp/cmdi", place, "command", "/bin/true")
        assert answer == (200, "/bin/true gave status 0: \n")

    def test_cmdi_with_arguments(self, client: FlaskClient, tmp_path: Path) -> None:
        made = tmp_path / "made"
        assert client.post("/rasp/cmdi", json={"command": ["/usr/bin/touch", str(made)]}).status_code == 200
        assert made.exists()
        xml = "<command><cmd>/bin/echo</cmd><cmd>hello</cmd></command>"
        response = client.post("/rasp/cmdi", data=xml, content_type="text/xml")
        assert (response.status_code, "hello" in response.text) == (200, True)

    def test_cmdi_is_no_shell(self, client: FlaskClient) -> None:
        status, text = self.send(client, "/rasp/cmdi", "query", "command", "/bin/true x")
        assert (status, "FileNotFoundError" in text) == (201, True)

    @pytest.mark.parametrize(
        ("path", "argument"),
        [
            ("/rasp/lfi", "file"),
            ("/rasp/ssrf", "domain"),
            ("/rasp/sqli", "user_id"),
            ("/rasp/shi", "list_dir"),
            ("/rasp/cmdi", "command"),
            ("/users", "user"),
        ],
    )
    def test_a_missing_argument_is_named(self, client: FlaskClient, path: str, argument: str) -> None:
        response = client.get(path)
        assert (response.status_code, response.content_type) == (400, "text/plain")
        assert f"argument {argument} is required" in response.text

    @pytest.mark.parametrize(
        ("content_type", "body"),
        [
            ("application/json", b"{"),
            ("application/json", b"[]"),
            ("application/json", b'"file"'),
            ("application/xml", b"<file>"),
            ("application/xml", b"<other>x</other>"),
            ("text/plain", b"file=x"),
        ],
    )
    def test_a_body_without_the_argument(self, client: FlaskClient, content_type: str, body: bytes) -> None:
        response = client.post("/rasp/lfi", data=body, content_type=content_type)
        assert (response.status_code, "argument file is required" in response.text) == (400, True)

    @pytest.mark.parametrize("value", [1, True, {}, [], ["x", 1]])
    def test_an_argument_of_the_wrong_type(self, client: FlaskClient, value: object) -> None:
        # `open(1)` would be the function's own standard output.
        for path, name in [("/rasp/lfi", "file"), ("/rasp/cmdi", "command")]:
            response = client.post(path, json={name: value})
            assert (response.status_code, f"argument {name} must be a string" in response.text) == (400, True)
