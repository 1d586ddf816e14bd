"""Any request and any response pass through a front door and the weblog's WSGI bridge unharmed.

What comes out is compared with what would come out without Lambda in between, after the changes
that AWS itself makes: each is named by its rule where it is made.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote_to_bytes

from hypothesis import given, settings
from hypothesis import strategies as st

from app.settings import Settings
from app.web.factory import create_app
from invoke_api.outcome import Answer
from lambda_proxy.exchange import handle
from lambda_proxy.front_doors import FRONT_DOORS, Alb, FrontDoor, HttpApi, Options, RestApi
from lambda_proxy.messages import Header, Request, Response
from tests.app.conftest import answered_by
from tests.lambda_proxy.support import HOST

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from werkzeug.test import TestResponse

BINARY = "application/octet-stream"
DOORS = [front_door(Options(binary_media_types=(BINARY,))) for front_door in FRONT_DOORS]

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
paths = st.lists(words.map(lambda word: quote(word, safe="~!$&'()*+,;=:@")), max_size=4).map(
    lambda parts: "/" + "/".join(parts)
)
# A semicolon splits a REST API's query (R28), so that it is no character for a property.
pairs = st.tuples(words.filter(bool), words).map(lambda pair: "=".join(map(quote_plus, pair)))
queries = st.lists(pairs, max_size=4).map("&".join)
names = st.sampled_from(["X-One", "x-two", "X-THREE", "Accept", "User-Agent", "Referer"])
tokens = (
    st.text("abcXYZ019 !#$%&'*+-.^_`|~:/?@[]{}<>\"\\()=", min_size=1, max_size=12).map(str.strip).filter(bool)
)
header_lists = st.lists(st.tuples(names, tokens), max_size=5)
cookie_lists = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("123")), max_size=3, unique_by=lambda c: c[0]
)
texts = st.tuples(
    st.sampled_from(["text/plain", "application/json", "application/x-www-form-urlencoded"]), words
)
bodies = st.one_of(
    st.just(("", b"")),
    texts.map(lambda pair: (pair[0], pair[1].encode())),
    st.tuples(st.just(BINARY), st.binary(max_size=20)),
)


@dataclass
class Echo:
    """A WSGI app that notes the request and answers as told."""

    status: str = "200 OK"
    headers: tuple[Header, ...] = ()
    body: bytes = b""
    seen: dict[str, Any] | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.seen = {
            "method": environ["REQUEST_METHOD"],
            "path": environ["PATH_INFO"].encode("latin-1"),
            "query": parse_qsl(environ["QUERY_STRING"], keep_blank_values=True, encoding="utf-8"),
            "headers": {key: value for key, value in environ.items() if key.startswith("HTTP_")},
            "type": environ.get("CONTENT_TYPE") or "",
            "body": environ["wsgi.input"].read(),
            "client": environ["REMOTE_ADDR"],
        }
        start_response(self.status, list(self.headers))
        return [self.body]


class Bridge:
    """Invokes a WSGI app in this process as the weblog does in Lambda."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    async def invoke(self, payload: bytes, *, timeout: float = 0) -> Answer:
        result = answered_by(self.app, json.loads(payload))
        return Answer(200, json.dumps(result).encode())


def send(door: FrontDoor, app: Echo, request: Request) -> Response:
    return asyncio.run(handle(door, Bridge(app), request))


def received(door: FrontDoor, pairs: list[Header]) -> dict[str, str]:
    """The WSGI variables of these headers: folded with a comma, or the last value on an ALB (R55)."""
    groups: dict[str, list[str]] = {}
    for name, value in pairs:
        groups.setdefault("HTTP_" + name.upper().replace("-", "_"), []).append(value)
    if isinstance(door, Alb):
        return {name: values[-1] for name, values in groups.items()}
    return {name: ",".join(values) for name, values in groups.items()}


def path_of(door: FrontDoor, path: str) -> bytes | None:
    """The decoded path as it arrives; None if it cannot."""
    if isinstance(door, RestApi):
        # A REST API folds the slashes at the front into one (R18).
        return unquote_to_bytes(f"/{path.lstrip('/')}")
    if not isinstance(door, HttpApi):
        return unquote_to_bytes(path)
    # An HTTP API decodes twice, and in between a question mark cuts (R109).
    once = unquote_to_bytes(path).partition(b"?")[0]
    if re.search(rb"%(?![0-9a-fA-F]{2})", once):
        return None
    return unquote_to_bytes(once).decode("utf-8", "replace").encode()


def query_of(door: FrontDoor, query: str) -> list[Header]:
    """The query's pairs, of a repeated name the last on an ALB (R55)."""
    found = parse_qsl(query, keep_blank_values=True)
    return list(dict(found).items()) if isinstance(door, Alb) else sorted(found)


@settings(deadline=None, max_examples=60)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
    path=paths,
    query=queries,
    headers=header_lists,
    cookies=cookie_lists,
    body=bodies,
)
def test_any_request_arrives(
    method: str, path: str, query: str, headers: list[Header], cookies: list[Header], body: tuple[str, bytes]
) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in cookies)
    content_type, content = body
    request = Request(
        method=method,
        target=f"{path}?{query}" if query else path,
        headers=[
            HOST,
            *headers,
            *([("Cookie", cookie)] if cookie else []),
            *([("Content-Type", content_type), ("Content-Length", str(len(content)))] if content else []),
        ],
        body=content,
        peer="203.0.113.7",
    )
    for door in DOORS:
        echo = Echo()
        response = send(door, echo, request)
        if path_of(door, path) is None:
            assert (response.status, echo.seen) == (400, None), door.event_type
            continue
        assert response.status == 200, door.event_type
        seen = echo.seen
        assert seen is not None
        assert seen["method"] == method
        assert seen["path"] == path_of(door, path), door.event_type
        arrived = seen["query"]
        assert sorted(arrived) == sorted(query_of(door, query)), door.event_type
        assert received(door, headers).items() <= seen["headers"].items(), door.event_type
        assert seen["headers"].get("HTTP_COOKIE", "") == cookie, door.event_type
        assert (seen["body"], seen["type"]) == ((content, content_type) if content else (b"", "")), (
            door.event_type
        )
        assert seen["client"] == "203.0.113.7", door.event_type


targets = st.one_of(
    st.sampled_from(
        ["/", "/headers", "/headers/", "/users", "/nowhere", "/session", "/tag_value/a%2Fb/418/"]
    ),
    st.builds("{}{}".format, st.sampled_from(["/waf", "/params", "/tag_value"]), paths),
    st.builds("/tag_value/{}/{}".format, words.map(lambda word: quote(word, safe="")), st.integers(0, 700)),
)
# On an ALB with single-value headers the last of a repeated name is all that arrives (R55).
# Values are ASCII because /tag_value makes headers from them.
unrepeated = st.dictionaries(words.filter(bool), tokens, max_size=3).map(
    lambda query: "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in query.items())
)


@settings(deadline=None, max_examples=60)
@given(method=st.sampled_from(["GET", "POST", "OPTIONS"]), target=targets, query=unrepeated, body=bodies)
def test_the_weblog_answers_as_it_would_without_lambda(
    method: str, target: str, query: str, body: tuple[str, bytes]
) -> None:
    content_type, content = body
    headers = [("Content-Type", content_type), ("Content-Length", str(len(content)))] if content else []
    weblog = create_app(Settings())

    def answer_without_lambda(path: str) -> TestResponse:
        return weblog.test_client().open(
            path, method=method, query_string=query, data=content or None, headers=headers
        )

    own = answer_without_lambda(target)
    request = Request(
        method=method,
        target=f"{target}?{query}" if query else target,
        headers=[HOST, *headers],
        body=content,
        peer="203.0.113.7",
    )
    for door in DOORS:
        response = asyncio.run(handle(door, Bridge(weblog), request))
        expected = own
        if isinstance(door, HttpApi):
            path = path_of(door, target)
            if path is None:
                assert response.status == 400
                continue
            expected = answer_without_lambda(quote(path))
        assert (response.status, response.body) == (expected.status_code, expected.data), door.event_type
        for name in {name.lower() for name, _ in expected.headers} - {"content-length"}:
            assert values_of(response.headers, name) == values_of(expected.headers, name), (
                door.event_type,
                name,
            )


# A WSGI app gives bytes above 127 as the characters U+0080 to U+00FF.
high_bytes = st.text(
    st.characters(min_codepoint=0x80, max_codepoint=0xFF, exclude_characters="\x85\xa0"),
    min_size=1,
    max_size=8,
)
response_headers = st.lists(
    st.tuples(st.sampled_from(["X-One", "x-two", "ETag"]), tokens | high_bytes), max_size=3
)


@settings(deadline=None, max_examples=60)
@given(
    status=st.integers(200, 599).filter(lambda status: status not in (204, 304)),
    headers=response_headers,
    content_type=st.sampled_from(["text/html; charset=utf-8", "application/json", "image/png"]),
    cookies=st.lists(st.sampled_from(["a=1; Path=/", "b=2", "c=3; HttpOnly"]), max_size=3, unique=True),
    body=st.one_of(words.map(str.encode), st.binary(max_size=20)),
)
def test_any_response_arrives(
    status: int, headers: list[Header], content_type: str, cookies: list[str], body: bytes
) -> None:
    sent = [("Content-Type", content_type), *headers, *(("Set-Cookie", cookie) for cookie in cookies)]
    for door in DOORS:
        echo = Echo(f"{status} Any", tuple(sent), body)
        response = send(door, echo, Request(headers=(HOST,)))
        assert response.status == status, door.event_type
        arrived = response.body
        if isinstance(door, RestApi) and arrived != body:
            # Sent as base64 text to a client that accepts no binary type (R66).
            arrived = base64.b64decode(arrived)
        assert arrived == body, door.event_type
        assert values_of(response.headers, "content-type") == [content_type], door.event_type
        got = values_of(response.headers, "set-cookie")
        # Single-value headers hold one cookie (R65).
        assert got == cookies or (isinstance(door, Alb) and got == cookies[-1:]), door.event_type
        for name in {name.lower() for name, _ in headers}:
            whole = values_of(headers, name)
            got = values_of(response.headers, name)
            assert got in (whole, [", ".join(whole)], [",".join(whole)]) or (
                isinstance(door, Alb) and got == whole[-1:]
            ), (door.event_type, got, whole)


def values_of(headers: Iterable[Header], name: str) -> list[str]:
    return [value for key, value in headers if key.lower() == name]
