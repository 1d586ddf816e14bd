"""The known findings about the tracer: which sentence each one breaks, and how it is recognised.

docs/findings.md tells each of them at length. A violation that none of these explains is new.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from trace_checks.checks import SECOND, SLACK, Case, carried_ids, tracebacks
from trace_checks.record import Span, end, meta, metric, parent_id
from trace_checks.sources import Json, decoded_json, is_ascii_record, is_plain_key, source_of

Test = Callable[[Case, str, "Span | None"], bool]


@dataclass(frozen=True)
class Finding:
    """A known finding; `breaks` has, for each check that it breaks, when it does so."""

    id: str
    sentence: str
    breaks: dict[str, Test]

    def explains(self, case: Case, check: str, detail: str, span: Span | None) -> bool:
        """Whether this violation is due to the finding."""
        return check in self.breaks and self.breaks[check](case, detail, span)


# Traces lost


def _left_open(case: Case, detail: str = "", span: Span | None = None) -> bool:
    """No trace came, silently, and the event makes an inferred span fail; or one before it did."""
    if any(tracebacks(case)):
        return False
    if case.before is not None and not case.before.spans and not case.invocation.spans:
        # What lost the trace of the invocation before keeps this one's, too.
        return True
    return not case.invocation.spans and _lacks_time(case.invocation.event)


def _was_left_open(case: Case, detail: str, span: Span | None) -> bool:
    """What came late: the trace of an earlier invocation, or several in one."""
    return case.before is not None and not case.before.spans


def _lacks_time(event: object) -> bool:
    """Whether the event lacks the number that its inferred span starts at, after the span was made."""
    if not isinstance(event, dict):
        return False
    context = event.get("requestContext")
    if isinstance(context, dict):
        has_time = isinstance(context.get("timeEpoch"), (int, float))
        is_authorized = isinstance(context.get("authorizer"), dict)
        return "requestTimeEpoch" not in context and (not has_time or is_authorized)
    records = event.get("Records")
    record = records[0] if isinstance(records, list) and records else None
    if not isinstance(record, dict):
        return False
    part = record.get("dynamodb") or record.get("kinesis") or {}
    times = ("ApproximateCreationDateTime", "approximateArrivalTimestamp")
    is_stream = record.get("eventSource") in ("aws:dynamodb", "aws:kinesis")
    return is_stream and not (
        isinstance(part, dict) and any(isinstance(part.get(name), (int, float)) for name in times)
    )


def _is_odd(value: object, kind: type) -> bool:
    """Whether there is something, and it is of another type."""
    return value is not None and not isinstance(value, kind)


def _part(value: object, *path: str | int) -> Any:  # noqa: ANN401 - any JSON
    """What stands there; None where nothing does."""
    try:
        for step in path:
            value = value[step]  # type: ignore[index]
    except (LookupError, TypeError):
        return None
    return value


def _has_odd_text(event: Json) -> bool:
    """Whether a part of the URL is something else than text."""
    context = event.get("requestContext")
    parts = [event.get("path"), *(_part(context, *path) for path in (("path",), ("http", "path")))]
    for name in ("host", "x-forwarded-proto"):
        for headers in (event.get("headers"), _part(event, "multiValueHeaders")):
            if isinstance(headers, dict) and name in headers:
                is_list = headers is not event.get("headers") and isinstance(headers[name], list)
                value = _part(headers[name], 0) if is_list else headers[name]
                parts.append(5 if value is None else value)
    return any(_is_odd(part, str) for part in parts)


def _has_odd_source(event: Json) -> bool:
    """Whether what the source's ARN is read from has another form than AWS gives it."""
    holder = event.get("_datadog", event)
    is_state = any(isinstance(one, dict) and "StateMachine" in one for one in (event, holder))
    record = _part(event, "Records", 0)
    front = _part(record, "cf")
    return (
        "Payload" in event
        or ("awslogs" in event and source_of({"awslogs": event["awslogs"]}).name is None)
        or (is_state and not isinstance(_part(holder, "StateMachine"), dict))
        or _is_odd(_part(event, "requestContext", "elb"), dict)
        or (front is not None and not isinstance(_part(front, "config"), dict))
        or any(_is_odd(_part(record, *path), dict) for path in (("s3",), ("s3", "bucket"), ("Sns",)))
        or _is_odd(event.get("resources"), list)
    )


# The functions that fail before any span is made, and the form of event at which each one does so.
_ODD_FORMS: dict[str, Callable[[Json], bool]] = {
    "_after": lambda event: not isinstance(event.get("requestContext", {}), dict),
    "extract_durable_function_tags": lambda event: (
        not isinstance(_part(event, "InitialExecutionState", "Operations"), list)
    ),
    "extract_http_tags": _has_odd_text,
    "get_event_source_arn": lambda event: not isinstance(_part(event, "Records", 0), dict),
    "get_first_record": lambda event: _is_odd(event.get("Records"), list),
    "is_step_function_event": lambda event: (
        _is_odd(event.get("_datadog"), dict) or _is_odd(_part(event, "Payload", "_datadog"), dict)
    ),
    "parse_event_source_arn": _has_odd_source,
}


def _in_preparation(case: Case, detail: str, span: Span | None) -> bool:
    event = case.invocation.event
    is_odd_form = _ODD_FORMS.get(_place(detail))
    return isinstance(event, dict) and is_odd_form is not None and is_odd_form(event)


def _crashed(case: Case, detail: str, span: Span | None) -> bool:
    """The log has the traceback of datadog_lambda's preparation, which was no match for the event's form."""
    return any(_in_preparation(case, error, None) for error, _ in tracebacks(case))


def _place(detail: str) -> str:
    match = re.match(r"\S+ in (\w+):", detail)
    return match[1] if match else ""


# API Security's functions that read the parameters of a request when `aws.lambda` ends.
_SCHEMA_PLACES = {"_schema_callback", "path_param_transform"}


_PARAMETERS = ("pathParameters", "queryStringParameters", "multiValueQueryStringParameters")


def _in_schema(case: Case, detail: str, span: Span | None) -> bool:
    is_odd = any(_is_odd(_part(case.invocation.event, name), dict) for name in _PARAMETERS)
    return is_odd and _place(detail) in _SCHEMA_PLACES


def _lost_by_schema(case: Case, detail: str, span: Span | None) -> bool:
    return not case.invocation.spans and any(_in_schema(case, error, None) for error, _ in tracebacks(case))


# Traces broken


def _is_nested_without_context(case: Case, detail: str, span: Span | None) -> bool:
    """A message that came through SQS: its upstream span begins a trace where no context was read."""
    body = decoded_json(_part(case.invocation.event, "Records", 0, "body"))
    is_nested = _part(body, "Type") == "Notification" or bool(_part(body, "detail", "_datadog"))
    context = case.source.context or {}
    is_whole = carried_ids(context) is not None and _has_priority(context)
    return is_nested and (not is_whole or _is_where_nobody_looks(case))


def _has_priority(context: Mapping[str, str]) -> bool:
    return "x-datadog-sampling-priority" in context or "traceparent" in context


def _is_kinesis_beyond_ascii(case: Case, detail: str, span: Span | None) -> bool:
    return case.source.name == "kinesis" and not is_ascii_record(case.invocation.event)


def _is_state_machine(case: Case, detail: str, span: Span | None) -> bool:
    return case.source.name == "states" and "upper half" in detail


def _is_ignored_context(case: Case, detail: str, span: Span | None) -> bool:
    """The trace is a new one, and the context where datadog_lambda does not look, or without a priority."""
    context = case.source.context or {}
    ids = carried_ids(context)
    if ids is None or span is None or parent_id(span) or span["trace_id"] == ids[0] & (1 << 64) - 1:
        return False
    return not _has_priority(context) or _is_where_nobody_looks(case)


def _is_where_nobody_looks(case: Case) -> bool:
    event = case.invocation.event
    if isinstance(event, dict) and isinstance(event.get("records"), dict):
        return True
    record = _part(event, "Records", 0)
    body = decoded_json(_part(record, "body"))
    attributes = (
        _part(record, "messageAttributes", "_datadog", "dataType"),
        _part(record, "Sns", "MessageAttributes", "_datadog", "Type"),
        _part(body, "MessageAttributes", "_datadog", "Type"),
    )
    # AWS lets a type have a label of one's own: `Binary.custom`.
    is_labelled = any(str(kind).startswith(("Binary.", "String.")) for kind in attributes)
    is_bus_through_topic = bool(_part(decoded_json(_part(record, "Sns", "Message")), "detail", "_datadog"))
    return is_labelled or is_bus_through_topic


def _has_no_links(case: Case, detail: str, span: Span | None) -> bool:
    return not any(span.get("span_links") for span in case.invocation.spans)


def _is_dropped(case: Case, detail: str, span: Span | None) -> bool:
    """The origin is datadog_lambda's own, or the tag is not there."""
    return bool(re.match(r"the origin is 'lambda',|(_dd\.p\.\w+|baggage\.[\w.]+) is None,", detail))


# Spans wrong


def _has_odd_pointer(case: Case, detail: str, span: Span | None) -> bool:
    if case.source.name == "s3":
        return not is_plain_key(case.invocation.event)
    return case.source.name == "dynamodb" and not str(case.source.arn).startswith("arn:aws:")


_APPSEC_PLACES = {
    "_get_request_header_client_ip",
    "_merge_single_and_multi_value_headers",
    "_to_single_value_headers",
    "asm_start_request",
    "asm_start_response",
}


def _in_appsec(case: Case, detail: str, span: Span | None) -> bool:
    return _place(detail) in _APPSEC_PLACES


def _appsec_crashed(case: Case, detail: str, span: Span | None) -> bool:
    text = "\n".join(case.invocation.record.get("log") or [])
    return "Traceback" in text and any(place in text for place in _APPSEC_PLACES)


def _shares_service(case: Case, detail: str, span: Span | None) -> bool:
    """The span above `aws.lambda` has its service."""
    function = case.invocation.function
    above = case.invocation.ancestors(function)[:1] if function else []
    return bool(above) and function is not None and above[0]["service"] == function["service"]


def _is_root_endpoint(case: Case, detail: str, span: Span | None) -> bool:
    return span is not None and detail.endswith("has http.endpoint") and meta(span, "http.endpoint") == "/"


def _is_enabled_above(case: Case, detail: str, span: Span | None) -> bool:
    """AppSec is enabled on the inferred spans of an event that is no request, and on no other.

    Or on `aws.lambda`, where Flask answers what datadog_lambda takes for no request.
    """
    enabled = [one for one in case.invocation.spans if metric(one, "_dd.appsec.enabled")]
    if case.source.is_request is None and enabled == case.invocation.functions:
        return any(one["name"] == "flask.request" for one in case.invocation.spans)
    return not case.source.is_request and all(one in case.invocation.inferred for one in enabled)


def _ran_above(case: Case, detail: str, span: Span | None) -> bool:
    """AppSec ran on the inferred spans of an event that is no request, or on the authorizer's, too."""
    ran = [one for one in case.invocation.spans if meta(one, "_dd.appsec.event_rules.version")]
    if case.source.is_request:
        return sorted(one["name"] for one in ran) == ["aws.apigateway.authorizer", "aws.lambda"]
    return all(one in case.invocation.inferred for one in ran)


def _is_above(case: Case, detail: str, span: Span | None) -> bool:
    return span is not None and span["name"] != "aws.lambda"


def _timed_out(case: Case, detail: str, span: Span | None) -> bool:
    return "timed out" in str(case.invocation.result).lower() or "Timedout" in str(case.invocation.result)


def _is_above_or_timed_out(case: Case, detail: str, span: Span | None) -> bool:
    return _is_above(case, detail, span) or _timed_out(case, detail, span)


def _lacks_status(case: Case, detail: str, span: Span | None) -> bool:
    """The tag is Python's text of what stands in the result for a status, or of nothing."""
    result = case.invocation.result
    status = result.get("statusCode") if isinstance(result, dict) else 200
    return not isinstance(status, int) and f"says {str(status)!r}," in detail


def _raw_urls(case: Case) -> set[str]:
    """The URLs as datadog_lambda makes them: parts of the event, as they are."""
    event = case.invocation.event
    context = _part(event, "requestContext")
    if case.source.inferred == ("aws.apigateway.websocket",):
        paths = [_part(context, "routeKey")]
    elif case.source.http is not None and case.source.http.infers_response:
        paths = [_part(event, "rawPath"), _part(context, "http", "path")]
    else:
        # REST: the path without the stage.
        paths = [_part(event, "path")]
    return {f"https://{_part(context, 'domainName')}{path}" for path in paths}


def _is_raw_url(case: Case, detail: str, span: Span | None) -> bool:
    is_rest = case.source.inferred == ("aws.apigateway",)
    if span is None or "aws.alb" in case.source.inferred or (is_rest and span["name"] == "aws.lambda"):
        return False
    return meta(span, "http.url") in _raw_urls(case)


def _is_raw_path(case: Case, detail: str, span: Span | None) -> bool:
    """datadog_lambda takes a route for one only where it has a parameter."""
    http, path = case.source.http, _part(case.invocation.event, "rawPath")
    return http is not None and span is not None and span["resource"] == f"{http.method} {path}"


def _is_new_api_arn(case: Case, detail: str, span: Span | None) -> bool:
    """The ARN of an HTTP or WebSocket API, but for `restapis`."""
    arn = str(case.source.arn)
    return arn.startswith("/apis/") and f"{arn.replace('/apis/', '/restapis/')!r},"[1:] in detail


def _is_payload_2_span(case: Case, detail: str, span: Span | None) -> bool:
    is_payload_2 = span is not None and span["name"] in ("aws.httpapi", "aws.lambda.url")
    return is_payload_2 and detail.endswith("span.kind is None")


# The tags that datadog_lambda copies from the event, whether or not the event has the field.
_COPIED: dict[str, dict[str, tuple[str | int, ...]]] = {
    "aws.sqs": {
        "receipt_handle": ("Records", 0, "receiptHandle"),
        "sender_id": ("Records", 0, "attributes", "SenderId"),
    },
    "aws.sns": {
        "message_id": ("Records", 0, "Sns", "MessageId"),
        "type": ("Records", 0, "Sns", "Type"),
    },
    "aws.kinesis": {
        "event_name": ("Records", 0, "eventName"),
        "event_version": ("Records", 0, "eventVersion"),
        "event_source_arn": ("Records", 0, "eventSourceARN"),
        "partition_key": ("Records", 0, "kinesis", "partitionKey"),
    },
    "aws.dynamodb": {
        "event_id": ("Records", 0, "eventID"),
        "event_name": ("Records", 0, "eventName"),
        "event_version": ("Records", 0, "eventVersion"),
        "stream_view_type": ("Records", 0, "dynamodb", "StreamViewType"),
        "size_bytes": ("Records", 0, "dynamodb", "SizeBytes"),
    },
    "aws.s3": {
        "event_name": ("Records", 0, "eventName"),
        "bucketname": ("Records", 0, "s3", "bucket", "name"),
        "resource_names": ("Records", 0, "s3", "bucket", "name"),
        "bucket_arn": ("Records", 0, "s3", "bucket", "arn"),
        "object_key": ("Records", 0, "s3", "object", "key"),
        "object_size": ("Records", 0, "s3", "object", "size"),
        "object_etag": ("Records", 0, "s3", "object", "eTag"),
    },
    "aws.eventbridge": {"detail_type": ("detail-type",), "resource_names": ("source",)},
    "aws.apigateway": {
        "endpoint": ("path",),
        "http.method": ("httpMethod",),
        "http.useragent": ("requestContext", "identity", "userAgent"),
        "apiid": ("requestContext", "apiId"),
        "apiname": ("requestContext", "apiId"),
    },
    "aws.httpapi": {
        "endpoint": ("rawPath",),
        "http.method": ("requestContext", "http", "method"),
        "http.protocol": ("requestContext", "http", "protocol"),
        "http.source_ip": ("requestContext", "http", "sourceIp"),
        "http.useragent": ("requestContext", "http", "userAgent"),
        "apiid": ("requestContext", "apiId"),
        "apiname": ("requestContext", "apiId"),
    },
    "aws.apigateway.websocket": {
        "endpoint": ("requestContext", "routeKey"),
        "resource_names": ("requestContext", "routeKey"),
        "apiid": ("requestContext", "apiId"),
        "apiname": ("requestContext", "apiId"),
        "connection_id": ("requestContext", "connectionId"),
        "event_type": ("requestContext", "eventType"),
        "message_direction": ("requestContext", "messageDirection"),
    },
    "aws.lambda.url": {
        "endpoint": ("requestContext", "http", "path"),
        "http.method": ("requestContext", "http", "method"),
    },
}


def _is_copied(case: Case, detail: str, span: Span | None) -> bool:
    """The tag is of a field that the event has not, or of a status that the result has not."""
    match = re.search(r": (\S+) is 'None'$", detail)
    if match is None or span is None:
        return False
    if match[1] == "http.status_code":
        return _part(case.invocation.result, "statusCode") is None
    event = case.invocation.event
    header = match[1].removeprefix("http.request.headers.")
    if header != match[1]:
        headers = _part(event, "headers")
        return isinstance(headers, dict) and header in [
            name.lower() for name, value in headers.items() if value is None
        ]
    body = decoded_json(_part(event, "Records", 0, "body"))
    if isinstance(body, dict) and span["name"] in ("aws.sns", "aws.eventbridge"):
        # What came before SQS stands in the message.
        event = {"Records": [{"Sns": body}]} if span["name"] == "aws.sns" else body
    path = _COPIED.get(span["name"], {}).get(match[1])
    return path is not None and _part(event, *path) is None


def _is_odd_time(case: Case, detail: str, span: Span | None) -> bool:
    """An inferred span starts at zero, as the event has no time, or at a time that was still to come."""
    near = [span, case.invocation.by_id.get(parent_id(span))] if span else []
    starts = [one["start"] for one in near if one and one in case.invocation.inferred]
    started, sent = case.invocation.record.get("started") or 0, case.source.time
    if not sent and 0 in starts:
        return True
    return any(
        # An event that is not whole has no source, and tells its time all the same.
        abs(start - sent) < SECOND if sent else str(start // SECOND) in str(case.invocation.event)
        for start in starts
        if start > started - SLACK
    )


def _is_odd_duration(case: Case, detail: str, span: Span | None) -> bool:
    """Besides those: what came before SQS ends when the message was sent, though that be before it began."""
    times = ("Records", 0, "attributes", "SentTimestamp")
    is_upstream = span is not None and span["name"] in ("aws.sns", "aws.eventbridge")
    return _is_odd_time(case, detail, span) or (
        is_upstream and end(span) == int(_part(case.invocation.event, *times) or 0) * 1_000_000  # type: ignore[arg-type]
    )


def _is_captured(case: Case, detail: str, span: Span | None) -> bool:
    return ": function.re" in detail


def _is_split(case: Case, detail: str, span: Span | None) -> bool:
    """Flask's spans follow the request's headers, which datadog_lambda took for no whole context."""
    text = str(case.invocation.event).lower()
    names = ("x-datadog-trace-id", "traceparent")
    is_flask = any(root["name"] == "flask.request" for root in case.invocation.roots)
    return is_flask and any(name in text for name in names)


def _has_second_service(case: Case, detail: str, span: Span | None) -> bool:
    function = case.invocation.function
    flask = [one for one in case.invocation.spans if one["name"] == "flask.request"]
    return bool(flask and function) and flask[0]["service"] != (function or {}).get("service")


def _is_unnamed_without_appsec(case: Case, detail: str, span: Span | None) -> bool:
    return not case.invocation.appsec and "aws.lambda.url" in case.source.inferred


FINDINGS: tuple[Finding, ...] = (
    Finding(
        "D1",
        "an event without its time leaves its inferred span open: this trace and those after it are not sent",
        {
            "one-trace": _left_open,
            "function-span": _left_open,
            **dict.fromkeys(
                ("one-root", "nothing-left", "inside-parent", "inside-invocation", "start-of-now"),
                _was_left_open,
            ),
        },
    ),
    Finding(
        "D2",
        "an event of an unexpected form makes datadog_lambda fail before any span: no trace, a traceback",
        {
            "no-traceback": _in_preparation,
            # Of such an invocation come at most the function's own spans, in a trace of their own.
            **dict.fromkeys(
                ("one-trace", "function-span", "one-root", "context-continued", "context-carried-on"),
                _crashed,
            ),
            **dict.fromkeys(("appsec-context", "appsec-supported", "user-agent", "root-tags"), _crashed),
        },
    ),
    Finding(
        "D3",
        "SNS or EventBridge through SQS without a whole context becomes two traces",
        dict.fromkeys(
            ("one-trace", "one-root", "inferred-span", "context-continued", "root-tags"),
            _is_nested_without_context,
        ),
    ),
    Finding(
        "D4",
        "Kinesis data with a character beyond ASCII loses its context",
        dict.fromkeys(("context-continued", "context-carried-on", "root-tags"), _is_kinesis_beyond_ascii),
    ),
    Finding(
        "D5",
        "the upper half of a Step Functions trace id is lost",
        {"context-continued": _is_state_machine},
    ),
    Finding(
        "D7",
        "contexts are ignored: Binary.custom, Kafka, EventBridge through SNS, no priority, a batch's others",
        {
            "batch-linked": _has_no_links,
            **dict.fromkeys(("context-continued", "context-carried-on", "root-tags"), _is_ignored_context),
        },
    ),
    Finding(
        "D6",
        "carried data is dropped: the origin, `_dd.p.*` and baggage",
        {"context-carried-on": _is_dropped},
    ),
    Finding(
        "D8",
        "after a failure of datadog_lambda an authorizer's policy carries an earlier invocation's context",
        {"policy-context": _crashed},
    ),
    Finding(
        "D9",
        "span pointers: S3 keys are hashed URL-encoded, DynamoDB outside the partition `aws` has none",
        {"span-pointers": _has_odd_pointer},
    ),
    Finding(
        "D10",
        "null containers make AppSec fail: a traceback, and the WAF sees nothing",
        {
            "no-traceback": _in_appsec,
            **dict.fromkeys(("waf-saw-request", "appsec-context"), _appsec_crashed),
        },
    ),
    Finding(
        "D11",
        "AppSec is on the inferred span where it and `aws.lambda` have one service name",
        dict.fromkeys(("appsec-context", "waf-saw-request", "server-spans"), _shares_service),
    ),
    Finding(
        "D12",
        "AppSec runs on inferred spans of events that are no requests, and on the authorizer's",
        {
            "no-http": _is_root_endpoint,
            "appsec-supported": _is_enabled_above,
            "appsec-context": _ran_above,
        },
    ),
    Finding(
        "D13",
        "a time-out marks the inferred root alone, a 5xx `aws.lambda` alone",
        {
            "error-path": _is_above_or_timed_out,
            "error-message": _timed_out,
            # The span above is ended together with the function, whatever it stands for.
            "asynchronous-end": _timed_out,
        },
    ),
    Finding(
        "D14",
        "tags: status None, ARNs and URLs of the wrong form, a path for a route, no span.kind",
        {
            "status": _lacks_status,
            "no-none": _is_copied,
            "url": _is_raw_url,
            "url-parses": _is_raw_url,
            "http-resource": _is_raw_path,
            "trigger": _is_new_api_arn,
            "server-spans": _is_payload_2_span,
        },
    ),
    Finding(
        "D15",
        "a span without a time starts at zero, one of a later time has a negative duration",
        {
            "duration": _is_odd_duration,
            **dict.fromkeys(("start", "inside-parent", "asynchronous-end", "start-of-now"), _is_odd_time),
        },
    ),
    Finding(
        "D16",
        "a captured payload records null as the text None",
        {"no-none": _is_captured},
    ),
    Finding(
        "D17",
        "without AppSec no span of datadog_lambda has the user agent of a Function URL's request",
        {"user-agent": _is_unnamed_without_appsec},
    ),
    Finding(
        "D18",
        "parameters that are not an object make API Security fail as the span ends: its trace is not sent",
        {
            "no-traceback": _in_schema,
            **dict.fromkeys(("one-trace", "function-span"), _lost_by_schema),
        },
    ),
    Finding(
        "split-context",
        "an incomplete context in a request's headers is taken by Flask's spans alone: two traces",
        dict.fromkeys(("one-trace", "one-root", "appsec-context"), _is_split),
    ),
    Finding(
        "second-service",
        "a service of its own for Flask makes AppSec run twice",
        {"appsec-context": _has_second_service},
    ),
)
