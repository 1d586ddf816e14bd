"""Two records of the same work: what differs is told by its right name, and what is volatile is not."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from tests.trace_checks.records import (
    CHILD,
    FUNCTION,
    NOW,
    ROOT,
    TRACE,
    changed,
    message,
    plain,
    request,
    span,
)
from trace_checks.comparison import differences
from trace_checks.differences import KINDS

Json = dict[str, Any]
Way = tuple[str, str, str]

ERRORS = "aws.lambda.enhanced.errors:1|d|#cold_start:false,datadog_lambda:v8.130.0"


def ways(a: Json, b: Json) -> list[Way]:
    return [found.way for found in differences(a, b)]


def spans(record: Json) -> list[Json]:
    made: list[Json] = record["traces"][0]
    return made


def lose_trace(record: Json) -> None:
    record["traces"] = []


def lose_span(record: Json) -> None:
    del spans(record)[2]


def lose_root(record: Json) -> None:
    del spans(record)[0]
    function = spans(record)[0]
    function["parent_id"] = 0
    # What the root has, whichever it is.
    function["meta"] |= {"language": "python", "runtime-id": "abc", "_dd.p.tid": "6912a4b100000000"}
    function["metrics"] |= {"_sampling_priority_v1": 1, "process_id": 1}


def add_span(record: Json) -> None:
    spans(record).append(span("http.request", 20, CHILD, 250, 10))


def double_span(record: Json) -> None:
    spans(record).append({**spans(record)[2], "span_id": 20})


def rename_span(record: Json) -> None:
    spans(record)[2]["name"] = "wsgi.request"


def rename_function(record: Json) -> None:
    spans(record)[1] |= {"name": "lambda", "meta": {**spans(record)[1]["meta"], "span.name": "lambda"}}


def move_span(record: Json) -> None:
    spans(record)[2]["parent_id"] = ROOT


def split_trace(record: Json) -> None:
    spans(record)[2] |= {"parent_id": 0, "trace_id": 99}


def retag(record: Json) -> None:
    spans(record)[2]["service"] = "flask"


def lose_tag(record: Json) -> None:
    del spans(record)[1]["meta"]["functionname"]


def add_tag(record: Json) -> None:
    spans(record)[1]["meta"]["more"] = "1"


def rename_tag(record: Json) -> None:
    meta = spans(record)[1]["meta"]
    meta["http.request.headers.User-Agent"] = meta.pop("http.request.headers.user-agent")


def change_tag(record: Json) -> None:
    spans(record)[1]["meta"]["functionname"] = "other"


def lose_metric(record: Json) -> None:
    del spans(record)[1]["metrics"]["_dd.top_level"]


def change_metric(record: Json) -> None:
    spans(record)[0]["metrics"]["_sampling_priority_v1"] = 2


def change_status(record: Json) -> None:
    spans(record)[1]["meta"]["http.status_code"] = "201"


def change_answer(record: Json) -> None:
    record["result"]["statusCode"] = 201


def fail_span(record: Json) -> None:
    spans(record)[2] |= {"error": 1, "meta": {"error.type": "E", "error.message": "m", "error.stack": "s"}}


def link(record: Json) -> None:
    spans(record)[1]["span_links"] = [{"attributes": {"ptr.kind": "aws.s3.object", "ptr.hash": "abc"}}]


def add_event(record: Json) -> None:
    spans(record)[1]["span_events"] = [{"name": "exception", "time_unix_nano": NOW, "attributes": {}}]


def double_appsec(record: Json) -> None:
    spans(record)[2] |= {
        "metrics": {"_dd.appsec.enabled": 1, "_dd.appsec.waf.duration": 5},
        "meta": {"http.request.headers.host": "h", "_dd.runtime_family": "python"},
        "meta_struct": {"appsec": report("r-1")},
    }


def move_appsec(record: Json) -> None:
    double_appsec(record)
    lose_appsec(record)


def lose_appsec(record: Json) -> None:
    del spans(record)[1]["metrics"]["_dd.appsec.enabled"]
    del spans(record)[1]["meta"]["_dd.runtime_family"]


def report(*rules: str, value: str = "x") -> Json:
    return {"triggers": [{"rule": {"id": rule}, "rule_matches": [{"parameters": [value]}]} for rule in rules]}


def find_attack(record: Json) -> None:
    spans(record)[1]["meta_struct"] = {"appsec": report("r-1")}


def add_stack(record: Json) -> None:
    spans(record)[1]["meta_struct"] = {"_dd.stack": {"exploit": []}}


def fail(record: Json) -> None:
    record |= {
        "function_error": "Unhandled",
        "result": {"errorType": "KeyError", "errorMessage": "'a'"},
        "log": [*record["log"], "Traceback (most recent call last):"],
    }
    change_status(record)
    fail_span(record)


def add_header(record: Json) -> None:
    record["result"]["headers"] = {"X-Answer": "42"}


def change_body(record: Json) -> None:
    record["result"]["body"] = "no"


def say(record: Json) -> None:
    record["log"].append("[INFO]\t2026-11-21T17:00:44.748Z\tsomething happened")


def send_metric(record: Json) -> None:
    record["metrics"] = ["orders:1|d|#a:b"]


def tell(record: Json) -> None:
    record["telemetry"] = {"integration flask": "enabled"}


CASES: list[tuple[Callable[[Json], None], list[Way], list[Way]]] = [
    # what is done to the record, the differences from the whole one to it, and those back
    (lose_trace, [("trace-lost", "trace", "trace")], [("trace-new", "trace", "trace")]),
    (
        lose_span,
        [("span-missing", "flask.request", "flask.request")],
        [("span-new", "flask.request", "flask.request")],
    ),
    (
        lose_root,
        [("span-missing", "aws.apigateway", "aws.apigateway")],
        [("span-new", "aws.apigateway", "aws.apigateway")],
    ),
    (
        add_span,
        [("span-new", "http.request", "http.request")],
        [("span-missing", "http.request", "http.request")],
    ),
    (
        double_span,
        [("span-doubled", "flask.request", "flask.request")],
        [("span-missing", "flask.request", "flask.request")],
    ),
    (
        rename_span,
        [("span-renamed", "flask.request", "flask.request")],
        [("span-renamed", "wsgi.request", "wsgi.request")],
    ),
    (
        rename_function,
        [("span-renamed", "aws.lambda", "aws.lambda")],
        [("span-renamed", "lambda", "lambda")],
    ),
    (move_span, [("span-moved", "flask.request", "flask.request")], []),
    (split_trace, [("span-moved", "flask.request", "flask.request")], []),
    (retag, [("service", "flask.request", "service")], []),
    (lose_tag, [("tag-missing", "aws.lambda", "functionname")], [("tag-new", "aws.lambda", "functionname")]),
    (add_tag, [("tag-new", "aws.lambda", "more")], [("tag-missing", "aws.lambda", "more")]),
    (rename_tag, [("tag-renamed", "aws.lambda", "http.request.headers.user-agent")], []),
    (change_tag, [("tag-changed", "aws.lambda", "functionname")], []),
    (lose_metric, [("metric-missing", "aws.lambda", "_dd.top_level")], []),
    (change_metric, [("metric-changed", "aws.apigateway", "_sampling_priority_v1")], []),
    (change_status, [("status", "aws.lambda", "http.status_code")], []),
    (change_answer, [("status", "result", "statusCode")], []),
    (fail_span, [("error-new", "flask.request", "error")], [("error-missing", "flask.request", "error")]),
    (link, [("link-new", "aws.lambda", "aws.s3.object")], [("link-missing", "aws.lambda", "aws.s3.object")]),
    (add_event, [("event-new", "aws.lambda", "exception")], [("event-missing", "aws.lambda", "exception")]),
    (
        double_appsec,
        [("appsec-context-doubled", "flask.request", "flask.request")],
        [("appsec-context-missing", "flask.request", "flask.request")],
    ),
    (
        move_appsec,
        [
            ("appsec-context-moved", "aws.lambda", "aws.lambda"),
            ("appsec-context-moved", "flask.request", "flask.request"),
        ],
        [],
    ),
    (lose_appsec, [("appsec-context-missing", "aws.lambda", "aws.lambda")], []),
    (
        find_attack,
        [("waf-report-new", "aws.lambda", "r-1")],
        [("waf-report-missing", "aws.lambda", "r-1")],
    ),
    (add_stack, [("struct-new", "aws.lambda", "_dd.stack")], []),
    (fail, [("exception-new", "result", "KeyError")], [("exception-swallowed", "result", "KeyError")]),
    (add_header, [("header-new", "result", "X-Answer")], [("header-missing", "result", "X-Answer")]),
    (change_body, [("result-changed", "result", "body")], []),
    (
        say,
        [("log-new", "log", "[INFO]\t<time>\tsomething happened")],
        [("log-missing", "log", "[INFO]\t<time>\tsomething happened")],
    ),
    (
        send_metric,
        [("sent-metric-new", "metrics", "orders")],
        [("sent-metric-missing", "metrics", "orders")],
    ),
    (tell, [("telemetry-new", "telemetry", "integration flask")], []),
]


@pytest.mark.parametrize(("change", "there", "back"), CASES, ids=[case[0].__name__ for case in CASES])
def test_a_difference_is_told_alone_by_its_name(
    change: Callable[[Json], None], there: list[Way], back: list[Way]
) -> None:
    whole, other = request(), request()
    change(other)
    assert ways(whole, other) == there
    assert back in ([], ways(other, whole))
    assert ways(whole, request()) == []


def test_a_header_in_lower_case() -> None:
    a, b = request(), request()
    a["result"]["headers"], b["result"]["headers"] = {"X-Answer": "42"}, {"x-answer": "42"}
    assert ways(a, b) == [("header-case", "result", "X-Answer")]
    b["result"]["headers"] = {"x-answer": "43"}
    assert ways(a, b) == [("header-case", "result", "X-Answer"), ("header-changed", "result", "X-Answer")]


def test_a_context_that_is_ignored() -> None:
    a, b = message(), message()
    for each in spans(b):
        each["trace_id"] = 77
    spans(b)[0] |= {"parent_id": 0}
    spans(b)[0]["meta"] |= {"_dd.p.dm": "-0"}
    spans(b)[0]["metrics"] |= {"_sampling_priority_v1": 1}
    assert ways(a, b) == [("context-ignored", "aws.sqs", "context")]
    assert ways(b, a) == [("context-new", "aws.sqs", "context")]


def test_the_context_of_a_message_that_the_function_received() -> None:
    a, b = request(), request()
    for number, record in enumerate((a, b)):
        spans(record).append(
            span("kombu.receive", 30, 0, 300, 10, trace_id=70 + number) | {"parent_id": 80 + number}
        )
    assert ways(a, b) == []
    spans(b)[3]["parent_id"] = 0
    assert ways(a, b) == [("context-ignored", "kombu.receive", "context")]


def consume(*received: str) -> Json:
    """A request whose function asks a broker so many times."""
    record = request()
    for number, each in enumerate(received):
        meta = {"kafka.received_message": each, "kafka.cluster_id": f"mockCluster1{number}"}
        metrics = {
            "kafka.partition": number,
            "kafka.message_offset": number - 1.0,
            "network.destination.port": 12345,
        }
        spans(record).append(span("kafka.consume", 30 + number, CHILD, 300, 10, meta=meta, metrics=metrics))
    return record


def test_how_often_a_consumer_asks_is_not_told() -> None:
    once, twice = consume("True"), consume("False", "True")
    spans(twice)[4]["metrics"]["network.destination.port"] = 23456
    assert ways(once, twice) == []
    assert ways(once, consume("False")) == [("span-missing", "kafka.consume", "kafka.consume")]
    spans(twice)[4]["metrics"]["network.destination.port"] = 0
    assert ways(once, twice) == [("metric-changed", "kafka.consume", "network.destination.port")]


def test_a_statement_that_postgresql_cuts() -> None:
    a, b = request(), request()
    for record, part in ((a, "48c215f602c1-b39f447bcf253917"), (b, "3a93e55919c-d867afc4efc565cc")):
        spans(record)[2] |= {"error": 1, "meta": {"error.message": f"LINE 1: ...{part}-01'*/ SELECT"}}
    assert ways(a, b) == []


def test_another_context() -> None:
    a, b = message(), message()
    spans(b)[0]["parent_id"] = 6
    assert ways(a, b) == [("context-changed", "aws.sqs", "context")]
    b["event"]["Records"][0]["body"] = "another event"
    assert ways(a, b) == []


def test_siblings_of_one_name_are_matched_by_their_tags() -> None:
    a, b = plain(), plain()
    for record, order in ((a, "xyz"), (b, "zxy")):
        spans(record)[1:] = [
            span("step", 20 + number, FUNCTION, 300, 10, meta={"letter": letter})
            for number, letter in enumerate(order)
        ]
    assert ways(a, b) == []
    spans(b)[3]["meta"]["letter"] = "w"
    assert ways(a, b) == [("tag-changed", "step", "letter")]


def cold(*modules: str) -> Json:
    """A cold start that imports these modules."""
    record = request()
    spans(record).append(span("aws.lambda.load", 30, FUNCTION, 200, 300))
    spans(record).extend(
        span("aws.lambda.import", 31 + number, 30, 250, 10, resource=module)
        for number, module in enumerate(modules)
    )
    return record


def test_an_import_is_told_by_its_module() -> None:
    a, b = cold("flask", "ddtrace.old", "ddtrace.moved"), cold("flask", "ddtrace.new", "ddtrace.moved")
    spans(b)[6]["parent_id"] = 31
    assert ways(a, b) == [
        ("span-missing", "aws.lambda.import", "ddtrace.old"),
        ("span-moved", "aws.lambda.import", "ddtrace.moved"),
        ("span-new", "aws.lambda.import", "ddtrace.new"),
    ]


def test_what_is_volatile_is_not_told() -> None:
    a, b = request(), request()
    for number, record in enumerate((a, b)):
        for each in spans(record):
            each["span_id"] += 10**6 * (number + 1)
            each["parent_id"] += 10**6 * (number + 1) if each["parent_id"] else 0
            each |= {"trace_id": TRACE + number, "start": NOW + number, "duration": 5 + number}
        schema = gzip.compress(b'{"a": 1}', mtime=number)
        spans(record)[0]["meta"] |= {"_dd.p.tid": f"6912a4b{number}00000000", "runtime-id": str(number)}
        spans(record)[1]["metrics"] |= {"_dd.appsec.waf.duration": 5.5 * number}
        spans(record)[1]["meta"] |= {
            "_dd.appsec.s.req.body": b64encode(schema).decode(),
            "request_id": f"{number}dfcdc99-ee7e-4ae1-b94d-a9375c36a677",
            "dd_trace": f"4.{number}.0",
            "cmd.exec": f"['/home/{number}/.venv/bin/python', '-c']",
            "error.stack": f'File "/home/{number}/lib/python3.13/site-packages/ddtrace/a.py", line {number}',
        }
        frame = {"id": number, "file": f"/home/{number}/dd-trace-py/ddtrace/a.py", "line": 5 + number}
        spans(record)[1]["meta_struct"] = {"_dd.stack": {"exploit": [{"frames": [frame]}]}}
        record["result"]["headers"] = {"Content-Length": str(13 + number)}
        record["result"]["body"] = json.dumps({"at": 1800000000.5 + number})
        record["log"] = [
            f"REPORT RequestId: {number}dfcdc99-ee7e-4ae1-b94d-a9375c36a677\tDuration: {number}.66 ms",
            f"[WARNING]\t2026-11-21T17:00:4{number}.789Z\t[dd.span_id={spans(record)[1]['span_id']}]\thello",
            *["Error submitting packet: [Errno 111]"] * number,
        ]
    assert ways(a, b) == []


def test_the_emulator_writes_into_a_line() -> None:
    a, b = request(), request()
    said = "21 Nov 2026 17:00:44,467 [INFO] (rapid) INVOKE RTDONE(status: success)"
    a["log"] = ["    return wrapped(*args)", said, "END RequestId: 1"]
    b["log"] = [f"    return wrap{said}", "ped(*args)", "REPORT RequestId: 1\tDuration: 1.5 ms"]
    assert ways(a, b) == []


def test_what_stands_in_the_event_is_not_volatile() -> None:
    a, b = message(), message()
    for record, number in ((a, 1), (b, 2)):
        record["event"]["Records"][0]["messageId"] = "0d1e2f3a-4b5c-4d6e-8f70-000000000001"
        spans(record)[2]["meta"]["weblog.record"] = f"0d1e2f3a-4b5c-4d6e-8f70-00000000000{number}"
    assert ways(a, b) == [("tag-changed", "sqs.process", "weblog.record")]


def test_metrics() -> None:
    a, b = request(), request()
    a["metrics"] = ["a:1|d", "b:1|d|#y:1,x:1", "c:1|d", "d:1|d"]
    b["metrics"] = ["a:1|d", "a:1|d", "b:1|d|#x:2,y:1", "c:2|d"]
    assert [(found.kind, found.name, found.a, found.b) for found in differences(a, b)] == [
        ("sent-metric-changed", "b", "b:1|d|#y:1,x:1", "b:1|d|#x:2,y:1"),
        ("sent-metric-changed", "c", "c:1|d", "c:2|d"),
        ("sent-metric-missing", "d", "d:1|d", None),
        ("sent-metric-new", "a", None, "a:1|d"),
    ]


def test_metrics_that_are_the_same() -> None:
    a, b = request(), request()
    a["metrics"] = [ERRORS, "x:1|d|#a:1,dd_lambda_layer:datadog-python313_8.130.0|T1763750000"]
    b["metrics"] = [
        "x:1|d|#dd_lambda_layer:datadog-python313_8.131.0.dev0,a:1|T1763750009",
        ERRORS.replace("8.130.0", "8.131.0.dev0"),
    ]
    assert ways(a, b) == []
    b["metrics"][1] = b["metrics"][1].replace("false", "true")
    assert ways(a, b) == [("sent-metric-changed", "metrics", "aws.lambda.enhanced.errors")]


def test_the_metrics_of_a_failure_follow_from_it() -> None:
    a, b = request(), request()
    fail(b)
    b["metrics"] = [ERRORS, "own:1|d"]
    assert ways(a, b) == [("exception-new", "result", "KeyError"), ("sent-metric-new", "metrics", "own")]


def test_a_difference_tells_both_values() -> None:
    a, b = request(), request()
    change_tag(b)
    (found,) = differences(a, b)
    assert found.as_json() == {
        "kind": "tag-changed",
        "sentence": KINDS["tag-changed"],
        "place": "aws.apigateway > aws.lambda",
        "name": "functionname",
        "a": "weblog",
        "b": "other",
    }


def test_records_without_anything() -> None:
    assert differences({"traces": []}, {"traces": []}) == []
    assert ways({"traces": [], "result": [1, {"a": None}]}, {"traces": [], "result": [1, {}]}) == [
        ("result-missing", "result", "result[1].a"),
        ("result-new", "result", "result[1]"),
    ]


def test_the_arguments_are_not_changed() -> None:
    a, b = request(), request()
    double_appsec(b)
    before = changed(a), changed(b)
    differences(a, b)
    assert (a, b) == before
