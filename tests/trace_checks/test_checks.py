"""Each check, with a record that holds its sentence and one that breaks it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.trace_checks import records
from tests.trace_checks.records import (
    CHILD,
    FUNCTION,
    HOST,
    NOW,
    ROOT,
    SECOND,
    message,
    plain,
    request,
    span,
    uploaded,
)
from trace_checks.checks import CHECKS
from trace_checks.judge import violations
from trace_checks.record import Settings
from trace_checks.sources import pointer_hash

Json = dict[str, Any]

SETTINGS = Settings(service="weblog", appsec=True)

TRACEBACK = [
    "Error 'NoneType'. Traceback: Traceback (most recent call last):",
    '  File "/opt/python/lib/python3.13/site-packages/datadog_lambda/wrapper.py", line 1, in _before',
    '  File "/opt/python/lib/python3.13/site-packages/datadog_lambda/trigger.py", line 2, in parse_it',
    "AttributeError: 'NoneType' object has no attribute 'get'",
]

USERS_TRACEBACK = [
    "[ERROR] ValueError: no",
    "Traceback (most recent call last):",
    '  File "/opt/python/lib/python3.13/site-packages/datadog_lambda/wrapper.py", line 1, in __call__',
    '  File "/var/task/app/handler.py", line 2, in lambda_handler',
    "ValueError: no",
]


Change = Callable[[Json, dict[int, Json]], object]
"""Changes a record; it gets the spans by id, too."""


def tagged(span_id: int, **tags: str) -> Change:
    """Set string tags; `__` in a name stands for a dot."""
    return lambda made, spans: spans[span_id]["meta"].update(
        {name.replace("__", "."): value for name, value in tags.items()}
    )


def without(span_id: int, name: str, part: str = "meta") -> Change:
    """Take a tag away."""
    return lambda made, spans: spans[span_id][part].pop(name)


def broken(make: Callable[[], Json], change: Change) -> tuple[Json, Json]:
    """A record that holds, and the same with a change: to the record and its spans by id."""
    bad = make()
    change(bad, {one["span_id"]: one for one in bad["traces"][0]})
    return make(), bad


def of_pointer() -> Json:
    return uploaded("a.txt", pointer=pointer_hash("uploads", "a.txt", "abc"))


def of_policy() -> Json:
    carried = base64.b64encode(json.dumps(records.CONTEXT).encode()).decode()
    return plain({"principalId": "me", "policyDocument": {}, "context": {"_datadog": carried}})


def with_error() -> Json:
    made = request()
    made["result"]["statusCode"] = 500
    for one in made["traces"][0][:2]:
        one["error"] = 1
        one["meta"]["http.status_code"] = "500"
    return made


def with_batch() -> Json:
    made = message()
    second = {**records.CONTEXT, "x-datadog-parent-id": "99"}
    further = records.changed(made["event"]["Records"][0])
    further["messageAttributes"]["_datadog"]["stringValue"] = json.dumps(second)
    made["event"]["Records"].append(further)
    made["traces"][0][1]["span_links"] = [{"trace_id": 7, "span_id": 99}]
    return made


def with_baggage() -> Json:
    made = message()
    carried = {
        **records.CONTEXT,
        "x-datadog-origin": "rum",
        "x-datadog-tags": "_dd.p.dm=-4",
        "baggage": "user.id=me",
    }
    made["event"]["Records"][0]["messageAttributes"]["_datadog"]["stringValue"] = json.dumps(carried)
    made["traces"][0][0]["meta"] |= {"_dd.origin": "rum", "_dd.p.dm": "-4", "baggage.user.id": "me"}
    return made


BROKEN: dict[str, list[tuple[Json, Json]]] = {
    "one-trace": [
        broken(request, lambda made, spans: spans[FUNCTION].update(trace_id=8)),
        broken(request, lambda made, spans: made.update(traces=[])),
    ],
    "one-root": [broken(request, lambda made, spans: spans[FUNCTION].update(parent_id=99))],
    "ids": [
        broken(request, lambda made, spans: spans[CHILD].update(span_id=FUNCTION)),
        broken(request, lambda made, spans: spans[CHILD].update(span_id=0)),
    ],
    "tree": [broken(request, lambda made, spans: spans[ROOT].update(parent_id=CHILD))],
    "inside-parent": [broken(request, lambda made, spans: spans[CHILD].update(duration=SECOND))],
    "duration": [
        broken(request, lambda made, spans: spans[CHILD].update(duration=0)),
        broken(request, lambda made, spans: spans[CHILD].update(duration=-5)),
    ],
    "start": [
        broken(request, lambda made, spans: spans[CHILD].update(start=0)),
        broken(request, lambda made, spans: spans[CHILD].update(start=NOW + 3 * SECOND)),
    ],
    "start-of-now": [broken(request, lambda made, spans: spans[ROOT].update(start=NOW - 60 * SECOND))],
    "function-span": [
        broken(request, lambda made, spans: spans[FUNCTION].update(name="other")),
        broken(request, lambda made, spans: spans[FUNCTION].update(type="web")),
        broken(request, lambda made, spans: spans[FUNCTION].update(resource="other")),
        broken(request, lambda made, spans: spans[FUNCTION].update(service="other")),
    ],
    "inside-invocation": [
        broken(request, lambda made, spans: spans[FUNCTION]["meta"].update(request_id="other")),
        broken(request, lambda made, spans: spans[FUNCTION].update(start=NOW - SECOND)),
        broken(request, lambda made, spans: spans[FUNCTION].update(duration=3 * SECOND)),
    ],
    "status": [
        broken(request, tagged(ROOT, http__status_code="200.0")),
        broken(request, without(FUNCTION, "http.status_code")),
    ],
    "no-http": [broken(message, tagged(ROOT, http__endpoint="/a"))],
    "inferred-span": [
        broken(request, lambda made, spans: spans[ROOT].update(name="aws.alb")),
        broken(request, lambda made, spans: made.update(traces=[made["traces"][0][1:]])),
    ],
    "asynchronous-end": [broken(message, lambda made, spans: spans[ROOT].update(duration=SECOND))],
    "appsec-context": [
        broken(request, without(FUNCTION, "_dd.appsec.event_rules.version")),
        broken(request, tagged(CHILD, _dd__appsec__event_rules__version="1")),
        broken(message, tagged(ROOT, _dd__appsec__event_rules__version="1")),
    ],
    "appsec-supported": [
        broken(message, lambda made, spans: spans[ROOT]["metrics"].update({"_dd.appsec.enabled": 1})),
    ],
    "waf-saw-request": [
        broken(request, without(FUNCTION, "http.request.headers.user-agent")),
    ],
    "error-message": [
        broken(request, lambda made, spans: spans[CHILD].update(error=1)),
        broken(message, lambda made, spans: made.update(function_error="Unhandled")),
    ],
    "error-path": [
        broken(with_error, lambda made, spans: spans[ROOT].update(error=0)),
        broken(with_error, lambda made, spans: spans[FUNCTION].update(error=0)),
    ],
    "url": [
        broken(
            request,
            tagged(ROOT, http__url=f"https://{HOST}/a%20b"),
        ),
        broken(
            request,
            tagged(ROOT, http__url=f"https://{HOST}/live/a b"),
        ),
    ],
    "url-parses": [
        broken(
            request,
            tagged(ROOT, http__url=f"https://{HOST}$connect"),
        ),
        broken(request, tagged(ROOT, http__url="/a")),
    ],
    "http-resource": [broken(request, lambda made, spans: spans[ROOT].update(resource="GET /a b"))],
    "root-tags": [
        *(broken(request, without(ROOT, name)) for name in ("language", "runtime-id")),
        *(
            broken(request, without(ROOT, name, "metrics"))
            for name in ("_sampling_priority_v1", "process_id")
        ),
        broken(message, lambda made, spans: spans[ROOT]["metrics"].update(_sampling_priority_v1=2)),
    ],
    "origin": [broken(request, without(FUNCTION, "_dd.origin"))],
    "nothing-left": [broken(request, lambda made, spans: spans[ROOT]["meta"].update(request_id="before"))],
    "context-continued": [
        broken(message, lambda made, spans: [one.update(trace_id=8) for one in spans.values()]),
        broken(message, lambda made, spans: spans[ROOT].update(parent_id=6)),
    ],
    "context-carried-on": [
        broken(with_baggage, tagged(ROOT, **{name: "x"}))
        for name in ("_dd.origin", "_dd.p.dm", "baggage.user.id")
    ],
    "batch-linked": [broken(with_batch, lambda made, spans: spans[FUNCTION].pop("span_links"))],
    "policy-context": [
        broken(of_policy, lambda made, spans: [one.update(trace_id=8) for one in spans.values()]),
    ],
    "user-agent": [
        broken(
            request,
            lambda made, spans: (
                spans[ROOT]["meta"].pop("http.useragent"),
                spans[FUNCTION]["meta"].pop("http.request.headers.user-agent"),
            ),
        )
    ],
    "no-none": [broken(request, tagged(CHILD, tag=text)) for text in ("None", "null", "undefined")],
    "no-traceback": [broken(request, lambda made, spans: made["log"].extend(TRACEBACK))],
    "trigger": [
        broken(request, tagged(FUNCTION, **{f"function_trigger.{name}": value}))
        for name, value in (
            ("event_source", "sqs"),
            ("event_source_arn", "arn:aws:apigateway:us-east-1::/restapis/None/stages/live"),
            ("event_source_arn", "arn:aws:apigateway:us-east-1::/restapis/other/stages/live"),
            ("event_source_arn", "nothing"),
        )
    ],
    "server-spans": [
        broken(request, tagged(ROOT, span__kind="client")),
        broken(request, without(FUNCTION, "_dd.top_level", "metrics")),
    ],
    "span-pointers": [broken(of_pointer, lambda made, spans: spans[ROOT].pop("span_links"))],
}

CASES = [(name, *pair) for name, pairs in BROKEN.items() for pair in pairs]


def broken_ids(record: Json) -> set[str]:
    return {violation.id for violation in violations(record, None, SETTINGS)}


@pytest.mark.parametrize(("name", "good", "bad"), CASES, ids=[case[0] for case in CASES])
def test_a_check_holds_and_breaks(name: str, good: Json, bad: Json) -> None:
    assert broken_ids(good) == set()
    assert name in broken_ids(bad)


def test_every_check_is_tested() -> None:
    assert set(BROKEN) == {check.id for check in CHECKS}
    assert len(CHECKS) == len(BROKEN), "an id stands twice"


def test_ids_are_short_words() -> None:
    for check in CHECKS:
        assert check.id.replace("-", "").isalpha(), check.id
        assert len(check.id) <= 20, check.id
        assert not check.sentence.endswith("."), check.sentence


def test_a_span_that_came_before() -> None:
    before = request()
    assert "nothing-left" in {found.id for found in violations(request(), before, SETTINGS)}


# What was tried and is no violation.


def test_parts_of_one_trace_may_come_by_themselves() -> None:
    made = request()
    made["traces"] = [[one] for one in made["traces"][0]]
    assert broken_ids(made) == set()


def test_an_inferred_span_is_longer_than_the_invocation() -> None:
    assert message()["traces"][0][0]["duration"] > SECOND
    assert broken_ids(message()) == set()


def test_the_query_is_not_in_the_url() -> None:
    made = request()
    made["event"]["queryStringParameters"] = {"a": "b"}
    assert broken_ids(made) == set()


def test_a_returned_5xx_needs_no_message() -> None:
    assert broken_ids(with_error()) == set()


def test_an_authorizer_ends_before_its_child() -> None:
    made = request()
    root = made["traces"][0][0]
    above = records.changed(root) | {"name": "aws.apigateway.authorizer", "span_id": 9, "duration": 50}
    root["parent_id"] = 9
    root["start"] += 90
    root["duration"] -= 90
    made["traces"][0].append(above)
    assert broken_ids(made) == set()


def test_pointers_may_be_in_a_tag() -> None:
    made = of_pointer()
    root = made["traces"][0][0]
    root["meta"]["_dd.span_links"] = json.dumps(root.pop("span_links"))
    assert broken_ids(made) == set()


def test_a_traceback_of_the_users_own_code() -> None:
    made = message()
    made["log"] += USERS_TRACEBACK
    assert broken_ids(made) == set()


def test_cold_start_spans_come_before_the_invocation() -> None:
    made = request()
    made["traces"][0].append(span("aws.lambda.load", 20, ROOT, -10 * SECOND, 9 * SECOND))
    assert broken_ids(made) == set()


@pytest.mark.parametrize(
    "sender",
    [{"meta": {"span.kind": "producer"}}, {"resource": "sqs.sendmessage"}, {}],
    ids=["kind", "aws", "none"],
)
def test_a_message_is_received_when_its_sender_has_ended(sender: Json) -> None:
    made = request()
    made["traces"][0] += [
        span("send", 20, FUNCTION, 150, 10, **sender),
        span("receive", 21, 20, 150 + SECOND // 4, SECOND // 4),
    ]
    # The function's own time has to have room for it.
    for each in made["traces"][0][:2]:
        each["duration"] = SECOND
    assert broken_ids(made) == (set() if sender else {"inside-parent"})


@pytest.mark.parametrize(
    "event", [None, 5, "text", [], {}, {"Records": 5}, {"requestContext": {"stage": "a"}}]
)
def test_any_event_can_be_judged(event: object) -> None:
    made = plain()
    made["event"] = event
    assert broken_ids(made) == set()


def test_of_what_has_not_ended_nothing_is_said() -> None:
    record = message() | {"traces": []}
    assert violations(record)
    assert violations({**record, "ended": None}) == []
