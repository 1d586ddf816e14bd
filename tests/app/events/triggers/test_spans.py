"""The spans of every sample event at a real trace agent are those of the tables in docs/triggers.md."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from datetime import datetime
from typing import Any

import pytest
import requests

from tests.support.function import APPSEC, Function, Functions, Span, Trace
from tests.support.processes import REPOSITORY, wait_for
from tests.support.samples import SAMPLES, base64, sample

pytestmark = pytest.mark.emulator

PAGE = (REPOSITORY / "docs/triggers.md").read_text()

Row = list[str]


def table(heading: str) -> list[Row]:
    """The rows of the table whose first line begins like that, without code marks."""
    _, _, rest = PAGE.partition(f"| {heading} |")
    rows = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip().replace("`", "") for cell in row.strip("|").split("|")] for row in rows]


SPANS = {row[0]: row for row in table("sample | event_source")}
INFERRED: dict[str, list[Row]] = {}
for row in table("sample | name"):
    INFERRED.setdefault(row[0], []).append(row[1:])


def rows(*columns: int) -> list[Any]:
    """A parameter for each sample; those whose cells there name a finding are expected to fail."""
    parameters = []
    for name, row in SPANS.items():
        finding = re.search(r"\((D\d+)\)", " ".join(row[column] for column in columns))
        marks = [pytest.mark.xfail(strict=True, reason=f"{finding[1]}: docs/findings.md")] if finding else []
        parameters.append(pytest.param(name, id=name, marks=marks))
    return parameters


EVENT_SOURCE, ARN, PARENT, APPSEC_COLUMN, OWN, NUMBER = range(1, 7)


def cell(name: str, column: int) -> str:
    """The cell, without the name of a finding."""
    return re.sub(r" \(D\d+\)", "", SPANS[name][column])


@pytest.fixture(scope="module")
def traces(functions: Functions) -> dict[str, list[Span]]:
    """All spans that each sample sent, in one function, so that each may suffer from the one before."""
    function = functions()
    sent = {}
    for name in SAMPLES:
        _, found = function.all_traced(sample(name))
        sent[name] = [span for trace in found for span in trace.spans]
    return sent


def ancestors(spans: list[Span]) -> list[Span]:
    """The spans above `aws.lambda`, from the root down."""
    by_id = {span["span_id"]: span for span in spans}
    above: list[Span] = []
    span = Trace(spans).function
    while span := by_id.get(span.get("parent_id")):  # type: ignore[assignment]
        above.insert(0, span)
    return above


def test_the_tables_have_every_sample_and_no_other() -> None:
    assert SPANS.keys() == SAMPLES.keys()
    assert INFERRED.keys() < SAMPLES.keys()


@pytest.mark.parametrize("name", rows(EVENT_SOURCE))
def test_the_trigger_tags(traces: dict[str, list[Span]], name: str) -> None:
    meta = Trace(traces[name]).meta
    assert meta.get("function_trigger.event_source", "none") == cell(name, EVENT_SOURCE)
    assert meta.get("function_trigger.event_source_arn", "none") == cell(name, ARN)


@pytest.mark.parametrize("name", rows(EVENT_SOURCE))
def test_the_inferred_spans(traces: dict[str, list[Span]], name: str) -> None:
    above = ancestors(traces[name])
    expected = INFERRED.get(name, [])
    assert [
        [span["name"], span["service"], span["resource"], span["meta"]["_inferred_span.synchronicity"]]
        for span in above
    ] == [row[:4] for row in expected]
    for span, (_, _, _, synchronicity, start) in zip(above, expected, strict=True):
        assert span["metrics"]["_dd._inferred_span"] == 1
        assert span["meta"]["_dd.origin"] == "lambda"
        if start == "now":
            continue
        # datadog_lambda reckons in floating-point numbers of seconds, which are not exact to a nanosecond.
        assert round(span["start"] / 1e6) == round(datetime.fromisoformat(start).timestamp() * 1e3)
        if synchronicity == "async":
            following = [child for child in traces[name] if child.get("parent_id") == span["span_id"]]
            assert [abs(span["start"] + span["duration"] - child["start"]) < 1000 for child in following] == [
                True
            ]
    if above:
        assert above[-1]["meta"]["peer.service"] == "weblog"


@pytest.mark.parametrize("name", rows(EVENT_SOURCE, PARENT))
def test_the_parent(traces: dict[str, list[Span]], name: str) -> None:
    root = [*ancestors(traces[name]), Trace(traces[name]).function][0]
    parents = {
        "none": None,
        "carried": 8206532790016534274,
        "state": state_span(sample("step-functions")),
    }
    expected = parents[cell(name, PARENT)]
    assert root.get("parent_id") == expected
    if cell(name, PARENT) == "carried":
        assert {span["trace_id"] for span in traces[name]} == {3142187420091563812}


def state_span(event: Any) -> int:
    """The id that the Step Functions integration gives to the state's span."""
    seed = f"{event['Execution']['Id']}#{event['State']['Name']}#{event['State']['EnteredTime']}"
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8]) & 0x7FFFFFFFFFFFFFFF


@pytest.mark.parametrize("name", rows(EVENT_SOURCE, APPSEC_COLUMN))
def test_appsec(traces: dict[str, list[Span]], name: str) -> None:
    metrics = Trace(traces[name]).metrics
    is_seen = cell(name, APPSEC_COLUMN) == "yes"
    assert metrics.get("_dd.appsec.enabled") == (1 if is_seen else None)
    assert metrics.get("_dd.appsec.unsupported_event_type") == (None if is_seen else 1)


@pytest.mark.parametrize("name", rows(EVENT_SOURCE))
def test_the_functions_own_spans(traces: dict[str, list[Span]], name: str) -> None:
    function = Trace(traces[name]).function
    own = [span for span in traces[name] if span["name"].endswith(".process")]
    assert len(own) == int(cell(name, NUMBER))
    for span in own:
        assert f"{span['name']} {span['resource']}" == cell(name, OWN)
        assert span["parent_id"] == function["span_id"]
        assert (span["service"], span["type"]) == ("weblog", "worker")
        assert span["meta"]["span.kind"] == "consumer"
        assert span["meta"]["weblog.source"] == span["name"].removesuffix(".process")
        assert span["meta"]["weblog.record"] not in ("", "None")
    assert len({span["meta"]["weblog.record"] for span in own}) == len(own)


def pointers(span: Span) -> list[dict[str, str]]:
    """What the span's pointers say."""
    return [link["attributes"] for link in span.get("span_links", ())]


def upstream(made: Any) -> dict[str, str]:
    """What the consumer's pointer must say for the one that ddtrace made for the producer."""
    return {
        "link.kind": "span-pointer",
        "ptr.kind": made.pointer_kind,
        "ptr.dir": "u",
        "ptr.hash": made.pointer_hash,
    }


def put_object(key: str, etag: str) -> dict[str, str]:
    """The pointer to an object that boto3 put, as ddtrace's integration makes it of call and answer."""
    from ddtrace._trace.utils_botocore.span_pointers.s3 import _extract_span_pointers_for_s3_response

    (made,) = _extract_span_pointers_for_s3_response(
        "PutObject", {"Bucket": "weblog-uploads", "Key": key}, {"ETag": f'"{etag}"'}
    )
    return upstream(made)


def updated_item(keys: dict[str, Any]) -> dict[str, str]:
    """The pointer to an item that boto3 updated."""
    from ddtrace._trace.utils_botocore.span_pointers.dynamodb import (
        _extract_span_pointers_for_dynamodb_response,
    )

    (made,) = _extract_span_pointers_for_dynamodb_response(
        {}, "UpdateItem", {"TableName": "weblog-orders", "Key": keys}, {}
    )
    return upstream(made)


def test_the_pointer_to_an_object(traces: dict[str, list[Span]]) -> None:
    item = sample("s3")["Records"][0]["s3"]["object"]
    assert pointers(ancestors(traces["s3"])[0]) == [put_object(item["key"], item["eTag"])]


def test_the_pointers_to_items(traces: dict[str, list[Span]]) -> None:
    keys = sample("dynamodb")["Records"][0]["dynamodb"]["Keys"]
    assert pointers(ancestors(traces["dynamodb"])[0]) == [updated_item(keys)] * 3


def test_a_failed_record_marks_its_span(functions: Functions) -> None:
    event = sample("kinesis")
    event["Records"][0]["kinesis"]["data"] = base64('{"weblog": {"do": "fail", "message": "no stock"}}')
    result, trace = functions().traced(event)
    sequence_number = event["Records"][0]["kinesis"]["sequenceNumber"]
    assert result == {"batchItemFailures": [{"itemIdentifier": sequence_number}]}
    span = trace.one("kinesis.process")
    assert (span["error"], trace.function.get("error", 0)) == (1, 0)
    assert span["meta"]["error.message"] == "no stock"
    assert span["meta"]["error.type"] == "app.capabilities.actions.AskedToFail"


def test_checkpoints_of_data_streams(functions: Functions) -> None:
    import msgpack

    function = functions(APPSEC, DD_DATA_STREAMS_ENABLED="true", _DD_TRACE_STATS_WRITER_INTERVAL="1")
    for name in ("sqs", "sns", "kinesis", "eventbridge"):
        function.invoke(sample(name))

    def checkpoints() -> set[tuple[str, ...]]:
        return {
            tuple(point["EdgeTags"])
            for payload in sent_to(function, "/v0.1/pipeline_stats")
            for bucket in msgpack.unpackb(payload)["Stats"]
            for point in bucket["Stats"]
        }

    account = "us-east-1:123456789012"
    wait_for(lambda: len(checkpoints()) >= 4, what="four checkpoints")
    assert checkpoints() == {
        ("direction:in", f"topic:arn:aws:sqs:{account}:weblog-orders", "type:sqs"),
        ("direction:in", f"topic:arn:aws:sns:{account}:weblog-news", "type:sns"),
        ("direction:in", f"topic:arn:aws:kinesis:{account}:stream/weblog-clicks", "type:kinesis"),
        ("direction:in", "topic:Order placed", "type:eventbridge"),
    }


def sent_to(function: Function, path: str) -> list[bytes]:
    """The bodies that the agent got there."""
    answer = requests.get(f"http://127.0.0.1:{function.agent.port}/test/session/requests", timeout=30)
    return [b64decode(request["body"]) for request in answer.json() if request["url"].endswith(path)]
