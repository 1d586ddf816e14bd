"""The server that answers the weblog's calls of itself."""

from __future__ import annotations

import time
from threading import Event

import pytest
import requests
from flask import Flask, Response

from app.capabilities.downstream import NoAnswer, distant_call
from app.web.calls_back import proxies_for
from tests.support.processes import free_port

WEBLOG = "http://weblog:7777/"


def test_the_request_is_over_when_its_answer_comes() -> None:
    # Its spans are sent when the response is closed, and the caller's invocation must not end before.
    app, closed = Flask("slow"), Event()

    def close() -> None:
        time.sleep(0.2)
        closed.set()

    @app.get("/")
    def view() -> Response:
        response = Response("done")
        response.call_on_close(close)
        return response

    with app.app_context():
        assert distant_call(WEBLOG, proxies_for(WEBLOG))["status_code"] == 200
    assert closed.is_set()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "evil.example:7777", ""])
def test_nobody_else_is_answered(host: str) -> None:
    app = Flask("private")
    app.add_url_rule("/", view_func=lambda: "private")
    with app.app_context():
        (address,) = proxies_for(WEBLOG).values()
    own = requests.get(address, headers={"Host": "weblog:7777"}, timeout=30)
    assert (own.status_code, own.text) == (200, "private")
    port = address.rpartition(":")[2]
    headers = {"Host": host if ":" in host or not host else f"{host}:{port}"}
    other = requests.get(address, headers=headers, timeout=30)
    assert other.status_code == 403
    assert other.text == "only calls of localhost:7777 and weblog:7777 are answered here\n"


@pytest.mark.parametrize(
    "url",
    [
        "http://weblog/",
        "http://weblog:8080/",
        "https://weblog:7777/",
        "http://weblog:7777.example.com/",
        "http://localhost:77770/",
        "http://user@localhost:7777/",
        "http://127.0.0.1:7777/",
        "http://[/",
        "nonsense",
        "",
    ],
)
def test_other_urls_are_called_as_they_are(url: str) -> None:
    # Without an app, no server could be started.
    assert proxies_for(url) == {}


def test_a_redirect_elsewhere_does_not_come_here() -> None:
    app, elsewhere = Flask("away"), f"http://127.0.0.1:{free_port()}/"
    app.add_url_rule("/", view_func=lambda: Response(status=302, headers={"Location": elsewhere}))
    with app.app_context(), pytest.raises(NoAnswer, match="Connection refused"):
        distant_call(WEBLOG, proxies_for(WEBLOG))
