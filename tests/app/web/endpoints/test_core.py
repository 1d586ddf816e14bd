"""The endpoints that every weblog has."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES
from tests.support.function import Functions

REST, HTTP, *_ = EVENT_TYPES

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


def test_html(handled: Handled) -> None:
    response = handled("/html")
    assert (response.status, response.headers["content-type"]) == (200, ["text/html"])
    assert response.body == (
        b"<!DOCTYPE html>\n<html>\n<head>\n    <title>Hello</title>\n</head>\n"
        b"<body>\n    <h1>Hello</h1>\n</body>\n</html>\n"
    )


@pytest.mark.parametrize(
    ("query", "status"), [("", 200), ("code=204", 204), ("code=418", 418), ("code=599", 599)]
)
def test_status(handled: Handled, query: str, status: int) -> None:
    assert handled("/status", query=query).status == status


@pytest.mark.parametrize("code", ["199", "600", "x", ""])
def test_a_status_that_is_not_valid(handled: Handled, code: str) -> None:
    response = handled("/status", query=f"code={code}")
    problem = f"argument code must be a whole number from 200 to 599; it is {code!r}\n"
    assert (response.status, response.body) == (400, problem.encode())


def test_sample_rate_route(handled: Handled) -> None:
    assert (handled("/sample_rate_route/7").status, handled("/sample_rate_route/7").body) == (200, b"OK")
    assert handled("/sample_rate_route/x").status == 404


def test_set_cookie(handled: Handled) -> None:
    response = handled("/set_cookie", query="name=a&value=b+c")
    assert (response.status, response.headers["set-cookie"]) == (200, ["a=b c"])


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("name=a", b"argument value is required: a string, in the query or in a form, JSON or XML body\n"),
        ("name=a&value=b%0A", b"the header Set-Cookie cannot be 'a=b\\n'\n"),
    ],
)
def test_a_cookie_that_cannot_be(handled: Handled, query: str, problem: bytes) -> None:
    response = handled("/set_cookie", query=query)
    assert (response.status, response.body) == (400, problem)


@pytest.mark.parametrize(
    ("path", "numbers"),
    [("/customResponseHeaders", range(1, 6)), ("/exceedResponseHeaders", range(50))],
)
def test_response_headers(handled: Handled, path: str, numbers: range) -> None:
    response = handled(path)
    assert (response.status, response.body) == (200, b"OK")
    assert response.headers == {
        "content-type": ["text/plain"],
        "content-length": ["2"],
        "content-language": ["en-US"],
        **{f"x-test-header-{number}": [f"value{number}"] for number in numbers},
    }


@pytest.mark.parametrize("path", ["/resource_renaming/a", "/resource_renaming/a/12/b/"])
def test_resource_renaming(handled: Handled, path: str) -> None:
    assert (handled(path).status, handled(path).body) == (200, b"OK")


def test_read_file(handled: Handled, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"caf\xc3\xa9 \xff")
    response = handled("/read_file", query=f"file={tmp_path}/file")
    assert (response.status, response.headers["content-type"]) == (200, ["text/plain"])
    assert response.body.decode() == "café \N{REPLACEMENT CHARACTER}"


def test_a_file_that_is_not_there(handled: Handled) -> None:
    response = handled("/read_file", query="file=/nowhere")
    problem = b"the file cannot be read: [Errno 2] No such file or directory: '/nowhere'\n"
    assert (response.status, response.body) == (404, problem)
    assert handled("/read_file").status == 400


@pytest.mark.emulator
class TestSpans:
    """What the tracer sent, for a REST event."""

    def test_status(self, functions: Functions) -> None:
        _, trace = functions().request(REST, path="/status", query="code=418")
        assert trace.meta["http.status_code"] == "418"
        assert trace.one("flask.request")["resource"] == "GET /status"

    def test_sample_rate_route(self, functions: Functions) -> None:
        _, trace = functions().request(REST, path="/sample_rate_route/7")
        assert trace.one("flask.request")["resource"] == "GET /sample_rate_route/<int:i>"
        assert "_sampling_priority_v1" in trace.one("aws.apigateway")["metrics"]

    def test_a_sampling_rule(self, functions: Functions) -> None:
        rules = '[{"resource": "GET /{proxy+}", "sample_rate": 0.0}]'
        _, trace = functions(DD_TRACE_SAMPLING_RULES=rules).request(REST, path="/sample_rate_route/7")
        root = trace.one("aws.apigateway")["metrics"]
        assert (root["_dd.rule_psr"], root["_sampling_priority_v1"]) == (0, -1)

    def test_the_waf_does_not_see_set_cookie(self, functions: Functions) -> None:
        _, trace = functions().request(REST, path="/set_cookie", query="name=a&value=b")
        assert trace.schema("res.headers")[0].keys() == {"content-type", "content-length"}

    @pytest.mark.parametrize("path", ["/customResponseHeaders", "/exceedResponseHeaders"])
    def test_only_the_usual_response_headers_are_collected(self, functions: Functions, path: str) -> None:
        _, trace = functions().request(REST, path=path)
        assert {tag for tag in trace.meta if tag.startswith("http.response.headers.")} == {
            f"http.response.headers.{name}" for name in ("content-type", "content-length", "content-language")
        }
        assert "_dd.appsec.response.header_collection.discarded" not in trace.metrics

    def test_resource_renaming(self, functions: Functions) -> None:
        function = functions(
            DD_TRACE_RESOURCE_RENAMING_ENABLED="true",
            DD_TRACE_RESOURCE_RENAMING_ALWAYS_SIMPLIFIED_ENDPOINT="true",
        )
        _, trace = function.request(HTTP, path="/resource_renaming/users/123/a1b2c3d4e5f60718")
        assert trace.meta["http.endpoint"] == "/resource_renaming/users/{param:int}/{param:hex}"
