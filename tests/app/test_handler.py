"""The handler, called with events as awslambdaric does: every endpoint on every event type."""

from __future__ import annotations

import pytest
from flask import Flask

from app.handler import app, lambda_handler
from tests.app.conftest import Handled, answered_by
from tests.support.events import EventType, HttpRequest

FORM = (("Content-Type", "application/x-www-form-urlencoded"),)


def test_the_bare_healthcheck_is_the_same_document_as_the_endpoints(handled: Handled) -> None:
    assert lambda_handler({"healthcheck": True}, None) == handled("/healthcheck").json


def test_the_root(handled: Handled) -> None:
    response = handled("/")
    assert (response.status, response.body) == (200, b"Hello world!\n")
    assert response.headers == {"content-type": ["text/plain"], "content-length": ["13"]}


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("path", ["/waf", "/waf/", "/waf/a/b", "/params/x", "/params/x/", "/params/a%2Fb"])
def test_paths_and_methods(handled: Handled, path: str, method: str) -> None:
    assert handled(path, method=method).status == 200


def test_headers_and_status_from_the_query(handled: Handled) -> None:
    response = handled("/tag_value/v/418", query="X-option=a%20b&content-language=de")
    assert (response.status, response.body) == (418, b"Value tagged")
    assert (response.headers["x-option"], response.headers["content-language"]) == (["a b"], ["de"])


def test_a_form_comes_back_as_the_payload(handled: Handled) -> None:
    path = "/tag_value/payload_in_response_body_001/200"
    response = handled(path, method="POST", headers=FORM, body=b"test_int=1&test_str=anything")
    assert response.json == {"payload": {"test_int": "1", "test_str": "anything"}}


def test_the_session_cookie(handled: Handled) -> None:
    response = handled("/session/new")
    assert response.headers["set-cookie"] == [f"session_id={response.body.decode()}; Path=/"]


@pytest.mark.parametrize("path", ["/nowhere", "/.git", "/%00", "/path_that_doesn't_exists"])
def test_an_unknown_path_is_the_apps_404(handled: Handled, path: str) -> None:
    response = handled(path)
    assert (response.status, b"Not Found" in response.body) == (404, True)


def test_a_missing_argument(handled: Handled) -> None:
    assert handled("/rasp/lfi").status == 400


def test_an_encoded_argument_reaches_the_view_decoded(handled: Handled) -> None:
    assert b"../etc/no such+file" in handled("/rasp/lfi", query="file=..%2Fetc%2Fno+such%2Bfile").body


def test_an_exception_in_a_view_reaches_the_wrapper(event_type: EventType) -> None:
    # As in a function without a framework: the invocation has to fail, and the span to tell why.
    raising = Flask("raising")
    raising.config.update(app.config)

    @raising.get("/")
    def root() -> str:
        raise LookupError("on purpose")

    with pytest.raises(LookupError, match="on purpose"):
        answered_by(raising, event_type.event(HttpRequest()))
