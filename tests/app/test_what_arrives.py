"""What a client sent and the tracer has to get unaltered: headers that are easily broken on the way.

The values are those that the tracer itself reports, in tags that it makes of headers.
"""

from __future__ import annotations

import pytest

from tests.support.events import CLIENT, EventType
from tests.support.function import Function, Functions

pytestmark = pytest.mark.emulator

HEADERS = ("authorization", "x-forwarded-for", "baggage", "tracestate", "cookie")


@pytest.fixture
def function(functions: Functions) -> Function:
    """The function with AppSec, and a tag `sent.HEADER` for each of the headers."""
    return functions(DD_TRACE_HEADER_TAGS=",".join(f"{name}:sent.{name}" for name in HEADERS))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authorization", "Bearer a.b-c_d~e+f/g=="),
        ("authorization", 'Digest username="a, b", qop=auth, uri="/x?y=\\"z\\""'),
        ("baggage", "userId=a%20b;property=1;other,isProduction=false , key=v%2Cw"),
        ("tracestate", "dd=s:2;o:rum;t.usr.id:dXNlcg~~,congo=t61rcWkgMzE,rojo@x=00f067aa0ba902b7"),
    ],
)
def test_a_header(function: Function, event_type: EventType, name: str, value: str) -> None:
    _, trace = function.request(event_type, path="/waf", headers=((name, value),))
    assert trace.one("flask.request")["meta"][f"sent.{name}"] == value


@pytest.mark.parametrize(
    "cookies",
    [
        ("a=b",),
        ("a=b", "c=d", "a=e"),
        ("a=b c", "d= e "),
        ('a="b, c"', 'd="\\"e\\""'),
        ("a=b=c==", "d", "e="),
        ("a=%20;", "b=c"),
        ('{"a": [1, 2]}',),
    ],
)
def test_cookies(function: Function, event_type: EventType, cookies: tuple[str, ...]) -> None:
    _, trace = function.request(event_type, path="/waf", cookies=cookies)
    assert trace.one("flask.request")["meta"]["sent.cookie"] == "; ".join(cookies)


HIDDEN = pytest.mark.xfail(strict=True, reason="A blank in a cookie hides cookies from the WAF")


@pytest.mark.parametrize(
    "cookies",
    [
        ("a=1", 'd="e, f"', "g=h=i"),
        ("a={1}", "d=", "g=%22"),
        pytest.param(("a=b c", "d=1", "g=2"), marks=HIDDEN),
    ],
)
def test_the_waf_knows_the_cookies(
    function: Function, event_type: EventType, cookies: tuple[str, ...]
) -> None:
    _, trace = function.request(event_type, path="/waf", cookies=cookies)
    assert trace.schema("req.cookies")[0].keys() == {"a", "d", "g"}


@pytest.mark.parametrize(
    "cookie",
    [
        "b=block-this-cookie",
        'b="x, block-this-cookie"',
        "b=x;d=block-this-cookie",
        pytest.param("b=x block-this-cookie y", marks=HIDDEN),
    ],
)
def test_a_cookie_among_others_is_blocked(functions: Functions, event_type: EventType, cookie: str) -> None:
    response, trace = functions.blocking().request(event_type, path="/waf", cookies=("a=1", cookie, "c=2"))
    assert (response.status, trace.meta["appsec.blocked"]) == (403, "true")


def test_a_cookie_with_a_blank_hides_the_others(functions: Functions, event_type: EventType) -> None:
    cookies = ("a=b c", "d=block-this-cookie")
    response, _ = functions.blocking().request(event_type, path="/waf", cookies=cookies)
    # HTTP API's cookies come to the WAF from Flask, those of the others from the Cookie header.
    assert response.status == (403 if event_type.name == "apigateway-http" else 200)


@pytest.mark.parametrize("chain", ["8.8.4.4", "10.1.2.3, 8.8.4.4, 192.168.0.1", "8.8.4.4, 9.9.9.9"])
def test_forwarded_for(function: Function, event_type: EventType, chain: str) -> None:
    _, trace = function.request(event_type, path="/waf", headers=(("X-Forwarded-For", chain),))
    assert trace.one("flask.request")["meta"]["sent.x-forwarded-for"] == f"{chain}, {CLIENT}"
    assert trace.meta["http.client_ip"] == "8.8.4.4", "the first public address"


def test_the_trace_context_of_w3c(function: Function, event_type: EventType) -> None:
    headers = (
        ("traceparent", "00-0123456789abcdef0000000000003039-00000000000002a6-01"),
        ("tracestate", "dd=s:2,congo=t61rcWkgMzE"),
    )
    _, trace = function.request(event_type, path="/waf", headers=headers)
    assert {span["trace_id"] for span in trace.spans} == {12345}
    ids = {span["span_id"] for span in trace.spans}
    (root,) = (span for span in trace.spans if span["parent_id"] not in ids)
    assert (root["parent_id"], root["metrics"]["_sampling_priority_v1"]) == (678, 2)
    assert root["meta"]["_dd.p.tid"] == "0123456789abcdef"
