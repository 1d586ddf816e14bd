"""The known findings about the tracer: which sentence each one breaks, and how it is recognised.

docs/findings.md tells each of them at length. A violation that none of these explains is new.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from trace_checks.checks import SECOND, Case
from trace_checks.record import Span, meta, metric, parent_id
from trace_checks.sources import is_ascii_record, is_plain_key

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


def _always(case: Case, detail: str, span: Span | None) -> bool:
    return True


# Traces lost


def _left_open(case: Case, detail: str = "", span: Span | None = None) -> bool:
    """No trace came, silently, and the event makes an inferred span fail; or one before it did."""
    if _has_own_traceback(case):
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


def _has_own_traceback(case: Case) -> bool:
    text = "\n".join(case.invocation.record.get("log") or [])
    return "Traceback" in text and "datadog_lambda" in text and "_before" in text


def _crashed(case: Case, detail: str, span: Span | None) -> bool:
    """No span came, and the log has the traceback of datadog_lambda's preparation."""
    return _has_own_traceback(case)


# The functions that fail on an event of an unexpected form, before any span is made.
_PREPARATION = {
    "_after",
    "_before",
    "extract_http_tags",
    "extract_durable_function_tags",
    "extract_context_from_durable_execution",
    "extract_context_from_lambda_context",
    "extract_dd_trace_context",
    "extract_trigger_tags",
    "get_event_source_arn",
    "get_first_record",
    "is_step_function_event",
    "parse_event_source",
    "parse_event_source_arn",
}


def _in_preparation(case: Case, detail: str, span: Span | None) -> bool:
    return _place(detail) in _PREPARATION


def _place(detail: str) -> str:
    match = re.match(r"\S+ in (\w+):", detail)
    return match[1] if match else ""


# Traces broken


def _is_nested(case: Case) -> bool:
    return len(case.source.inferred) == 2


def _is_nested_without_context(case: Case, detail: str, span: Span | None) -> bool:
    return _is_nested(case) and not _is_complete(case)


def _is_complete(case: Case) -> bool:
    """Whether the event carries a context with all that datadog_lambda asks for."""
    context = case.source.context or {}
    names = ("x-datadog-trace-id", "x-datadog-parent-id", "x-datadog-sampling-priority")
    return all(context.get(name) for name in names) or "traceparent" in context


def _is_kinesis_beyond_ascii(case: Case, detail: str, span: Span | None) -> bool:
    return case.source.name == "kinesis" and not is_ascii_record(case.invocation.event)


def _is_state_machine(case: Case, detail: str, span: Span | None) -> bool:
    return case.source.name == "states" and "upper half" in detail


def _is_ignored_context(case: Case, detail: str, span: Span | None) -> bool:
    """A context where datadog_lambda does not look, or one that it takes for incomplete."""
    if not _is_complete(case):
        return True
    text = str(case.invocation.event)
    is_kafka = isinstance(case.invocation.event, dict) and "records" in case.invocation.event
    is_bus_through_topic = case.source.name == "sns" and "detail-type" in text
    is_bus_through_queue = case.source.inferred == ("aws.eventbridge", "aws.sqs")
    return is_kafka or is_bus_through_topic or is_bus_through_queue or "Binary." in text


# Spans wrong


def _has_odd_pointer(case: Case, detail: str, span: Span | None) -> bool:
    if case.source.name == "s3":
        return not is_plain_key(case.invocation.event)
    return case.source.name == "dynamodb" and not str(case.source.arn).startswith("arn:aws:")


_APPSEC_PLACES = {
    "_get_request_header_client_ip",
    "_merge_single_and_multi_value_headers",
    "_schema_callback",
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


def _is_not_request(case: Case, detail: str, span: Span | None) -> bool:
    return not case.source.is_request


def _is_root_endpoint(case: Case, detail: str, span: Span | None) -> bool:
    return span is not None and detail.endswith("has http.endpoint") and meta(span, "http.endpoint") == "/"


def _is_authorized(case: Case, detail: str, span: Span | None) -> bool:
    return "aws.apigateway.authorizer" in detail


def _is_above(case: Case, detail: str, span: Span | None) -> bool:
    return span is not None and span["name"] != "aws.lambda"


def _timed_out(case: Case, detail: str, span: Span | None) -> bool:
    return "timed out" in str(case.invocation.result).lower() or "Timedout" in str(case.invocation.result)


def _lacks_status(case: Case, detail: str, span: Span | None) -> bool:
    result = case.invocation.result
    status = result.get("statusCode") if isinstance(result, dict) else None
    return not isinstance(status, int)


def _is_payload_2(case: Case, detail: str, span: Span | None) -> bool:
    return case.source.http is not None and case.source.http.infers_response


def _is_rest_or_payload_2(case: Case, detail: str, span: Span | None) -> bool:
    """REST's inferred span lacks the stage; payload 2.0's are decoded."""
    is_rest = "aws.apigateway" in case.source.inferred and span is not None and span["name"] != "aws.lambda"
    return is_rest or _is_payload_2(case, detail, span)


def _is_websocket(case: Case, detail: str, span: Span | None) -> bool:
    return span is not None and span["name"] in ("aws.apigateway.websocket", "aws.apigateway.authorizer")


def _is_default_route(case: Case, detail: str, span: Span | None) -> bool:
    # datadog_lambda takes a route for one only where it has a parameter.
    return "aws.httpapi" in case.source.inferred and "{" not in str(
        case.source.http and case.source.http.route
    )


def _is_new_api_arn(case: Case, detail: str, span: Span | None) -> bool:
    return case.source.name == "api-gateway" and "/restapis/" in detail


def _is_payload_2_span(case: Case, detail: str, span: Span | None) -> bool:
    return span is not None and span["name"] in ("aws.httpapi", "aws.lambda.url") and "span.kind" in detail


# The tags that datadog_lambda copies from the event, whether or not the event has the field.
_COPIED = re.compile(
    r": (http\.(method|protocol|source_ip|useragent|status_code|request\.headers\.[a-z-]+)|endpoint|stage"
    r"|resource_names|function_trigger\.event_source_arn|event_(source_arn|type|id|name|version)|message_"
    r"(id|direction)|connection_id|receipt_handle|sender_id|partition_key|object_(key|etag|size)|bucketname"
    r"|bucket_arn|size_bytes|stream_view_type|detail_type|api(id|name)|type|dd_resource_key) is "
)


def _is_copied(case: Case, detail: str, span: Span | None) -> bool:
    return bool(_COPIED.search(detail))


def _is_odd_time(case: Case, detail: str, span: Span | None) -> bool:
    """The event has no time, or one that is not of the past."""
    started, sent = case.invocation.record.get("started"), case.source.time
    near = [span, case.invocation.by_id.get(parent_id(span))] if span else []
    is_inferred = any(one and metric(one, "_dd._inferred_span") for one in near)
    return is_inferred and (sent is None or sent <= 0 or (started or 0) < sent + SECOND)


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
        "contexts are ignored: Binary.custom, MSK, EventBridge through SNS, no priority, a batch's others",
        {
            "batch-linked": _always,
            **dict.fromkeys(("context-continued", "context-carried-on", "root-tags"), _is_ignored_context),
        },
    ),
    Finding(
        "D6",
        "carried data is dropped: the origin, `_dd.p.*` and baggage",
        {"context-carried-on": _always},
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
            "appsec-supported": _is_not_request,
            "appsec-context": lambda case, detail, span: (
                _is_not_request(case, detail, span) or _is_authorized(case, detail, span)
            ),
        },
    ),
    Finding(
        "D13",
        "a time-out marks the inferred root alone, a 5xx `aws.lambda` alone",
        {"error-path": _is_above, "error-message": _timed_out},
    ),
    Finding(
        "D14",
        "tags: status None, ARNs and URLs of the wrong form, a path for a route, no span.kind",
        {
            "status": _lacks_status,
            "no-none": _is_copied,
            "url": _is_rest_or_payload_2,
            "url-parses": _is_websocket,
            "http-resource": _is_default_route,
            "trigger": _is_new_api_arn,
            "server-spans": _is_payload_2_span,
        },
    ),
    Finding(
        "D15",
        "a span without a time starts at zero, one of a later time has a negative duration",
        dict.fromkeys(
            ("duration", "start", "inside-parent", "asynchronous-end", "start-of-now"), _is_odd_time
        ),
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
