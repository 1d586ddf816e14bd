"""API Gateway REST: rules R14 to R29, R110 and R113 of docs/events.md, and the limits that are its own."""

from __future__ import annotations

import json

import pytest

from lambda_proxy.front_doors import Alb, FunctionUrl, HttpApi, Options, RestApi
from lambda_proxy.front_doors.routes import parse_routes
from lambda_proxy.messages import Request
from tests.lambda_proxy.support import ARRIVAL, event_of, refusal_of, response_of, values

REST = RestApi()


def with_routes(text: str) -> RestApi:
    return RestApi(Options(routes=parse_routes(text)))


def test_r14_r15_path_and_parameters_stay_encoded() -> None:
    event = event_of(REST, "/capture/space%20value%2Fx")
    assert event["path"] == "/capture/space%20value%2Fx"
    assert event["pathParameters"] == {"proxy": "capture/space%20value%2Fx"}


def test_r16_r27_context_path_has_the_stage_and_the_path_has_not() -> None:
    event = event_of(REST, "/capture/space%20value")
    assert event["requestContext"]["stage"] == "Prod"
    assert event["requestContext"]["path"] == "/Prod/capture/space%20value"
    assert event["path"] == "/capture/space%20value"


def test_r17_greedy_resource_takes_the_whole_path() -> None:
    event = event_of(REST, "/a/b/c")
    assert event["resource"] == event["requestContext"]["resourcePath"] == "/{proxy+}"


def test_r17_root_has_no_parameters() -> None:
    event = event_of(REST, "/")
    assert event["resource"] == event["requestContext"]["resourcePath"] == "/"
    assert event["pathParameters"] is None


@pytest.mark.parametrize(
    ("path", "resource", "parameters"),
    [
        ("/users/7%201", "/users/{userId}", {"userId": "7%201"}),
        ("/users/me", "/users/me", None),
        ("/users/7/posts/8", "/users/{userId}/posts/{postId}", {"userId": "7", "postId": "8"}),
        ("/files/a/b/", "/files/{path+}", {"path": "a/b"}),
    ],
)
def test_r17_the_api_s_own_resources(path: str, resource: str, parameters: dict[str, str] | None) -> None:
    api = with_routes("/{any}, /users/{userId}, /users/me, /users/{userId}/posts/{postId}, /files/{path+}")
    event = event_of(api, path)
    assert (event["resource"], event["pathParameters"]) == (resource, parameters)


def test_r18_slashes() -> None:
    event = event_of(REST, "/proxy-value/")
    assert (event["path"], event["pathParameters"]["proxy"]) == ("/proxy-value/", "proxy-value")
    event = event_of(REST, "/a//b")
    assert (event["path"], event["pathParameters"]["proxy"]) == ("/a//b", "a//b")
    event = event_of(REST, "//a")
    assert (event["path"], event["requestContext"]["path"]) == ("/a", "/Prod//a")


def test_r19_last_value_and_all_values() -> None:
    event = event_of(REST, "/", ("X-Twice", "first"), ("X-Twice", "second"))
    assert event["headers"]["X-Twice"] == "second"
    assert event["multiValueHeaders"]["X-Twice"] == ["first", "second"]
    assert event["headers"].keys() == event["multiValueHeaders"].keys()


def test_r20_case_is_the_client_s_but_for_the_canonical_names() -> None:
    sent = ["tEsT-HEADeR", "hOST", "uSER-agent", "AUTHORIZATION"]
    forwarded = ["x-amzn-TRACE-id", "x-FORWARDED-for", "x-forwarded-PORT", "x-forwarded-proto"]
    request = Request(headers=[(name, "Root=1-2-3") for name in [*sent, *forwarded]])
    event = REST.event(request, ARRIVAL)
    assert list(event["headers"]) == [
        "tEsT-HEADeR",
        "Host",
        "User-Agent",
        "Authorization",
        "X-Forwarded-For",
        "X-Forwarded-Port",
        "X-Forwarded-Proto",
        "X-Amzn-Trace-Id",
    ]


def test_r21_length_and_connection_are_left_out() -> None:
    event = event_of(REST, "/", ("Content-Length", "2"), ("CONNECTION", "close"), method="POST", body=b"hi")
    assert not {"content-length", "connection"} & {name.lower() for name in event["headers"]}


def test_r110_more_headers_are_left_out() -> None:
    names = ["Trailer", "Max-Forwards", "Content-MD5", "Server", "Proxy-Authenticate", "WWW-Authenticate"]
    event = event_of(REST, "/", *((name, "1") for name in names), *((name.lower(), "2") for name in names))
    assert event["headers"] == {
        "Host": "weblog.example.com",
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Port": "7777",
        "X-Forwarded-Proto": "http",
        "X-Amzn-Trace-Id": f"Root={ARRIVAL.trace_root}",
    }
    assert event["multiValueHeaders"] == {name: [value] for name, value in event["headers"].items()}
    for door in (HttpApi(), FunctionUrl(), Alb()):
        assert {name.lower() for name in names} <= event_of(door, "/", *((n, "1") for n in names))[
            "headers"
        ].keys()


def test_r22_query_is_decoded() -> None:
    event = event_of(REST, "/?a=1&a=2+3&b=%2B&c%20d=%C3%A9&e")
    assert event["queryStringParameters"] == {"a": "2 3", "b": "+", "c d": "é", "e": ""}
    assert event["multiValueQueryStringParameters"] == {
        "a": ["1", "2 3"],
        "b": ["+"],
        "c d": ["é"],
        "e": [""],
    }


def test_r23_what_is_missing_is_null() -> None:
    event = event_of(REST, "/")
    for key in (
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "stageVariables",
        "body",
    ):
        assert event[key] is None


@pytest.mark.parametrize(
    ("content_type", "encoded"),
    [("image/png", True), ("application/pdf; x=1", True), ("application/json", False), ("text/plain", False)],
)
def test_r24_base64_by_binary_media_types(content_type: str, encoded: bool) -> None:
    api = RestApi(Options(binary_media_types=("image/*", "application/pdf")))
    event = event_of(api, "/", ("Content-Type", content_type), method="POST", body=b"hello")
    assert event["isBase64Encoded"] is encoded
    assert event["body"] == ("aGVsbG8=" if encoded else "hello")


def test_r24_everything_is_binary_with_two_stars_and_nothing_without() -> None:
    everything = RestApi(Options(binary_media_types=("*/*",)))
    assert event_of(everything, "/", method="POST", body=b"hi")["isBase64Encoded"] is True
    event = event_of(REST, "/", ("Content-Type", "image/png"), method="POST", body=b"\xff\xfea")
    assert (event["body"], event["isBase64Encoded"]) == ("\ufffd\ufffda", False)


@pytest.mark.parametrize("content_type", ["random/test", "*/test"])
def test_r113_a_wildcard_on_the_left_matches_nothing(content_type: str) -> None:
    api = RestApi(Options(binary_media_types=("image/png", "*/test")))
    event = event_of(api, "/", ("Content-Type", content_type), method="POST", body=b"hello")
    assert (event["body"], event["isBase64Encoded"]) == ("hello", False)
    result = {"isBase64Encoded": True, "body": "aGVsbG8="}
    assert response_of(api, result, ("Accept", content_type)).body == b"aGVsbG8="


def test_r25_identity_is_complete() -> None:
    identity = event_of(REST, "/", ("User-Agent", "curl/8"), peer="203.0.113.7")["requestContext"]["identity"]
    assert identity.pop("sourceIp") == "203.0.113.7"
    assert identity.pop("userAgent") == "curl/8"
    assert identity == dict.fromkeys(
        [
            "accessKey",
            "accountId",
            "caller",
            "cognitoAuthenticationProvider",
            "cognitoAuthenticationType",
            "cognitoIdentityId",
            "cognitoIdentityPoolId",
            "principalOrgId",
            "user",
            "userArn",
        ]
    )


@pytest.mark.parametrize(("method", "path"), [("GET", "/unknown"), ("POST", "/known")])
def test_r26_unknown_resource_or_method(method: str, path: str) -> None:
    refusal = refusal_of(with_routes("GET /known"), path, method=method)
    assert refusal.status == 403
    assert refusal.body == b'{"message":"Missing Authentication Token"}'
    assert values(refusal, "x-amzn-ErrorType") == ["MissingAuthenticationTokenException"]


def test_r28_semicolon_splits_the_query() -> None:
    assert event_of(REST, "/?a=1;b=2")["queryStringParameters"] == {"a": "1", "b": "2"}


def test_r29_no_version() -> None:
    assert "version" not in event_of(REST)


def test_r83_r85_limits() -> None:
    room = 10_240 - len("weblog.example.com")
    refusal = refusal_of(REST, "/", ("X", "v" * (room + 1)))
    assert (refusal.status, refusal.body) == (431, b'{"message":"Request Header Fields Too Large"}')
    event_of(REST, "/", ("X", "v" * room))
    refusal = refusal_of(REST, "/" + "a" * 10_240)
    assert (refusal.status, refusal.body) == (414, b'{"message":"Request-URI Too Long"}')
    event_of(REST, "/" + "a" * 10_239)


def test_r89_names_are_case_sensitive() -> None:
    event = event_of(REST, "/?A=1&a=2", ("X-One", "1"), ("x-one", "2"))
    assert event["queryStringParameters"] == {"A": "1", "a": "2"}
    assert (event["headers"]["X-One"], event["headers"]["x-one"]) == ("1", "2")


def test_refusals_are_json() -> None:
    refusal = refusal_of(with_routes("/known"), "/unknown")
    assert json.loads(refusal.body) == {"message": "Missing Authentication Token"}
    assert values(refusal, "Content-Type") == ["application/json"]
