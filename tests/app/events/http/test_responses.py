"""One client gets the same response, whichever of the five event types carried it (R61 to R66)."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator

import pytest
from flask import Flask, Response

from tests.app.conftest import answered_by
from tests.support.events import EventType, HttpRequest, HttpResponse

Answer = Callable[[Response], HttpResponse]


@pytest.fixture
def answer(event_type: EventType) -> Answer:
    """What a client gets of a Flask response through this event type."""

    def send(response: Response) -> HttpResponse:
        flask = Flask("answer")
        flask.add_url_rule("/", view_func=lambda: response)
        result = answered_by(flask, event_type.event(HttpRequest()))
        return event_type.response(result)

    return send


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain; charset=utf-8", "Grüße ☃".encode()),
        ("text/plain; charset=iso-8859-1", "Grüße".encode("latin-1")),
        ("text/plain; charset=utf-16", "Grüße".encode("utf-16")),
        ("application/json", b'{"a": 1}'),
        ("image/png", bytes(range(256))),
        ("image/svg+xml", b"<svg/>"),
        ("text/html", b""),
    ],
)
def test_bodies(answer: Answer, content_type: str, body: bytes) -> None:
    response = answer(Response(body, content_type=content_type))
    assert response == HttpResponse(
        200, {"content-type": [content_type], "content-length": [str(len(body))]}, body
    )


def test_a_gzipped_text(answer: Answer) -> None:
    body = gzip.compress(b"Hello" * 100)
    response = answer(Response(body, content_type="text/plain", headers={"Content-Encoding": "gzip"}))
    assert (response.body, response.headers["content-encoding"]) == (body, ["gzip"])


def test_text_travels_as_text(event_type: EventType) -> None:
    # So that the WAF can read it, and that REST needs no binary media type for it (R66).
    flask = Flask("text")
    flask.add_url_rule("/", view_func=lambda: Response("☃", content_type="application/x-unheard-of"))
    result = answered_by(flask, event_type.event(HttpRequest()))
    assert (result["body"], result["isBase64Encoded"]) == ("☃", False)


@pytest.mark.parametrize("status", [200, 201, 204, 299, 302, 304, 403, 404, 418, 500, 503, 599])
def test_statuses(answer: Answer, status: int) -> None:
    assert answer(Response("", status)).status == status


def test_alb_alone_has_a_status_description(event_type: EventType) -> None:
    flask = Flask("status")
    flask.add_url_rule("/", view_func=lambda: Response("", 404))
    result = answered_by(flask, event_type.event(HttpRequest()))
    # REST would refuse the key as unknown (R68).
    expected = "404 NOT FOUND" if "load-balancer" in event_type.name else None
    assert result.get("statusDescription") == expected


def test_several_cookies(answer: Answer) -> None:
    response = Response("")
    for name in "abcd":
        response.set_cookie(name, "1", path="/", httponly=True)
    assert sorted(answer(response).headers["set-cookie"]) == [
        f"{name}=1; HttpOnly; Path=/" for name in "abcd"
    ]


def test_cookies_whatever_the_case_of_their_header(answer: Answer) -> None:
    response = Response("", headers=[("set-cookie", "a=1"), ("SET-COOKIE", "b=2")])
    assert sorted(answer(response).headers["set-cookie"]) == ["a=1", "b=2"]


def test_a_repeated_header(answer: Answer) -> None:
    response = Response("", headers=[("X-Twice", "first"), ("x-twice", "second")])
    # RFC 9110, 5.3: a list of lines and one line of a list are the same.
    assert ", ".join(answer(response).headers["x-twice"]) == "first, second"


def test_a_streamed_response_gets_its_length_and_is_closed(answer: Answer) -> None:
    closed = []

    def stream() -> Iterator[bytes]:
        yield b"Hel"
        yield b"lo"

    response = Response(stream(), content_type="text/plain")
    response.call_on_close(lambda: closed.append(True))
    got = answer(response)
    assert (got.body, got.headers["content-length"], closed) == (b"Hello", ["5"], [True])


def test_a_stream_that_fails_is_closed_and_fails(event_type: EventType) -> None:
    closed = []

    def stream() -> Iterator[bytes]:
        yield b"Hel"
        raise RuntimeError("broken stream")

    response = Response(stream())
    response.call_on_close(lambda: closed.append(True))
    flask = Flask("broken")
    flask.add_url_rule("/", view_func=lambda: response)
    with pytest.raises(RuntimeError, match="broken stream"):
        answered_by(flask, event_type.event(HttpRequest()))
    assert closed == [True]


def test_head_has_the_length_and_no_body(event_type: EventType) -> None:
    flask = Flask("head")
    flask.add_url_rule("/", view_func=lambda: Response("Hello"))
    event = event_type.event(HttpRequest(method="HEAD"))
    got = event_type.response(answered_by(flask, event))
    assert (got.body, got.headers["content-length"]) == (b"", ["5"])


def test_a_header_beyond_ascii_stays_in_wsgis_form(answer: Answer) -> None:
    # One character a byte (PEP 3333): the lambda proxy sends the same bytes on.
    snow = "☃".encode().decode("latin-1")
    headers = answer(Response("", headers=[("X-Snow", snow), ("X-Latin", "é")])).headers
    assert (headers["x-snow"], headers["x-latin"]) == ([snow], ["é"])
