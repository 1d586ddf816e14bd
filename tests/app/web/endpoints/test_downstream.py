"""/external_request against a real HTTP server that mirrors, as a test scenario brings it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.capabilities.downstream import call
from app.settings import Settings
from tests.app.conftest import make_client
from tests.support.processes import free_port


class Mirror(BaseHTTPRequestHandler):
    """Answers with the status in the path, and tells what it was asked; `/mirror/0` is no JSON."""

    def answer(self) -> None:
        """The mirror's answer."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        seen = {"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body}
        status = int(self.path.split("/")[2][:3].partition("?")[0])
        payload = json.dumps(seen).encode() if status else b"no JSON"
        self.send_response(status or 200)
        self.send_header("Content-Length", str(len(payload)))
        self.send_header("X-Mirror", "yes")
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST = do_PUT = do_TRACE = answer  # noqa: N815 - the names that the server looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def mirror() -> Iterator[str]:
    """The mirror's address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def client(mirror: str) -> FlaskClient:
    """A client of the weblog whose internal server is the mirror."""
    return make_client(Settings(internal_server_url=mirror))


def test_a_plain_call(client: FlaskClient) -> None:
    answer = client.get("/external_request").get_json()
    assert (answer["status"], answer["headers"]["X-Mirror"]) == (200, "yes")
    assert (answer["payload"]["method"], answer["payload"]["path"]) == ("GET", "/mirror/200")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "TRACE"])
def test_methods_statuses_and_headers(client: FlaskClient, method: str) -> None:
    response = client.open("/external_request?status=418&url_extra=/x?y=1&X-One=1", method=method)
    answer = response.get_json()
    assert (response.status_code, answer["status"]) == (200, 418)
    assert (answer["payload"]["method"], answer["payload"]["path"]) == (method, "/mirror/418/x?y=1")
    assert answer["payload"]["headers"]["X-One"] == "1"


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_body_and_its_type_are_passed_on(client: FlaskClient, method: str) -> None:
    parts: dict[str, Any] = {"data": b'{"a": 1}', "content_type": "application/json"}
    payload = client.open("/external_request", method=method, **parts).get_json()["payload"]
    assert (payload["body"], payload["headers"]["Content-Type"]) == ('{"a": 1}', "application/json")


def test_an_answer_that_is_no_json(client: FlaskClient) -> None:
    answer = client.get("/external_request?status=0").get_json()
    assert (answer["status"], "JSONDecodeError" in answer["error"]) == (200, True)


@pytest.mark.parametrize("url", [f"http://127.0.0.1:{free_port()}/", "http://[/", "http://a b/"])
def test_no_answer(url: str) -> None:
    answer = call("GET", url, {}, None)
    assert (answer["status"], bool(answer["error"])) == (None, True)


def test_a_header_that_http_does_not_have(client: FlaskClient) -> None:
    answer = client.get("/external_request?X-One=a%0d%0ab").get_json()
    assert (answer["status"], "Invalid" in answer["error"]) == (None, True)
