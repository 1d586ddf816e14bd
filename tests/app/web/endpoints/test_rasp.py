"""The vulnerable endpoints, unblocked; each takes its argument from four places."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES
from tests.support.function import Functions
from tests.support.processes import wait_for


@pytest.fixture(params=["query", "form", "json", "xml"])
def place(request: pytest.FixtureRequest) -> str:
    """Where the argument stands."""
    place: str = request.param
    return place


def send(client: FlaskClient, path: str, place: str, name: str, value: str) -> tuple[int, str]:
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


def test_lfi(client: FlaskClient, place: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"12345")
    answer = send(client, "/rasp/lfi", place, "file", str(file))
    assert answer == (200, f"{file} opened, 5 bytes\n")


def test_lfi_of_a_file_that_is_not_there(client: FlaskClient) -> None:
    status, text = send(client, "/rasp/lfi", "query", "file", "../etc/no")
    assert status == 200
    assert "FileNotFoundError" in text


@pytest.mark.parametrize("file", ["\0", "/", ""])
def test_lfi_of_what_is_no_file(client: FlaskClient, file: str) -> None:
    assert send(client, "/rasp/lfi", "query", "file", file)[0] == 200


def test_ssrf_of_a_host_that_does_not_answer(client: FlaskClient, place: str) -> None:
    status, text = send(client, "/rasp/ssrf", place, "domain", "127.0.0.1:1/x")
    assert status == 200
    assert "http://127.0.0.1:1/x not opened" in text


@pytest.mark.parametrize("domain", ["", "a b", "[", "x:notaport", "\r\n"])
def test_ssrf_of_what_is_no_host(client: FlaskClient, domain: str) -> None:
    assert send(client, "/rasp/ssrf", "query", "domain", domain)[0] == 200


def test_sqli(client: FlaskClient, place: str) -> None:
    answer = send(client, "/rasp/sqli", place, "user_id", "1")
    assert answer == (200, "[SELECT * FROM users WHERE id='1'] gave 1 rows\n")


def test_sqli_injected(client: FlaskClient) -> None:
    answer = send(client, "/rasp/sqli", "query", "user_id", "' OR 1 = 1 --")
    assert answer == (200, "[SELECT * FROM users WHERE id='' OR 1 = 1 --'] gave 2 rows\n")


@pytest.mark.parametrize("user_id", ["'", "'; DROP TABLE users; --", "\0"])
def test_sqli_refused_by_the_database(client: FlaskClient, user_id: str) -> None:
    status, text = send(client, "/rasp/sqli", "query", "user_id", user_id)
    assert status == 201, text


def test_shi(client: FlaskClient, place: str, tmp_path: Path) -> None:
    answer = send(client, "/rasp/shi", place, "list_dir", f"{tmp_path} ; touch {tmp_path}/made")
    assert answer[0] == 200
    assert (tmp_path / "made").exists(), "the injected command ran"


def test_shi_that_no_shell_can_be_given(client: FlaskClient) -> None:
    assert send(client, "/rasp/shi", "query", "list_dir", "\0")[0] == 201


def test_cmdi(client: FlaskClient, place: str) -> None:
    answer = send(client, "/rasp/cmdi", place, "command", "/bin/true")
    assert answer == (200, "/bin/true gave status 0: \n")


def test_cmdi_with_arguments(client: FlaskClient, tmp_path: Path) -> None:
    made = tmp_path / "made"
    assert client.post("/rasp/cmdi", json={"command": ["/usr/bin/touch", str(made)]}).status_code == 200
    assert made.exists()
    xml = "<command><cmd>/bin/echo</cmd><cmd>hello</cmd></command>"
    response = client.post("/rasp/cmdi", data=xml, content_type="text/xml")
    assert (response.status_code, "hello" in response.text) == (200, True)


def test_cmdi_is_no_shell(client: FlaskClient) -> None:
    status, text = send(client, "/rasp/cmdi", "query", "command", "/bin/true x")
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
def test_a_missing_argument_is_named(client: FlaskClient, path: str, argument: str) -> None:
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
def test_a_body_without_the_argument(client: FlaskClient, content_type: str, body: bytes) -> None:
    response = client.post("/rasp/lfi", data=body, content_type=content_type)
    assert (response.status_code, "argument file is required" in response.text) == (400, True)


@pytest.mark.parametrize("value", [1, True, {}, [], ["x", 1]])
def test_an_argument_of_the_wrong_type(client: FlaskClient, value: object) -> None:
    # `open(1)` would be the function's own standard output.
    for path, name in [("/rasp/lfi", "file"), ("/rasp/cmdi", "command")]:
        response = client.post(path, json={name: value})
        assert (response.status_code, f"argument {name} must be a string" in response.text) == (400, True)


def test_multiple(handled: Handled) -> None:
    response = handled("/rasp/multiple", query="file1=/nowhere&file2=/dev/null")
    missing, empty, passwd = response.body.decode().splitlines()
    assert response.status == 200
    assert missing.startswith("/nowhere not opened: FileNotFoundError")
    assert empty == "/dev/null opened, 0 bytes"
    assert passwd.startswith("../etc/passwd ")


@pytest.mark.parametrize(("query", "name"), [("file2=x", "file1"), ("file1=x", "file2")])
def test_multiple_without_a_file(handled: Handled, query: str, name: str) -> None:
    response = handled("/rasp/multiple", query=query)
    assert response.status == 400
    assert response.body.decode().startswith(f"argument {name} is required")


@pytest.mark.emulator
def test_multiple_matches(functions: Functions) -> None:
    function = functions(DD_TELEMETRY_HEARTBEAT_INTERVAL="1")
    # The view's own path is an attack only where the request has it, too.
    query = "file1=../etc/passwd1&file2=../etc/passwd2&other=../etc/passwd"
    response, trace = function.request(EVENT_TYPES[0], path="/rasp/multiple", query=query)
    assert response.status == 200
    assert "rasp-930-100" in trace.rules
    assert trace.metrics["_dd.appsec.rasp.rule.eval"] == 3
    session = trace.one("aws.apigateway")["meta"]["runtime-id"]

    def matches() -> float:
        return sum(
            float(count)
            for message in function.agent.telemetry()
            if (message.kind, message.session) == ("generate-metrics", session)
            for series in message.payload["series"]
            if series["metric"] == "rasp.rule.match"
            for _, count in series["points"]
        )

    assert wait_for(matches, what="the matches in the telemetry") == 3
