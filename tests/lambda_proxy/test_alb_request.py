"""Application Load Balancer: rules R50 to R60 and R82 to R87 of docs/events.md."""

from __future__ import annotations

import pytest

from lambda_proxy.front_doors import Alb, AlbMulti, FrontDoor
from tests.lambda_proxy.support import event_of, refusal_of

SINGLE = Alb()
MULTI = AlbMulti()
both = pytest.mark.parametrize("door", [SINGLE, MULTI], ids=["single", "multi"])


def test_r50_r56_keys() -> None:
    common = {"requestContext", "httpMethod", "path", "body", "isBase64Encoded"}
    assert event_of(SINGLE).keys() == common | {"headers", "queryStringParameters"}
    assert event_of(MULTI).keys() == common | {"multiValueHeaders", "multiValueQueryStringParameters"}
    for door in (SINGLE, MULTI):
        context = event_of(door)["requestContext"]
        assert context.keys() == {"elb"}
        assert context["elb"].keys() == {"targetGroupArn"}


def test_r51_r52_headers_are_lower_case_and_forwarded_ones_are_added() -> None:
    headers = event_of(SINGLE, "/", ("X-MiXed", "1"), peer="203.0.113.7", port=80)["headers"]
    assert headers == {
        "host": "weblog.example.com",
        "x-mixed": "1",
        "x-forwarded-for": "203.0.113.7",
        "x-forwarded-port": "80",
        "x-forwarded-proto": "http",
        "x-amzn-trace-id": "Root=1-6a5142a8-0123456789abcdef01234567",
    }


@both
@pytest.mark.parametrize("method", ["GET", "DELETE", "PROPFIND"])
def test_r53_every_path_and_method(door: FrontDoor, method: str) -> None:
    assert event_of(door, "/no/such/thing", method=method)["httpMethod"] == method


def test_r54_query_is_not_decoded() -> None:
    event = event_of(SINGLE, "/?q%20=a%2Bb&r=a+b&u=https%3A%2F%2Fx&e")
    assert event["queryStringParameters"] == {"q%20": "a%2Bb", "r": "a+b", "u": "https%3A%2F%2Fx", "e": ""}


def test_r55_single_mode_keeps_the_last_value() -> None:
    event = event_of(SINGLE, "/?a=1&a=2", ("X", "1"), ("x", "2"), ("Cookie", "a=1"), ("Cookie", "b=2"))
    assert event["queryStringParameters"] == {"a": "2"}
    assert event["headers"]["x"] == "2"
    assert event["headers"]["cookie"] == "b=2"


def test_r57_multi_mode_keeps_all_values() -> None:
    event = event_of(MULTI, "/?a=1&a=2&b=3", ("X", "1"), ("x", "2"), ("Cookie", "a=1"), ("Cookie", "b=2"))
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": ["3"]}
    assert event["multiValueHeaders"]["x"] == ["1", "2"]
    assert event["multiValueHeaders"]["cookie"] == ["a=1", "b=2"]
    assert event["multiValueHeaders"]["host"] == ["weblog.example.com"]


@both
def test_r58_an_encoded_body_is_base64(door: FrontDoor) -> None:
    headers = (("Content-Type", "text/plain"), ("Content-Encoding", "gzip"))
    event = event_of(door, "/", *headers, method="POST", body=b"hello")
    assert (event["body"], event["isBase64Encoded"]) == ("aGVsbG8=", True)


@both
@pytest.mark.parametrize(
    ("content_type", "encoded"),
    [
        ("text/css", False),
        ("application/json", False),
        ("application/javascript; x=y", False),
        ("application/xml", False),
        ("application/x-www-form-urlencoded", True),
        ("", True),
    ],
)
def test_r59_text_types(door: FrontDoor, content_type: str, encoded: bool) -> None:
    headers = [("Content-Type", content_type)] if content_type else []
    event = event_of(door, "/", *headers, method="POST", body=b"hello")
    assert (event["body"], event["isBase64Encoded"]) == (("aGVsbG8=", True) if encoded else ("hello", False))


@both
def test_r60_path_is_raw_and_what_is_missing_is_empty(door: FrontDoor) -> None:
    event = event_of(door, "//a%20b/%2F/")
    assert event["path"] == "//a%20b/%2F/"
    assert event["body"] == ""
    assert event.get("queryStringParameters", event.get("multiValueQueryStringParameters")) == {}


@both
def test_r82_r83_r85_limits(door: FrontDoor) -> None:
    assert refusal_of(door, "/", method="POST", body=b"x" * (1024 * 1024 + 1)).status == 413
    event_of(door, "/", method="POST", body=b"x" * (1024 * 1024))
    assert refusal_of(door, "/", ("X", "v" * 16_384)).status == 400
    event_of(door, "/", ("X", "v" * 16_383))
    room = 65_536 - len("Hostweblog.example.com") - 4 * 16_000
    four = [(f"X{n}", "v" * 15_998) for n in range(4)]
    assert refusal_of(door, "/", *four, ("Y", "v" * room)).status == 400
    event_of(door, "/", *four, ("Y", "v" * (room - 1)))
    assert refusal_of(door, "/" + "a" * 16_381).status == 414
    event_of(door, "/" + "a" * 16_380)


@both
def test_r84_trace_is_refused(door: FrontDoor) -> None:
    refusal = refusal_of(door, "/", method="TRACE")
    assert refusal.status == 405
    assert b"<center><h1>405 Method Not Allowed</h1></center>" in refusal.body


@both
def test_r86_too_many_forwarders(door: FrontDoor) -> None:
    addresses = [f"192.0.2.{n}" for n in range(31)]
    assert refusal_of(door, "/", ("X-Forwarded-For", ", ".join(addresses))).status == 463
    event_of(door, "/", ("X-Forwarded-For", ", ".join(addresses[:30])))


@both
def test_r87_no_websocket_and_no_other_transfer_encoding(door: FrontDoor) -> None:
    upgrade = (("Connection", "Upgrade"), ("Upgrade", "websocket"))
    assert refusal_of(door, "/", *upgrade).status == 400
    assert refusal_of(door, "/", ("Transfer-Encoding", "gzip, chunked")).status == 501
    event_of(door, "/", ("Transfer-Encoding", "chunked"))
