"""Small records of invocations, made by hand: each one holds every sentence."""

from __future__ import annotations

import copy
import json
from typing import Any

SECOND = 1_000_000_000
NOW = 1_800_000_000 * SECOND
API = "arn:aws:apigateway:us-east-1::/restapis/api"
HOST = "api.execute-api.us-east-1.amazonaws.com"

ROOT, FUNCTION, CHILD = 11, 12, 13
TRACE = 7

CONTEXT = {
    "x-datadog-trace-id": "7",
    "x-datadog-parent-id": "5",
    "x-datadog-sampling-priority": "1",
}


def span(name: str, span_id: int, parent: int, start: int, duration: int, **more: Any) -> dict[str, Any]:
    """A span of `weblog`; times in nanoseconds after NOW."""
    meta = more.pop("meta", {})
    metrics = more.pop("metrics", {})
    return {
        "name": name,
        "service": "weblog",
        "resource": name,
        "trace_id": TRACE,
        "span_id": span_id,
        "parent_id": parent,
        "start": NOW + start,
        "duration": duration,
        "error": 0,
        "meta": meta,
        "metrics": metrics,
        **more,
    }


def record(event: Any, result: Any, spans: list[dict[str, Any]]) -> dict[str, Any]:
    """The record of an invocation of one second that began at NOW."""
    return {
        "request_id": "the-request",
        "event": event,
        "result": result,
        "function_error": None,
        "started": NOW,
        "ended": NOW + SECOND,
        "log": ["START RequestId: the-request"],
        "traces": [spans],
    }


SERVER = {"span.kind": "server", "_dd.origin": "lambda"}
ROOT_META = {"language": "python", "runtime-id": "abc", "_inferred_span.synchronicity": "sync"}
ROOT_METRICS = {"_sampling_priority_v1": 1, "process_id": 1, "_dd._inferred_span": 1, "_dd.top_level": 1}


def request() -> dict[str, Any]:
    """A request through a REST API, with AppSec."""
    agent = {"http.useragent": "curl"}
    tags = {"http.status_code": "200", "http.url": f"https://{HOST}/live/a%20b"}
    event = {
        "resource": "/{proxy+}",
        "path": "/a%20b",
        "httpMethod": "GET",
        "headers": {"User-Agent": "curl", "Host": HOST},
        "requestContext": {
            "path": "/live/a%20b",
            "resourcePath": "/{proxy+}",
            "httpMethod": "GET",
            "stage": "live",
            "domainName": HOST,
            "apiId": "api",
            "identity": {"userAgent": "curl"},
            "requestTimeEpoch": NOW // 1_000_000,
        },
    }
    return record(
        event,
        {"statusCode": 200, "body": "", "headers": {}},
        [
            span(
                "aws.apigateway",
                ROOT,
                0,
                0,
                900,
                service=HOST,
                resource="GET /{proxy+}",
                meta={**SERVER, **ROOT_META, **tags, **agent},
                metrics=dict(ROOT_METRICS),
            ),
            span(
                "aws.lambda",
                FUNCTION,
                ROOT,
                100,
                700,
                type="serverless",
                resource="weblog",
                meta={
                    **SERVER,
                    **tags,
                    "functionname": "weblog",
                    "request_id": "the-request",
                    "function_trigger.event_source": "api-gateway",
                    "function_trigger.event_source_arn": f"{API}/stages/live",
                    "http.request.headers.user-agent": "curl",
                    "_dd.appsec.event_rules.version": "1",
                    "_dd.runtime_family": "python",
                },
                metrics={"_dd.top_level": 1, "_dd.appsec.enabled": 1},
            ),
            span("flask.request", CHILD, FUNCTION, 200, 300),
        ],
    )


def message() -> dict[str, Any]:
    """A message of SQS that carries a context, with AppSec."""
    arn = "arn:aws:sqs:us-east-1:123456789012:orders"
    attributes = {"_datadog": {"dataType": "String", "stringValue": json.dumps(CONTEXT)}}
    event = {
        "Records": [
            {
                "eventSource": "aws:sqs",
                "eventSourceARN": arn,
                "body": "hello",
                "attributes": {"SentTimestamp": str(NOW // 1_000_000 - 5000)},
                "messageAttributes": attributes,
            }
        ]
    }
    meta = {**SERVER, **ROOT_META, "_inferred_span.synchronicity": "async"}
    return record(
        event,
        {"batchItemFailures": []},
        [
            span("aws.sqs", ROOT, 5, -5 * SECOND, 5 * SECOND + 100, meta=meta, metrics=dict(ROOT_METRICS))
            | {"service": "orders"},
            span(
                "aws.lambda",
                FUNCTION,
                ROOT,
                100,
                700,
                type="serverless",
                resource="weblog",
                meta={
                    **SERVER,
                    "functionname": "weblog",
                    "request_id": "the-request",
                    "function_trigger.event_source": "sqs",
                    "function_trigger.event_source_arn": arn,
                },
                metrics={"_dd.top_level": 1, "_dd.appsec.unsupported_event_type": 1},
            ),
            span("sqs.process", CHILD, FUNCTION, 200, 300),
        ],
    )


def plain(result: Any = None) -> dict[str, Any]:
    """An event of no known source, without an inferred span."""
    made = message()
    made["event"], made["result"] = {"hello": 1}, result
    spans = made["traces"][0]
    function = spans[1]
    function["parent_id"] = 0
    function["meta"] |= {"language": "python", "runtime-id": "abc"}
    function["metrics"] |= {"_sampling_priority_v1": 1, "process_id": 1}
    for name in ("function_trigger.event_source", "function_trigger.event_source_arn"):
        del function["meta"][name]
    made["traces"] = [spans[1:]]
    return made


def uploaded(key: str, etag: str = "abc", *, pointer: str = "") -> dict[str, Any]:
    """An object of S3 that was made; `pointer` is the hash that the root has."""
    made = message()
    made["event"] = {
        "Records": [
            {
                "eventSource": "aws:s3",
                "eventTime": "2027-01-15T07:59:55.000Z",
                "eventName": "ObjectCreated:Put",
                "s3": {
                    "bucket": {"name": "uploads", "arn": "arn:aws:s3:::uploads"},
                    "object": {"key": key, "eTag": etag},
                },
            }
        ]
    }
    root, function, _ = made["traces"][0]
    root |= {"name": "aws.s3", "parent_id": 0, "span_links": [{"attributes": {"ptr.hash": pointer}}]}
    function["meta"] |= {
        "function_trigger.event_source": "s3",
        "function_trigger.event_source_arn": "arn:aws:s3:::uploads",
    }
    return made


def changed(made: dict[str, Any]) -> dict[str, Any]:
    """A copy, to be changed."""
    return copy.deepcopy(made)
