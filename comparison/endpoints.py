"""The requests that are sent to the endpoints, with useful inputs, and the endpoints that are left out."""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from comparison.builders import HOST, USER_AGENT, get, post, post_form, post_json
from comparison.served import REQUESTS_TO, SERVED
from lambda_proxy.messages import Request

ENDPOINTS = Path(__file__).resolve().parents[1] / "docs/endpoints.md"

DATADOG = (
    ("x-datadog-trace-id", "3142187420091563812"),
    ("x-datadog-parent-id", "8206532790016534274"),
    ("x-datadog-sampling-priority", "2"),
    ("x-datadog-origin", "synthetics"),
    ("x-datadog-tags", "_dd.p.tid=6912a4b100000000,_dd.p.dm=-4"),
    ("baggage", "user.id=alice"),
)
W3C = (
    ("traceparent", "00-6912a4b1000000002b9b4acf80423f24-71e3c4c3a2b1f0e2-01"),
    ("tracestate", "dd=s:2;o:rum;t.dm:-4,foreign=value"),
)

LEFT_OUT: Mapping[str, str] = {
    "/trace/mongo": "--with has no MongoDB",
    "/trace/cassandra": "--with has no Cassandra",
    "/mock_s3/multipart_upload": "15 MB through a mock take seconds; the other two endpoints of S3 are sent",
}
"""Endpoints that are never sent, each with the reason."""

PACKAGES: Mapping[str, str] = {
    "/graphql": "graphene",
    "/llm": "openai",
    "/stripe/create_checkout_session": "stripe",
    "/stripe/create_payment_intent": "stripe",
    "/stripe/webhook": "stripe",
}
"""Endpoints that need a package of requirements-drivers.txt, and no server but the internal one."""


WEBLOG = "http%3A%2F%2Fweblog%3A7777%2F"
BASIC = ("Authorization", f"Basic {b64encode(b'test:social-security-id').decode()}")
PROXY = (
    ("x-dd-proxy", "aws-apigateway"),
    ("x-dd-proxy-request-time-ms", "1729780025473"),
    ("x-dd-proxy-path", "/api/data"),
    ("x-dd-proxy-httpmethod", "GET"),
    ("x-dd-proxy-domain-name", "system-tests-api-gateway.com"),
    ("x-dd-proxy-stage", "staging"),
)

CHECKOUT = {
    "mode": "payment",
    "client_reference_id": "client-1",
    "customer_email": "someone@example.com",
    "discounts": [{"coupon": "co_1", "promotion_code": "promo_1"}],
    "line_items": [
        {
            "price_data": {"currency": "eur", "product_data": {"name": "test"}, "unit_amount": 500},
            "quantity": 10,
        }
    ],
}

OPERATIONS = tuple(
    f"openai-{client}-{name}.create"
    for client in ("latest", "async")
    for name in ("responses", "chat.completions", "completions")
)


def _webhook(kind: str) -> Request:
    """An event of Stripe, signed as of the year 2100: a signature is refused where it is too old only."""
    signed = 4102444800
    intent = {"id": "pi_FAKE", "object": "payment_intent", "amount": 420, "currency": "eur"}
    body = json.dumps({"id": "evt_1", "object": "event", "type": kind, "data": {"object": intent}})
    signature = hmac.new(b"whsec_FAKE", f"{signed}.{body}".encode(), "sha256").hexdigest()
    return post(
        "/stripe/webhook", body, "application/json", ("Stripe-Signature", f"t={signed},v1={signature}")
    )


REQUESTS: Mapping[str, Sequence[Request]] = {
    "/": [get("/"), get("/", *DATADOG), get("/", *W3C), post("/", "hello", "text/plain")],
    "/params/<path:path>": [get("/params/a/b%20c")],
    # 410: for the setting `blocking`.
    "/status": [get("/status"), get("/status?code=404"), get("/status?code=503"), get("/status?code=410")],
    "/sample_rate_route/<int:i>": [get("/sample_rate_route/7")],
    "/set_cookie": [get("/set_cookie?name=theme&value=dark"), get("/set_cookie")],
    "/resource_renaming/<path:path>": [get("/resource_renaming/users/123/orders")],
    "/read_file": [get("/read_file?file=LICENSE")],
    "/spans": [get("/spans?repeats=3&garbage=2")],
    "/log/library": [get("/log/library?msg=hello&level=warn"), get("/log/library?structured=false")],
    "/spawn_child": [get("/spawn_child?sleep=0&crash=false&fork=false")],
    "/shell_execution": [
        post_json("/shell_execution", {"command": "echo", "args": ["hello"]}),
        post_json("/shell_execution", {"command": "echo hello", "options": {"shell": True}}),
    ],
    "/waf": [
        get("/waf", ("User-Agent", "Arachni/v1")),
        # For the setting `blocking`.
        get("/waf", ("User-Agent", "BlockMe/v1"), ("Accept", "text/html")),
        get("/waf?q=redirect-me"),
        get("/waf?q=%3Cscript%3Ealert(1)%3C/script%3E", ("Cookie", "session=abc; theme=dark")),
        post_json("/waf", {"name": "Zoë", "list": [1, None, {"deep": True}]}),
        post_form("/waf", "a=1&a=2&b=%27%20OR%201%3D1"),
        post("/waf", "<a><b>c</b></a>", "application/xml"),
        get("/waf", ("X-Forwarded-For", "198.51.100.7, 10.0.0.1"), ("Accept", "text/html")),
    ],
    "/waf/<path:path>": [
        get("/waf/hello%20world?x=1&x=2&y=a+b"),
        post("/waf/a/b", "{}", "application/json", method="PUT"),
    ],
    "/tag_value/<path:tag_value>/<int:status_code>": [
        get("/tag_value/hello/201?X-Answer=42"),
        post_json("/tag_value/payload_in_response_body_1/200", {"a": [1, "two"]}),
    ],
    "/tag_value/<path:tag_value>/<int:status_code>/": [get("/tag_value/hello/404/")],
    "/users": [get("/users?user=alice")],
    "/user_login_failure_event": [
        get("/user_login_failure_event"),
        get("/user_login_failure_event?event_user_exists=false"),
    ],
    "/user_login_success_event_v2": [
        post_json("/user_login_success_event_v2", {"login": "alice", "user_id": "u1", "metadata": {"a": "b"}})
    ],
    "/user_login_failure_event_v2": [
        post_json(
            "/user_login_failure_event_v2", {"login": "alice", "exists": "false", "metadata": {"a": "b"}}
        )
    ],
    "/login": [
        get("/login", BASIC),
        post_form("/login", "username=test&password=social-security-id"),
        post_form("/login", "username=nobody&password=wrong"),
        get("/login?sdk_event=success&sdk_user=sdkUser&sdk_mail=a%40b.c", BASIC),
    ],
    "/signup": [post_form("/signup", "username=alice&password=secret")],
    "/session/user": [get("/session/user?sdk_user=alice", ("Cookie", "session_id=abc"))],
    "/api_security/sampling/<int:i>": [get("/api_security/sampling/200")],
    "/api_security_sampling/<int:i>": [get("/api_security_sampling/7")],
    "/api_security/multi-params-in-segment/<id>.<format>": [
        get("/api_security/multi-params-in-segment/7.json")
    ],
    "/api_security/optional-params/<id>": [get("/api_security/optional-params/7")],
    "/api_security/optional-params/<id>.<format>": [get("/api_security/optional-params/7.json")],
    "/endpoint_fallback": [
        get(f"/endpoint_fallback?case={case}") for case in ("with_route", "with_endpoint", "404", "computed")
    ],
    "/endpoint_fallback.php": [get("/endpoint_fallback.php?case=with_route")],
    "/rasp/lfi": [get("/rasp/lfi?file=..%2Fetc%2Fpasswd"), post_form("/rasp/lfi", "file=..%2Fetc%2Fpasswd")],
    # A port that nobody listens on: the answer comes at once, and is the same everywhere.
    "/rasp/ssrf": [get("/rasp/ssrf?domain=127.0.0.1%3A1")],
    "/rasp/sqli": [get("/rasp/sqli?user_id=1%27%20OR%201%20%3D%201%20UNION%20SELECT%201%2C2%20--%20")],
    "/rasp/shi": [get("/rasp/shi?list_dir=%24%28cat%20%2Fetc%2Fpasswd%20%3E%20%2Fdev%2Fnull%29")],
    "/rasp/cmdi": [post_json("/rasp/cmdi", {"command": ["/bin/echo", "hello"]})],
    "/rasp/multiple": [get("/rasp/multiple?file1=..%2Fetc%2Fpasswd&file2=..%2Fetc%2Fgroup")],
    "/make_distant_call": [get(f"/make_distant_call?url={WEBLOG}", *DATADOG)],
    "/inferred-proxy/span-creation": [get("/inferred-proxy/span-creation?status_code=200", *PROXY)],
    "/sqli": [get("/sqli?q=1"), get("/sqli?q=%27")],
    "/otel_drop_in_default_propagator_extract": [get("/otel_drop_in_default_propagator_extract", *W3C)],
    "/otel_drop_in_baggage_api_otel": [
        get(f"/otel_drop_in_baggage_api_otel?url={WEBLOG}&baggage_set=foo%3Dbar", *DATADOG)
    ],
    "/otel_drop_in_baggage_api_datadog": [
        get(f"/otel_drop_in_baggage_api_datadog?url={WEBLOG}&baggage_set=foo%3Dbar", *DATADOG)
    ],
    "/otel_drop_in_extract_and_make_distant_call": [
        get(f"/otel_drop_in_extract_and_make_distant_call?url={WEBLOG}", *W3C)
    ],
    "/exceptionreplay/recursion": [get("/exceptionreplay/recursion?depth=3")],
    "/debugger/exceptionreplay/recursion": [get("/debugger/exceptionreplay/recursion?depth=2")],
    "/exceptionreplay/rps": [get("/exceptionreplay/rps?shape=rock"), get("/exceptionreplay/rps")],
    "/dsm/manual/produce": [get("/dsm/manual/produce?type=kafka&target=orders")],
    "/dsm/manual/produce_with_thread": [get("/dsm/manual/produce_with_thread?type=kafka&target=orders")],
    "/dsm/manual/consume": [get("/dsm/manual/consume?type=kafka&source=orders", ("_datadog", "{}"))],
    "/dsm/manual/consume_with_thread": [
        get("/dsm/manual/consume_with_thread?type=kafka&source=orders", ("_datadog", "{}"))
    ],
    "/dsm/inject": [get("/dsm/inject?topic=orders&integration=kafka")],
    "/dsm/extract": [get("/dsm/extract?topic=orders&integration=kafka&ctx=%7B%7D")],
    "/mock_s3/put_object": [get("/mock_s3/put_object?bucket=uploads&key=a.txt")],
    "/mock_s3/copy_object": [
        get("/mock_s3/copy_object?original_bucket=uploads&original_key=a.txt&bucket=copies&key=b.txt")
    ],
    # These have the internal server behind them, which plays Stripe, OpenAI and AI Guard too.
    "/external_request": [
        get("/external_request?status=201&url_extra=%3Fa%3D1&Witness=yes", *DATADOG),
        post_json("/external_request", {"name": "Zoë", "list": [1, None]}),
        post("/external_request?status=404", "a=1", "application/x-www-form-urlencoded", method="PUT"),
    ],
    "/external_request/body_limit/<failure_reason>": [
        get(f"/external_request/body_limit/{reason}")
        for reason in ("invalid_content_type", "content_length_missing", "content_length_too_big")
    ],
    "/external_request/redirect": [get("/external_request/redirect?totalRedirects=2")],
    "/stripe/create_checkout_session": [post_json("/stripe/create_checkout_session", CHECKOUT)],
    "/stripe/create_payment_intent": [
        post_json("/stripe/create_payment_intent", {"amount": 420, "currency": "eur"}),
        post_json("/stripe/create_payment_intent", {}),
    ],
    "/stripe/webhook": [
        _webhook("payment_intent.succeeded"),
        _webhook("payment_intent.payment_failed"),
        _webhook("payment_intent.canceled"),
        post("/stripe/webhook", "{}", "application/json", ("Stripe-Signature", "t=1,v1=0")),
    ],
    "/llm": [get(f"/llm?model=gpt-4.1&operation={operation}") for operation in OPERATIONS],
    "/ai_guard/evaluate": [
        post_json("/ai_guard/evaluate", [{"role": "user", "content": "What is the weather like?"}]),
        post_json("/ai_guard/evaluate", [{"role": "user", "content": "an attack"}]),
        post(
            "/ai_guard/evaluate",
            '[{"role": "user", "content": "an attack"}]',
            "application/json",
            ("X-AI-Guard-Block", "true"),
            ("X-User-Id", "user-1"),
        ),
    ],
    "/graphql": [
        get("/graphql?query=%7Buser(id%3A1)%7Bname%7D%7D"),
        post_json("/graphql", {"query": "query q { withError }", "operationName": "q"}),
    ],
}
"""What is sent to endpoints that take inputs. The others get one plain request."""


def requests(page: Path = ENDPOINTS) -> Iterator[tuple[str, str, Request]]:
    """All requests to endpoints of the page of endpoints, each with the endpoint's path.

    In between stands the service that the request needs, or the package where that is missing, or nothing.
    """
    for path, methods in documented(page).items():
        if path not in LEFT_OUT and path not in SERVED:
            package = PACKAGES.get(path, "")
            needs = package if package and find_spec(package) is None else ""
            plain = Request(methods[0], path, (HOST, USER_AGENT))
            for request in REQUESTS.get(path, [plain]):
                yield path, needs, request
    for service, paths in REQUESTS_TO.items():
        for path, made in paths.items():
            for request in made:
                yield path, service, request


def documented(page: Path = ENDPOINTS) -> dict[str, list[str]]:
    """The endpoints of the page with their methods."""
    found = {}
    pattern = re.compile(r"^((?:### `\S+`\n)+)([A-Z]+(?:, [A-Z]+)*)$", re.MULTILINE)
    for paths, methods in pattern.findall(page.read_text()):
        for path in re.findall(r"`(\S+)`", paths):
            found[path] = methods.split(", ")
    return found
