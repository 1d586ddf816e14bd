"""Each known finding is recognised, and what only looks like one is new."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.processes import REPOSITORY
from tests.trace_checks import records
from tests.trace_checks.records import CONTEXT, NOW, SECOND, message, plain, request, uploaded
from trace_checks.findings import FINDINGS
from trace_checks.judge import Violation, new_violations, violations
from trace_checks.record import Settings

Json = dict[str, Any]

SETTINGS = Settings(service="weblog", appsec=True)
PACKAGE = "/opt/python/lib/python3.13/site-packages/datadog_lambda"


def traceback(place: str) -> list[str]:
    """What datadog_lambda writes to the log when it fails there."""
    return [
        "Error: no. Traceback: Traceback (most recent call last):",
        f'  File "{PACKAGE}/wrapper.py", line 1, in _before',
        f'  File "{PACKAGE}/other.py", line 2, in {place}',
        "AttributeError: no",
    ]


def lost(event: Json, place: str = "") -> Json:
    """No trace came of this event."""
    made = plain()
    made.update(event=event, traces=[])
    made["log"] += traceback(place) if place else []
    return made


def function_url() -> Json:
    made = request()
    event = made["event"]
    context = event["requestContext"]
    context |= {"domainName": "abc.lambda-url.us-east-1.on.aws", "http": {"method": "GET", "path": "/a"}}
    event |= {"version": "2.0", "rawPath": "/a", "routeKey": "$default"}
    context["timeEpoch"] = context.pop("requestTimeEpoch")
    return made


def without_time() -> Json:
    event = function_url()["event"]
    del event["requestContext"]["timeEpoch"]
    return lost(event)


def notification() -> Json:
    """SNS through SQS without a context: two traces."""
    made = message()
    record = made["event"]["Records"][0]
    record["body"] = json.dumps(
        {"Type": "Notification", "TopicArn": "arn:t", "Timestamp": "2027-01-15T07:59:00.000Z"}
    )
    record["messageAttributes"] = {}
    above = records.span("aws.sns", 9, 0, -5 * SECOND, SECOND) | {"trace_id": 8}
    made["traces"].append([above])
    return made


def stream(data: str, *, time: float | None = NOW / 1e9) -> Json:
    made = message()
    made["event"] = {
        "Records": [
            {
                "eventSource": "aws:kinesis",
                "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/clicks",
                "eventID": "shard:1",
                "kinesis": {
                    "data": base64.b64encode(data.encode()).decode(),
                    "approximateArrivalTimestamp": time,
                },
            }
        ]
    }
    return made


def state_machine() -> Json:
    from trace_checks.sources import source_of

    made = plain()
    made["event"] = {
        "Execution": {"Id": "arn:aws:states:us-east-1:123456789012:execution:shop:1"},
        "State": {"Name": "Pay", "EnteredTime": "2027-01-15T07:59:00.000Z"},
        "StateMachine": {"Id": "arn:aws:states:us-east-1:123456789012:stateMachine:shop"},
    }
    context = source_of(made["event"]).context or {}
    for one in made["traces"][0]:
        one["trace_id"] = int(context["x-datadog-trace-id"])
    made["traces"][0][0]["parent_id"] = int(context["x-datadog-parent-id"])
    return made


def carrying(**more: str) -> Json:
    made = message()
    carried = {name: value for name, value in {**CONTEXT, **more}.items() if value}
    attribute = made["event"]["Records"][0]["messageAttributes"]["_datadog"]
    attribute["stringValue"] = json.dumps(carried)
    return made


def ignored() -> Json:
    """The event carries a context without a priority; the trace is a new one."""
    made = carrying(**{"x-datadog-sampling-priority": ""})
    return in_new_trace(made)


def in_new_trace(made: Json) -> Json:
    for one in made["traces"][0]:
        one["trace_id"] = 8
    made["traces"][0][0]["parent_id"] = 0
    return made


def policy() -> Json:
    carried = base64.b64encode(json.dumps({**CONTEXT, "x-datadog-trace-id": "8"}).encode()).decode()
    made = plain({"principalId": "me", "policyDocument": {}, "context": {"_datadog": carried}})
    made["event"] = {"_datadog": 5}
    made["log"] += traceback("is_step_function_event")
    return made


def with_traceback(place: str) -> Json:
    made = request()
    made["log"] += traceback(place)
    return made


def with_change(make: Callable[[], Json], index: int, **change: Any) -> Json:
    """A record of which one span is changed; `meta` and `metrics` are added to."""
    made = make()
    span = made["traces"][0][index]
    for name, value in change.items():
        span[name] = {**span[name], **value} if isinstance(value, dict) else value
    return made


def with_shared_service() -> Json:
    made = with_change(request, 0, service="weblog", meta={"_dd.appsec.event_rules.version": "1"})
    del made["traces"][0][1]["meta"]["_dd.appsec.event_rules.version"]
    return made


def of_5xx() -> Json:
    made = with_change(request, 1, error=1, meta={"http.status_code": "503"})
    made["result"]["statusCode"] = 503
    made["traces"][0][0]["meta"]["http.status_code"] = "503"
    return made


def without_user_agent() -> Json:
    made = function_url()
    root, function, _ = made["traces"][0]
    root |= {"name": "aws.lambda.url"}
    del root["meta"]["http.useragent"]
    for name in ("http.request.headers.user-agent", "_dd.appsec.event_rules.version"):
        del function["meta"][name]
    del function["metrics"]["_dd.appsec.enabled"]
    return made


def split() -> Json:
    """Flask's spans are in the trace of a header that lacks its parent."""
    made = with_change(request, 2, trace_id=8, parent_id=0)
    made["event"]["headers"]["x-datadog-trace-id"] = "8"
    return made


def with_parameters(parameters: object) -> Json:
    event: Json = request()["event"]
    return {**event, "pathParameters": parameters}


NONE = {"meta": {"function.request.note": "None"}}

KNOWN: dict[str, tuple[str, Json]] = {
    "D1": ("one-trace", without_time()),
    "D2": ("one-trace", lost({"Records": 5}, "get_first_record")),
    "D3": ("one-trace", notification()),
    "D4": ("context-continued", stream(json.dumps({"name": "Zoë", "_datadog": CONTEXT}, ensure_ascii=False))),
    "D5": ("context-continued", state_machine()),
    "D6": ("context-carried-on", carrying(**{"x-datadog-origin": "rum"})),
    "D7": ("context-continued", ignored()),
    "D8": ("policy-context", policy()),
    "D9": ("span-pointers", uploaded("a+b%C3%A9.txt")),
    "D10": ("no-traceback", with_traceback("asm_start_request")),
    "D11": ("appsec-context", with_shared_service()),
    "D12": ("no-http", with_change(message, 0, meta={"http.endpoint": "/"})),
    "D13": ("error-path", of_5xx()),
    "D14": ("url", with_change(request, 0, meta={"http.url": f"https://{records.HOST}/a%20b"})),
    "D15": ("start", stream("{}", time=None)),
    "D16": ("no-none", with_change(request, 1, **NONE)),
    "D17": ("user-agent", without_user_agent()),
    "D18": ("one-trace", lost(with_parameters(5), "_schema_callback")),
    "split-context": ("one-trace", split()),
    "second-service": (
        "appsec-context",
        with_change(request, 2, service="other", meta={"_dd.appsec.event_rules.version": "1"}),
    ),
}
KNOWN["D4"][1]["traces"][0][0]["parent_id"] = 0
KNOWN["D15"][1]["traces"][0][0]["start"] = 0


def found(made: Json, settings: Settings = SETTINGS) -> list[Violation]:
    return violations(made, None, settings)


@pytest.mark.parametrize("name", KNOWN)
def test_a_finding_is_recognised(name: str) -> None:
    check, made = KNOWN[name]
    settings = Settings(service="weblog") if name == "D17" else SETTINGS
    assert (check, name) in {(violation.id, violation.finding) for violation in found(made, settings)}


def test_every_finding_is_tested() -> None:
    assert list(KNOWN) == [
        *(f"D{number}" for number in range(1, 19)),
        "split-context",
        "second-service",
    ]
    assert {finding.id for finding in FINDINGS} == set(KNOWN)


def test_findings_and_their_page_have_the_same_names() -> None:
    page = (REPOSITORY / "docs/findings.md").read_text()
    known = {finding.id for finding in FINDINGS}
    assert set(re.findall(r"^### (D\d+)", page, re.MULTILINE)) <= known
    assert {name for name in known if not re.fullmatch(r"D\d+", name)} <= set(
        re.findall(r"`([a-z-]+)`", page)
    )


def with_log(make: Callable[[], Json], place: str) -> Json:
    """The same, and datadog_lambda failed there."""
    made = make()
    made["log"] += traceback(place)
    return made


def with_links(made: Json, *span_ids: int) -> Json:
    made["traces"][0][1]["span_links"] = [{"trace_id": 7, "span_id": span_id} for span_id in span_ids]
    return made


def batch() -> Json:
    """Three messages; the second and the third carry contexts of their own."""
    made = message()
    first = made["event"]["Records"][0]
    for parent in (98, 99):
        further = records.changed(first)
        carried = {**CONTEXT, "x-datadog-parent-id": str(parent)}
        further["messageAttributes"]["_datadog"]["stringValue"] = json.dumps(carried)
        made["event"]["Records"].append(further)
    return made


def web_socket(**tags: str) -> Json:
    made = with_change(request, 0, name="aws.apigateway.websocket", resource="$connect", meta=tags)
    context = made["event"]["requestContext"]
    context |= {"connectionId": "c", "routeKey": "$connect", "messageDirection": "IN"}
    return made


def http_api(**tags: str) -> Json:
    made = function_url()
    made["event"]["requestContext"]["domainName"] = records.HOST
    made["traces"][0][0] |= {"name": "aws.httpapi", "resource": "GET $default"}
    made["traces"][0][0]["meta"] |= {"http.url": f"https://{records.HOST}/a", **tags}
    return made


def later(*, of_event: int, of_span: int) -> Json:
    """A message and its span, so many seconds after the invocation began."""
    made = message()
    made["event"]["Records"][0]["attributes"]["SentTimestamp"] = str(NOW // 1_000_000 + of_event * 1000)
    made["traces"][0][0] |= {"start": NOW + of_span * SECOND, "duration": -SECOND}
    return made


def without_status(tag: str) -> Json:
    made = function_url()
    made["result"] = {"hello": 1}
    made["traces"][0][0]["meta"]["http.status_code"] = tag
    return made


def without_kind() -> Json:
    made = http_api()
    del made["traces"][0][0]["meta"]["span.kind"]
    return made


def with_receipt() -> Json:
    made = with_change(message, 0, meta={"receipt_handle": "None"})
    made["event"]["Records"][0]["receiptHandle"] = "r"
    return made


WITH_ENABLED: Json = {"metrics": {"_dd.appsec.enabled": 1}}
WITH_WAF: Json = {"meta": {"_dd.appsec.event_rules.version": "1"}}
REST_URL = f"https://{records.HOST}/a%20b"

# A check, a record that a finding explains, and a record of its neighbour, which it does not explain.
NEIGHBOURS: dict[str, tuple[str, Json, Json]] = {
    "D2, a whole event": (
        "no-traceback",
        lost({"Records": 5}, "get_first_record"),
        with_log(message, "get_first_record"),
    ),
    "D2, another place": (
        "no-traceback",
        lost({"Records": 5}, "get_first_record"),
        lost({"Records": 5}, "extract_trigger_tags"),
    ),
    "D2, no trace of a whole event": (
        "one-trace",
        lost({"_datadog": 5}, "is_step_function_event"),
        lost(message()["event"], "is_step_function_event"),
    ),
    "D6, another origin": (
        "context-carried-on",
        carrying(**{"x-datadog-origin": "rum"}),
        with_change(lambda: carrying(**{"x-datadog-origin": "rum"}), 0, meta={"_dd.origin": "other"}),
    ),
    "D6, another value": (
        "context-carried-on",
        carrying(**{"x-datadog-tags": "_dd.p.usr=me"}),
        with_change(lambda: carrying(**{"x-datadog-tags": "_dd.p.usr=me"}), 0, meta={"_dd.p.usr": "you"}),
    ),
    "D7, a whole context": ("context-continued", ignored(), in_new_trace(message())),
    "D7, the wrong parent": (
        "context-continued",
        ignored(),
        with_change(lambda: carrying(**{"x-datadog-sampling-priority": ""}), 0, parent_id=6),
    ),
    "D7, one link of two": ("batch-linked", batch(), with_links(batch(), 98)),
    "D12, the endpoint of something": (
        "no-http",
        with_change(message, 0, meta={"http.endpoint": "/"}),
        with_change(message, 0, meta={"http.endpoint": "/orders"}),
    ),
    "D12, enabled on the function's span": (
        "appsec-supported",
        with_change(message, 0, **WITH_ENABLED),
        with_change(message, 1, **WITH_ENABLED),
    ),
    "D12, the WAF ran on the function's span": (
        "appsec-context",
        with_change(message, 0, **WITH_WAF),
        with_change(message, 1, **WITH_WAF),
    ),
    "D12, three contexts": (
        "appsec-context",
        with_change(request, 0, name="aws.apigateway.authorizer", **WITH_WAF),
        with_change(
            lambda: with_change(request, 0, name="aws.apigateway.authorizer", **WITH_WAF), 2, **WITH_WAF
        ),
    ),
    "D14, the URL of another path": (
        "url",
        with_change(request, 0, meta={"http.url": REST_URL}),
        with_change(request, 0, meta={"http.url": f"{REST_URL}/c"}),
    ),
    "D14, the URL of another host": (
        "url-parses",
        web_socket(**{"http.url": f"https://{records.HOST}$connect"}),
        web_socket(**{"http.url": f"https://other{records.HOST}$connect"}),
    ),
    "D14, another resource": (
        "http-resource",
        with_change(http_api, 0, resource="GET /a"),
        with_change(http_api, 0, resource="GET /b"),
    ),
    "D14, another API's ARN": (
        "trigger",
        http_api(),
        with_change(http_api, 1, meta={"function_trigger.event_source_arn": f"{records.API}2/stages/live"}),
    ),
    "D14, another status": ("status", without_status("None"), without_status("500")),
    "D14, another kind of span": (
        "server-spans",
        without_kind(),
        with_change(http_api, 0, meta={"span.kind": "client"}),
    ),
    "D14, the field is there": (
        "no-none",
        with_change(message, 0, meta={"receipt_handle": "None"}),
        with_receipt(),
    ),
    "D15, another time": ("duration", later(of_event=60, of_span=60), later(of_event=60, of_span=30)),
    "D15, a time of the past": ("duration", later(of_event=60, of_span=60), later(of_event=-60, of_span=-60)),
    "D15, zero though the event has a time": (
        "start",
        with_change(lambda: stream("{}", time=None), 0, name="aws.kinesis", start=0),
        with_change(lambda: stream("{}"), 0, name="aws.kinesis", start=0),
    ),
    "D18, parameters as AWS sends them": (
        "one-trace",
        lost(with_parameters(5), "_schema_callback"),
        lost(with_parameters({"id": "5"}), "_schema_callback"),
    ),
    "D18, another place": (
        "no-traceback",
        lost(with_parameters(5), "_schema_callback"),
        lost(with_parameters(5), "end_context"),
    ),
}


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_a_finding_does_not_hide_its_neighbour(name: str) -> None:
    check, known, neighbour = NEIGHBOURS[name]
    assert {one.finding for one in found(known) if one.id == check} == {name.partition(",")[0]}
    assert None in {one.finding for one in found(neighbour) if one.id == check}


@pytest.mark.parametrize(
    ("check", "made"),
    [
        ("one-trace", lost(message()["event"])),
        ("no-traceback", with_traceback("somewhere_else")),
        ("context-continued", with_change(message, 0, parent_id=6)),
        ("span-pointers", uploaded("plain.txt")),
        ("appsec-context", with_change(request, 0, meta={"_dd.appsec.event_rules.version": "1"})),
        ("no-http", with_change(message, 0, meta={"http.url": "/"})),
        ("url", with_change(request, 1, meta={"http.url": f"https://{records.HOST}/a%20b"})),
        ("no-none", with_change(request, 2, meta={"user": "None"})),
        ("duration", with_change(request, 2, duration=0)),
    ],
)
def test_what_only_looks_like_a_finding_is_new(check: str, made: Json) -> None:
    assert check in {violation.id for violation in new_violations(made, None, SETTINGS)}


def test_what_follows_a_lost_trace_is_explained() -> None:
    after = lost({"hello": 1})
    assert [one.finding for one in violations(after, without_time(), SETTINGS)] == ["D1", "D1"]
    assert [one.finding for one in violations(after, message(), SETTINGS)] == [None, None]
