"""One Flask view sees the same request, whichever of the five event types carried it (R1 to R60)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Response, jsonify, request

from tests.app.conftest import answered_by, http_event
from tests.support.events import CLIENT, EVENT_TYPES, HOST, EventType, HttpRequest

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]

echo = Flask("echo", static_folder=None)
echo.url_map.merge_slashes = False


@echo.route("/", defaults={"path": ""}, methods=METHODS)
@echo.route("/<path:path>", methods=METHODS)
def everything(path: str) -> Response:
    """Tell all that a view can see of a request."""
    body = request.get_data(cache=True)
    return jsonify(
        method=request.method,
        path=request.path,
        root=request.script_root,
        url=request.url,
        query=list(request.args.items(multi=True)),
        headers=dict(request.headers),
        cookies=list(request.cookies.items(multi=True)),
        form=list(request.form.items(multi=True)),
        body=list(body),
        length=request.content_length,
        type=request.content_type,
        client=request.remote_addr,
    )


Seen = Callable[..., dict[str, Any]]


@pytest.fixture
def seen(event_type: EventType) -> Seen:
    """What the view saw of a request through this event type."""

    def send(**parts: Any) -> dict[str, Any]:
        event = event_type.event(HttpRequest(**parts))
        answer = event_type.response(answered_by(echo, event))
        assert answer.status == 200, answer
        result: dict[str, Any] = answer.json
        return result

    return send


def test_a_plain_request(seen: Seen) -> None:
    assert seen() == {
        "method": "GET",
        "path": "/",
        "root": "",
        "url": f"https://{HOST}/",
        "query": [],
        "headers": {
            "Host": HOST,
            "User-Agent": "test/1.0",
            "X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678",
            "X-Forwarded-For": CLIENT,
            "X-Forwarded-Port": "443",
            "X-Forwarded-Proto": "https",
        },
        "cookies": [],
        "form": [],
        "body": [],
        "length": None,
        "type": None,
        "client": CLIENT,
    }


@pytest.mark.parametrize("method", METHODS)
def test_methods(seen: Seen, method: str) -> None:
    assert seen(method=method)["method"] == method


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ("/capture/space%20value", "/capture/space value"),
        ("/a%2Fb", "/a/b"),
        ("/caf%C3%A9/%E2%98%83", "/café/☃"),
        ("/a//b/", "/a//b/"),
        ("/a+b", "/a+b"),
        ("/100%25", "/100%"),
        ("/a%2520b", "/a%20b"),
        ("/%00", "/\0"),
        ("/;a=1,b!$&'()*@:~", "/;a=1,b!$&'()*@:~"),
    ],
)
def test_paths(seen: Seen, sent: str, path: str) -> None:
    assert seen(path=sent)["path"] == path


def test_a_path_that_some_emulator_decoded_already(seen: Seen) -> None:
    assert seen(path="/a b/é")["path"] == "/a b/é"


@pytest.mark.parametrize(
    ("sent", "query"),
    [
        ("x=1", [["x", "1"]]),
        ("x=a+b&y=a%2Bb", [["x", "a b"], ["y", "a+b"]]),
        ("x=a%26b%3Dc%23d", [["x", "a&b=c#d"]]),
        ("x=a=b", [["x", "a=b"]]),
        ("flag&x=", [["flag", ""], ["x", ""]]),
        ("caf%C3%A9=%E2%98%83", [["café", "☃"]]),
        ("a%20b=1", [["a b", "1"]]),
        ("file=..%2Fetc%2Fpasswd", [["file", "../etc/passwd"]]),
        ("x=%7B%22key%22%3A%22v%22%7D&y=%25", [["x", '{"key":"v"}'], ["y", "%"]]),
        ("x=a,b", [["x", "a,b"]]),
    ],
)
def test_queries(seen: Seen, sent: str, query: list[list[str]]) -> None:
    assert seen(query=sent)["query"] == query


def test_a_repeated_query_key(seen: Seen, event_type: EventType) -> None:
    query = seen(query="x=1&y=2&x=3")["query"]
    if event_type.name == "application-load-balancer":
        # R55: the balancer drops all but the last.
        assert sorted(query) == [["x", "3"], ["y", "2"]]
    else:
        assert sorted(query) == [["x", "1"], ["x", "3"], ["y", "2"]]


def test_a_thousand_query_keys(seen: Seen) -> None:
    query = [[f"key{number}", str(number)] for number in range(1000)]
    assert seen(query="&".join("=".join(pair) for pair in query))["query"] == query


def test_header_names_and_values(seen: Seen) -> None:
    headers = seen(headers=(("tEsT-HEADeR", "a, b; c"), ("Accept", "*/*"), ("X-Empty", "")))["headers"]
    assert (headers["Test-Header"], headers["Accept"], headers["X-Empty"]) == ("a, b; c", "*/*", "")


def test_a_repeated_header(seen: Seen, event_type: EventType) -> None:
    value = seen(headers=(("X-Twice", "first"), ("X-Twice", "second")))["headers"]["X-Twice"]
    # R55: an ALB with single-value headers keeps the last; all others are folded as in HTTP API (R33).
    assert value == ("second" if event_type.name == "application-load-balancer" else "first,second")


def test_a_header_beyond_latin_1(seen: Seen) -> None:
    # A WSGI header is bytes, one character each (PEP 3333), whatever they mean.
    assert seen(headers=(("X-Snow", "☃"),))["headers"]["X-Snow"] == "☃".encode().decode("latin-1")


def test_several_cookies(seen: Seen) -> None:
    cookies = seen(cookies=("a=1", "b=x%20y", "a=2", 'c="q"'))["cookies"]
    # Werkzeug lists them by name.
    assert cookies == [["a", "1"], ["a", "2"], ["b", "x%20y"], ["c", "q"]]


def test_several_cookie_headers(seen: Seen, event_type: EventType) -> None:
    lines = (("Cookie", "a=1"), ("Cookie", "b=2"))
    if event_type.name in ("apigateway-http", "function-url"):
        cookies = seen(headers=lines, cookies=("a=1", "b=2"))["cookies"]
    else:
        cookies = seen(headers=lines)["cookies"]
    # R55: the last line alone, with single-value headers.
    expected = [["b", "2"]] if event_type.name == "application-load-balancer" else [["a", "1"], ["b", "2"]]
    assert cookies == expected


def test_a_cookie_of_8_kilobytes(seen: Seen) -> None:
    assert seen(cookies=(f"big={'x' * 8192}",))["cookies"] == [["big", "x" * 8192]]


BODIES = {
    "text": ("text/plain", "Grüße ☃".encode()),
    "json": ("application/json", json.dumps({"a": [1, None, "é"]}).encode()),
    "form": ("application/x-www-form-urlencoded", b"a=1&a=2&b=x+y%26"),
    "multipart": (
        "multipart/form-data; boundary=B",
        b'--B\r\nContent-Disposition: form-data; name="f"\r\n\r\nvalue\r\n--B--\r\n',
    ),
    "binary": ("application/octet-stream", bytes(range(256))),
    "no type": (None, b"\x00\xff"),
    "gzip": ("application/gzip", gzip.compress(b"Hello")),
}


@pytest.mark.parametrize("case", BODIES)
def test_bodies(seen: Seen, case: str) -> None:
    content_type, body = BODIES[case]
    headers: tuple[tuple[str, str], ...] = (("Content-Length", "999"),)
    if content_type:
        headers += (("Content-Type", content_type),)
    view = seen(method="POST", headers=headers, body=body)
    assert bytes(view["body"]) == body
    assert (view["length"], view["type"]) == (len(body), content_type), (
        "of the body, not of a header that lies"
    )
    if case == "form":
        assert view["form"] == [["a", "1"], ["a", "2"], ["b", "x y&"]]
    if case == "multipart":
        assert view["form"] == [["f", "value"]]


@pytest.mark.parametrize("name", ["application-load-balancer", "application-load-balancer-multi"])
def test_alb_encodes_whatever_has_a_content_encoding(name: str) -> None:
    (event_type,) = (known for known in EVENT_TYPES if known.name == name)
    headers = (("Content-Type", "text/plain"), ("Content-Encoding", "identity"))
    event = event_type.event(HttpRequest(method="POST", headers=headers, body=b"Hello"))
    assert (event["isBase64Encoded"], http_event(event).body) == (True, b"Hello")  # R58


def test_a_large_body(seen: Seen) -> None:
    body = b"x" * 3_000_000
    assert len(seen(method="POST", body=body, headers=(("Content-Type", "text/plain"),))["body"]) == len(body)


@pytest.mark.parametrize("first", ["hyphen", "underscore"])
def test_a_header_with_an_underscore_never_replaces_its_twin(seen: Seen, first: str) -> None:
    # Both have one key in an environ, where a client could otherwise hide the one behind the other.
    twins = [("Content-Type", "application/json"), ("Content_Type", "text/plain"), ("X_Own", "kept")]
    headers = tuple(twins if first == "hyphen" else reversed(twins))
    view = seen(method="POST", headers=headers, body=b"{}")
    assert (view["type"], view["headers"]["X-Own"]) == ("application/json", "kept")
