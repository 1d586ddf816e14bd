"""API Gateway HTTP API and Function URL: rules R30 to R49 and R109 of docs/events.md."""

from __future__ import annotations

import pytest

from lambda_proxy.front_doors import Alb, AlbMulti, FrontDoor, FunctionUrl, HttpApi, Options, RestApi
from lambda_proxy.front_doors.routes import parse_routes
from lambda_proxy.messages import Response
from tests.lambda_proxy.support import ARRIVAL, event_of, refusal_of

HTTP = HttpApi()
URL = FunctionUrl()
both = pytest.mark.parametrize("door", [HTTP, URL], ids=["http-api", "function-url"])


def with_routes(text: str) -> HttpApi:
    return HttpApi(Options(routes=parse_routes(text)))


def test_r30_http_api_decodes_every_path() -> None:
    event = event_of(with_routes("/{proxy+}"), "/capture/space%20value/a%2Fb")
    assert event["rawPath"] == "/capture/space value/a/b"
    assert event["requestContext"]["http"]["path"] == "/capture/space value/a/b"
    assert event["pathParameters"] == {"proxy": "capture/space value/a/b"}


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        ("/capture/plain", "/capture/plain"),
        ("/capture/space%20value", "/capture/space value"),
        ("/capture/question%3Fvalue", "/capture/question"),
        ("/capture/hash%23value", "/capture/hash#value"),
        ("/capture/slash%2Fvalue", "/capture/slash/value"),
        ("/capture/unicode-%CE%BB-%E4%B8%96%E7%95%8C", "/capture/unicode-λ-世界"),
        ("/capture/literal%252Fvalue", "/capture/literal/value"),
        ("/capture/literal%253Fvalue", "/capture/literal?value"),
        ("/capture/literal%2525value", "/capture/literal%value"),
        ("/capture/cut%3F%zz", "/capture/cut"),
    ],
)
def test_r109_http_api_decodes_twice(sent: str, got: str) -> None:
    event = event_of(with_routes("/{proxy+}"), f"{sent}?q=1")
    paths = (event["rawPath"], event["requestContext"]["http"]["path"], event["pathParameters"])
    assert paths == (got, got, {"proxy": got.removeprefix("/")})
    assert event["rawQueryString"] == "q=1"


@pytest.mark.parametrize("path", ["/capture/percent%25done", "/capture/%2", "/%zz", "/%25"])
def test_r109_http_api_refuses_what_it_cannot_decode_twice(path: str) -> None:
    refusal = refusal_of(with_routes("/{proxy+}"), path)
    assert refusal == Response(
        400,
        [("Content-Type", "application/json"), ("Apigw-Requestid", ARRIVAL.short_id)],
        b'{"message":"Bad Request"}',
    )
    # A Function URL decodes once, and what cannot be decoded stays.
    event_of(URL, path)


def test_r109_others_decode_once_or_not_at_all() -> None:
    event = event_of(URL, "/a%252Fb%3Fc")
    assert (event["rawPath"], event["requestContext"]["http"]["path"]) == ("/a%252Fb%3Fc", "/a%2Fb?c")
    for door in (RestApi(), Alb(), AlbMulti()):
        assert event_of(door, "/a%252Fb%3Fc%2525")["path"] == "/a%252Fb%3Fc%2525"


def test_r31_r42_route_key_is_the_best_route_s() -> None:
    api = with_routes("$default, ANY /{proxy+}, POST /users/{userId}, GET /users/me")
    keys = {
        ("POST", "/users/7"): "POST /users/{userId}",
        ("GET", "/users/me"): "GET /users/me",
        ("GET", "/users/7"): "ANY /{proxy+}",
        ("GET", "/"): "$default",
    }
    for (method, path), key in keys.items():
        event = event_of(api, path, method=method)
        assert event["routeKey"] == event["requestContext"]["routeKey"] == key


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("GET", "/x", "GET /x"),
        ("POST", "/x", "ANY /x"),
        ("GET", "/y", "ANY /{one}"),
        ("GET", "/y/z", "ANY /{all+}"),
        ("GET", "/x/y", "ANY /x/{all+}"),
        ("GET", "/", "$default"),
    ],
)
def test_r42_the_order_of_routes_does_not_matter(method: str, path: str, key: str) -> None:
    routes = ["$default", "/{all+}", "/{one}", "/x/{all+}", "ANY /x", "GET /x"]
    for listed in (routes, routes[::-1]):
        assert event_of(with_routes(",".join(listed)), path, method=method)["routeKey"] == key


def test_r31_everything_goes_to_the_default_route() -> None:
    event = event_of(HTTP, "/any")
    assert event["routeKey"] == "$default"
    assert "pathParameters" not in event


@both
def test_r32_r33_r46_headers_are_lower_case_and_joined(door: FrontDoor) -> None:
    headers = event_of(door, "/", ("X-Twice", "first"), ("x-twice", "second"))["headers"]
    assert headers["x-twice"] == "first,second"
    assert headers["host"] == "weblog.example.com"
    assert all(name == name.lower() for name in headers)


def test_r34_http_api_moves_cookies() -> None:
    event = event_of(HTTP, "/", ("Cookie", "a=1; b=2"), ("Cookie", "c=3"))
    assert event["cookies"] == ["a=1", "b=2", "c=3"]
    assert "cookie" not in event["headers"]


def test_r46_function_url_keeps_cookies_in_both_places() -> None:
    event = event_of(URL, "/", ("Cookie", "a=1; b=2"), ("Cookie", "c=3"))
    assert event["cookies"] == ["a=1", "b=2", "c=3"]
    assert event["headers"]["cookie"] == "a=1; b=2; c=3"


def test_r46_function_url_tells_of_tls() -> None:
    assert {"x-amzn-tls-version", "x-amzn-tls-cipher-suite"} <= event_of(URL)["headers"].keys()
    assert "x-amzn-tls-version" not in event_of(HTTP)["headers"]


@both
def test_r35_r37_what_is_missing_is_absent(door: FrontDoor) -> None:
    event = event_of(door, "/")
    absent = {"cookies", "body", "queryStringParameters", "pathParameters", "stageVariables"}
    assert not absent & event.keys()
    assert event["isBase64Encoded"] is False


@both
@pytest.mark.parametrize(
    ("content_type", "encoded"),
    [
        ("text/csv", False),
        ("application/json; charset=utf-8", False),
        ("APPLICATION/XML", False),
        ("application/javascript", False),
        ("application/x-www-form-urlencoded", True),
        ("multipart/form-data; boundary=x", True),
        ("application/vnd.api+json", True),
        ("image/png", True),
        ("", True),
    ],
)
def test_r36_r48_text_types(door: FrontDoor, content_type: str, encoded: bool) -> None:
    headers = [("Content-Type", content_type)] if content_type else []
    event = event_of(door, "/", *headers, method="POST", body=b"hello")
    assert event["isBase64Encoded"] is encoded
    assert event["body"] == ("aGVsbG8=" if encoded else "hello")


@both
def test_r38_query(door: FrontDoor) -> None:
    event = event_of(door, "/?a=1&a=2%20+&b=%2B&c")
    assert event["rawQueryString"] == "a=1&a=2%20+&b=%2B&c"
    assert event["queryStringParameters"] == {"a": "1,2  ", "b": "+", "c": ""}
    assert event_of(door, "/")["rawQueryString"] == ""


def test_r39_no_route() -> None:
    refusal = refusal_of(with_routes("GET /known"), "/unknown")
    assert (refusal.status, refusal.body) == (404, b'{"message":"Not Found"}')


def test_r40_version_and_stage() -> None:
    event = event_of(HTTP)
    assert (event["version"], event["requestContext"]["stage"]) == ("2.0", "$default")


def test_r41_headers_of_the_gateway_s_own() -> None:
    event = event_of(HTTP, "/", ("Content-Length", "2"), method="POST", body=b"hi", port=443, scheme="https")
    assert event["headers"] == {
        "host": "weblog.example.com",
        "content-length": "2",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
        "x-amzn-trace-id": "Root=1-6a5142a8-0123456789abcdef01234567",
    }


def test_r41_a_chunked_body_gets_its_length() -> None:
    headers = event_of(HTTP, "/", ("Transfer-Encoding", "chunked"), method="POST", body=b"hi")["headers"]
    assert headers["content-length"] == "2"
    assert "transfer-encoding" not in headers


def test_r43_function_url_has_one_route_and_stage() -> None:
    event = event_of(URL, "/any/path")
    assert event["version"] == "2.0"
    assert event["routeKey"] == event["requestContext"]["routeKey"] == "$default"
    assert event["requestContext"]["stage"] == "$default"


def test_r44_function_url_s_two_paths() -> None:
    event = event_of(URL, "/capture/space%20value")
    assert event["rawPath"] == "/capture/space%20value"
    assert event["requestContext"]["http"]["path"] == "/capture/space value"


@pytest.mark.parametrize("method", ["GET", "DELETE", "TRACE", "PROPFIND"])
def test_r45_function_url_refuses_no_path_or_method(method: str) -> None:
    event = event_of(URL, "/no/such/thing", method=method)
    assert event["requestContext"]["http"]["method"] == method


def test_r47_no_authorizer() -> None:
    context = event_of(URL)["requestContext"]
    assert context["authorizer"] is None
    assert "authentication" not in context


def test_r49_function_url_s_domain() -> None:
    context = event_of(URL)["requestContext"]
    name, rest = context["domainName"].split(".", 1)
    assert len(name) == 32
    assert rest == "lambda-url.us-east-1.on.aws"
    assert name == context["apiId"]
    assert context["accountId"] == "anonymous"


def test_r83_http_api_limits_line_and_headers_together() -> None:
    room = 10_240 - len("GET") - len("weblog.example.com")
    assert refusal_of(HTTP, "/" * 5_000, ("X", "v" * (room - 4_999))).status == 431
    event_of(HTTP, "/" * 5_000, ("X", "v" * (room - 5_000)))


def test_r90_without_cors_preflight_goes_to_the_function() -> None:
    event = event_of(HTTP, "/", ("Access-Control-Request-Method", "POST"), method="OPTIONS")
    assert event["requestContext"]["http"]["method"] == "OPTIONS"
