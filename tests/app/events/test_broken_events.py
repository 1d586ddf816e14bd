"""An unknown or broken event gets an error that names what is wrong, and nothing else happens."""

from __future__ import annotations

from typing import Any

import pytest

from app.events import InvalidEvent, UnknownEvent
from app.events.triggers import TRIGGERS
from app.handler import lambda_handler
from tests.app.conftest import http_event
from tests.support.events import EVENT_TYPES, EventType, HttpRequest


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ([], "the event is a list, not an object"),
        (None, "the event is a NoneType, not an object"),
        ("text", "the event is a str, not an object"),
        (True, "the event is a bool, not an object"),
        ({}, "no known event has the keys none"),
        ({"healthcheck": False}, "no known event has the keys healthcheck"),
        ({"healthcheck": True, "more": 1}, "no known event has the keys healthcheck, more"),
        (
            {"Records": [{"eventSource": "aws:ses"}]},
            "no known event has the keys Records and records from 'aws:ses'",
        ),
        ({"Records": [{"eventSource": ["odd"]}]}, "and records from ['odd']"),
        ({"Records": [5]}, "no known event has the keys Records;"),
        ({"Records": 5}, "no known event has the keys Records;"),
        ({"requestContext": {"routeKey": "$connect"}}, "no known event has the keys requestContext"),
        ({"eventSource": "aws:mq", "rmqMessagesByQueue": {}}, "keys eventSource, rmqMessagesByQueue"),
        ({"weblog": {"do": "log"}, "Records": []}, "keys weblog, Records"),
        ({"_datadog": 5}, "keys _datadog"),
    ],
)
def test_unknown_events(event: Any, found: str) -> None:
    with pytest.raises(UnknownEvent) as caught:
        lambda_handler(event, None)
    assert found in str(caught.value)
    for known in (
        "API Gateway REST",
        "API Gateway HTTP",
        "Function URL",
        "ALB",
        "ALB multi",
        "healthcheck",
        *(trigger.title for trigger in TRIGGERS),
    ):
        assert known in str(caught.value)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (
            {"httpMethod": "GET", "path": "/"},
            "API Gateway REST event: `requestContext` must be an object, it is missing",
        ),
        (
            {"rawPath": "/", "requestContext": None},
            "API Gateway HTTP event: `requestContext` must be an object, it is NoneType",
        ),
        (
            {"rawPath": "/", "requestContext": {}},
            "API Gateway HTTP event: `requestContext.http` must be an object",
        ),
        (
            {"path": "/", "requestContext": {"stage": "live"}},
            "API Gateway REST event: `httpMethod` must be a string that is not empty, it is missing",
        ),
    ],
)
def test_events_without_the_part_that_tells_their_type(event: Any, message: str) -> None:
    with pytest.raises(InvalidEvent) as caught:
        lambda_handler(event, None)
    assert str(caught.value) == message


REST, HTTP, URL, ALB, ALB_MULTI = EVENT_TYPES


@pytest.mark.parametrize(
    ("event_type", "change", "message"),
    [
        (
            REST,
            {"path": None},
            "API Gateway REST event: `path` must be a string that is not empty, it is None",
        ),
        (
            REST,
            {"httpMethod": 1},
            "API Gateway REST event: `httpMethod` must be a string that is not empty, it is 1",
        ),
        (
            HTTP,
            {"rawPath": None},
            "API Gateway HTTP event: `rawPath` must be a string that is not empty, it is None",
        ),
        (URL, {"rawPath": ""}, "Function URL event: `rawPath` must be a string that is not empty, it is ''"),
        (ALB, {"path": None}, "ALB event: `path` must be a string that is not empty, it is None"),
        (
            ALB_MULTI,
            {"path": []},
            "ALB multi event: `path` must be a string that is not empty, it is []",
        ),
        (HTTP, {"cookies": "a=1"}, "API Gateway HTTP event: `cookies` must be a list, it is str"),
        (ALB, {"headers": []}, "ALB event: `headers` must be an object or null, it is list"),
        (ALB, {"headers": {"x": 1}}, "ALB event: `headers.x` must be a string, it is int"),
        (
            ALB_MULTI,
            {"multiValueHeaders": {"x": "y"}},
            "ALB multi event: `multiValueHeaders.x` must be a list",
        ),
        (REST, {"multiValueHeaders": {"x": [1]}}, "`multiValueHeaders.x` must be a string, it is int"),
        (
            REST,
            {"multiValueQueryStringParameters": {"q": "1"}},
            "`multiValueQueryStringParameters.q` must be a list",
        ),
        (
            ALB,
            {"queryStringParameters": {"q": ["1"]}},
            "`queryStringParameters.q` must be a string, it is list",
        ),
        (HTTP, {"rawQueryString": 7}, "`rawQueryString` must be a string, it is int"),
    ],
)
def test_events_with_a_broken_part(event_type: EventType, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidEvent) as caught:
        lambda_handler({**event_type.event(HttpRequest()), **change}, None)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"body": "***", "isBase64Encoded": True}, "`body` is not valid base64, but isBase64Encoded is true"),
        ({"body": "YQ", "isBase64Encoded": True}, "`body` is not valid base64, but isBase64Encoded is true"),
        ({"body": "é", "isBase64Encoded": True}, "`body` is not valid base64, but isBase64Encoded is true"),
        ({"body": {"a": 1}}, "`body` must be a string or null, it is dict"),
        ({"body": 1}, "`body` must be a string or null, it is int"),
        ({"body": "\ud800", "isBase64Encoded": False}, "`body` is not valid text: surrogates not allowed"),
        ({"isBase64Encoded": "false"}, "`isBase64Encoded` must be true or false, it is 'false'"),
    ],
)
def test_broken_bodies(event_type: EventType, change: dict[str, Any], message: str) -> None:
    event = {**event_type.event(HttpRequest(method="POST", body=b"x")), **change}
    with pytest.raises(InvalidEvent, match=message.replace("*", r"\*")):
        lambda_handler(event, None)


@pytest.mark.parametrize("field", ["path", "query", "header"])
def test_half_a_character(event_type: EventType, field: str) -> None:
    # JSON can hold half of a surrogate pair, which is not valid text.
    half = "\ud800"
    parts: dict[str, dict[str, Any]] = {
        "path": {"path": f"/{half}"},
        "query": {"query": f"q={half}"},
        "header": {"headers": (("x", half),)},
    }
    try:
        event = event_type.event(HttpRequest(**parts[field]))
    except UnicodeEncodeError:
        pytest.skip("not even the test can make that event")
    with pytest.raises(InvalidEvent, match="is not valid text"):
        lambda_handler(event, None)


def test_what_a_console_test_leaves_null(event_type: EventType) -> None:
    event = event_type.event(HttpRequest())
    for key in ("headers", "queryStringParameters", "multiValueQueryStringParameters", "cookies", "body"):
        if key in event:
            event[key] = None
    if "multiValueHeaders" in event:
        event["multiValueHeaders"] = None
    assert event_type.response(lambda_handler(event, None)).status == 200


def test_query_maps_without_the_raw_or_the_multi_value_one() -> None:
    rest = {**REST.event(HttpRequest()), "queryStringParameters": {"user": "a b"}}
    http = {**HTTP.event(HttpRequest()), "rawQueryString": "", "queryStringParameters": {"user": "a b"}}
    assert http_event(rest).query_string == http_event(http).query_string == "user=a+b"


def test_a_named_stage_of_an_http_api_is_no_part_of_the_apps_path() -> None:
    event = HTTP.event(HttpRequest(path="/prod/waf/x"))
    event["requestContext"]["stage"] = "prod"
    request = http_event(event)
    assert (request.script_name, request.path) == ("/prod", "/waf/x")
    # Behind a custom domain the stage is not in the path.
    event["requestContext"]["domainName"] = "api.example.com"
    request = http_event(event)
    assert (request.script_name, request.path) == ("", "/prod/waf/x")
