"""Lambda events as AWS makes them, and HTTP responses as AWS makes them of results, for all five types.

Written from AWS's documentation and from recordings, independently of `lambda_proxy`, so that
neither can hide a mistake of the other. The rule numbers are those of docs/events.md.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

HOST = "weblog.example.com"
CLIENT = "203.0.113.7"

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """What a client sends: the raw path and query, the header lines in order, the body."""

    method: str = "GET"
    path: str = "/"
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[str, ...] = ()
    body: bytes = b""

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The header lines as they reach the function, the front door's own included (R11, R12, R51)."""
        lines = [("Host", HOST)]
        if not self.header("user-agent"):
            lines.append(("User-Agent", "test/1.0"))
        lines += [line for line in self.headers if line[0].lower() != "x-forwarded-for"]
        if self.cookies:
            lines.append(("Cookie", "; ".join(self.cookies)))
        chain = [value for name, value in self.headers if name.lower() == "x-forwarded-for"]
        return [
            *lines,
            ("X-Amzn-Trace-Id", "Root=1-67891233-abcdef012345678912345678"),
            ("X-Forwarded-For", ", ".join([*chain, CLIENT])),
            ("X-Forwarded-Port", "443"),
            ("X-Forwarded-Proto", "https"),
        ]

    @property
    def content_type(self) -> str:
        """The media type without its parameters; empty when there is none."""
        for name, value in self.headers:
            if name.lower() == "content-type":
                return value.partition(";")[0].strip()
        return ""

    def header(self, name: str) -> bool:
        """Whether the client sent that header."""
        return any(name == sent.lower() for sent, _ in self.headers)


@dataclass(frozen=True)
class HttpResponse:
    """What a client gets; header names in lower case, cookies in order."""

    status: int
    headers: dict[str, list[str]]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


def grouped(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Pairs as a multi-value map."""
    result: dict[str, list[str]] = {}
    for name, value in pairs:
        result.setdefault(name, []).append(value)
    return result


def body_fields(body: bytes, *, text: bool) -> Json:
    """`body` and `isBase64Encoded` of an event."""
    if text:
        return {"body": body.decode(), "isBase64Encoded": False}
    return {"body": b64encode(body).decode(), "isBase64Encoded": True}


def is_text(request: HttpRequest) -> bool:
    """Whether HTTP API, Function URL and ALB pass the body on as text (R36, R48, R59)."""
    texts = ("application/json", "application/javascript", "application/xml")
    return request.content_type.startswith("text/") or request.content_type in texts


def rest_api(request: HttpRequest) -> Json:
    """API Gateway REST, with `*/*` as binary media type for a body that is not UTF-8 (R14 to R29)."""
    lines = [line for line in request.lines if line[0].lower() not in ("content-length", "connection")]
    query = grouped(parse_qsl(request.query, keep_blank_values=True))
    try:
        body: Json = {"body": request.body.decode() or None, "isBase64Encoded": False}
    except UnicodeDecodeError:
        body = body_fields(request.body, text=False)
    return {
        "resource": "/{proxy+}",
        "path": request.path,
        "httpMethod": request.method,
        "headers": dict(lines),
        "multiValueHeaders": grouped(lines),
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": {"proxy": request.path.strip("/")},
        "stageVariables": None,
        "requestContext": {
            "resourceId": "abc123",
            "resourcePath": "/{proxy+}",
            "httpMethod": request.method,
            "extendedRequestId": "ATfSdF7nPHcErRA=",
            "requestTime": "10/Jul/2026:19:19:04 +0000",
            "path": f"/live{request.path}",
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "live",
            "domainPrefix": "a1b2c3d4e5",
            "requestTimeEpoch": 1783711144000,
            "requestId": "0a1b2c3d-0000-4000-8000-000000000001",
            "identity": {"sourceIp": CLIENT, "userAgent": "test/1.0", "accessKey": None, "user": None},
            "domainName": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
            "apiId": "a1b2c3d4e5",
        },
        **body,
    }


def payload_2(request: HttpRequest, *, raw_path: str, domain: str, route: str) -> Json:
    """What HTTP API and Function URL have in common: payload format 2.0."""
    query = grouped(parse_qsl(request.query, keep_blank_values=True))
    prefix = domain.partition(".")[0]
    event: Json = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": raw_path,
        "rawQueryString": request.query,
        "headers": {
            name: ",".join(values)
            for name, values in grouped([(name.lower(), value) for name, value in request.lines]).items()
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": prefix,
            "domainName": domain,
            "domainPrefix": prefix,
            "http": {
                "method": request.method,
                "path": unquote(request.path),
                "protocol": "HTTP/1.1",
                "sourceIp": CLIENT,
                "userAgent": "test/1.0",
            },
            "requestId": "ATfSmjLgPHcESJw=",
            "routeKey": route,
            "stage": "$default",
            "time": "10/Jul/2026:19:19:04 +0000",
            "timeEpoch": 1783711144000,
        },
        "isBase64Encoded": False,
    }
    if query:
        event["queryStringParameters"] = {name: ",".join(values) for name, values in query.items()}
    if request.cookies:
        event["cookies"] = list(request.cookies)
    if request.body:
        event.update(body_fields(request.body, text=is_text(request)))
    return event


def http_api(request: HttpRequest) -> Json:
    """API Gateway HTTP (R30 to R42): a decoded path, no Cookie header."""
    domain = "f6g7h8i9j0.execute-api.us-east-1.amazonaws.com"
    event = payload_2(request, raw_path=unquote(request.path), domain=domain, route="$default")
    event["headers"].pop("cookie", None)
    return event


def function_url(request: HttpRequest) -> Json:
    """Function URL (R43 to R49): an encoded path, the Cookie header kept."""
    domain = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws"
    return payload_2(request, raw_path=request.path, domain=domain, route="$default")


def _alb(request: HttpRequest) -> Json:
    text = is_text(request) and not request.header("content-encoding")
    arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/weblog/49e9d65c45c6791a"
    event: Json = {
        "requestContext": {"elb": {"targetGroupArn": arn}},
        "httpMethod": request.method,
        "path": request.path,
    }
    return event | (body_fields(request.body, text=text) if request.body else body_fields(b"", text=True))


def _undecoded(query: str) -> list[tuple[str, str]]:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return [(name, value) for name, _, value in pairs]


def alb(request: HttpRequest) -> Json:
    """ALB, single-value (R50 to R60): the last of each, an undecoded query."""
    headers = {name.lower(): value for name, value in request.lines}
    return _alb(request) | {"headers": headers, "queryStringParameters": dict(_undecoded(request.query))}


def alb_multi(request: HttpRequest) -> Json:
    """ALB, multi-value (R56, R57)."""
    return _alb(request) | {
        "multiValueHeaders": grouped([(name.lower(), value) for name, value in request.lines]),
        "multiValueQueryStringParameters": grouped(_undecoded(request.query)),
    }


def response(result: Json, *, lists: tuple[str, ...] = (), single: bool = True) -> HttpResponse:
    """A result as the client sees it; `lists` are the maps of lists that the front door reads (R65)."""
    assert isinstance(result["statusCode"], int), "every front door takes a number"
    pairs = [
        (name, value) for key in lists for name, values in result.get(key, {}).items() for value in values
    ]
    if single:
        pairs += list(result.get("headers", {}).items())
    pairs += [("set-cookie", cookie) for cookie in result.get("cookies", ())]
    body = b64decode(result["body"]) if result["isBase64Encoded"] else result["body"].encode()
    return HttpResponse(result["statusCode"], grouped([(name.lower(), value) for name, value in pairs]), body)


@dataclass(frozen=True)
class EventType:
    """One of the five front doors."""

    name: str
    event: Callable[[HttpRequest], Json]
    result_keys: frozenset[str]
    """The top-level keys that this front door knows; REST fails on any other (R68)."""
    multi_value: bool
    """Whether it reads `multiValueHeaders`."""
    single_value: bool
    """Whether it reads `headers`."""

    def response(self, result: Json) -> HttpResponse:
        """What the client gets for a result."""
        assert result.keys() <= self.result_keys, (
            f"{self.name} does not know {result.keys() - self.result_keys}"
        )
        lists = ("multiValueHeaders",) if self.multi_value else ()
        return response(result, lists=lists, single=self.single_value)


_ALWAYS = frozenset({"statusCode", "body", "isBase64Encoded"})
_ALB = _ALWAYS | {"statusDescription"}

EVENT_TYPES = (
    EventType(
        "apigateway-rest",
        rest_api,
        _ALWAYS | {"headers", "multiValueHeaders"},
        multi_value=True,
        single_value=True,
    ),
    EventType(
        "apigateway-http", http_api, _ALWAYS | {"headers", "cookies"}, multi_value=False, single_value=True
    ),
    EventType(
        "function-url", function_url, _ALWAYS | {"headers", "cookies"}, multi_value=False, single_value=True
    ),
    EventType("application-load-balancer", alb, _ALB | {"headers"}, multi_value=False, single_value=True),
    EventType(
        "application-load-balancer-multi",
        alb_multi,
        _ALB | {"multiValueHeaders"},
        multi_value=True,
        single_value=False,
    ),
)
