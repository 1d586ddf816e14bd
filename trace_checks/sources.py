"""Judges an event by itself: what sent it, and what the tracer must then make of it.

Nothing here asks the tracer. The shapes are those of AWS's documentation; the names of spans and
sources are datadog_lambda's. An event that lacks what AWS always sends has no source: nothing is
expected of it but a whole trace.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import unquote_plus

Json = Mapping[str, Any]

# Each of these at the top of an event says what sent it; AWS never sends two.
_MARKS = (
    "requestContext",
    "Records",
    "records",
    "awslogs",
    "detail-type",
    "Execution",
    "DurableExecutionArn",
    "eventSourceARN",
)

# What a context is made of.
_CONTEXT = (
    "x-datadog-trace-id",
    "x-datadog-parent-id",
    "x-datadog-sampling-priority",
    "x-datadog-tags",
    "x-datadog-origin",
    "traceparent",
    "tracestate",
    "baggage",
)

# And these stand beside none of those.
_ALONE = ("Records", "records", "awslogs", "detail-type")
_FOREIGN = ("headers", "multiValueHeaders", "request", "_datadog", "Payload")

# SQS is younger.
_YEAR_2000 = 946_684_800_000_000_000

_HOST = r"[A-Za-z0-9.-]+(:[0-9]+)?"

_TABLE_ARN = r"arn:[a-z-]+:dynamodb:[^:]*:[^:]*:table/[^/]+/.+"


@dataclass(frozen=True)
class Http:
    """What an HTTP event says of its request."""

    method: str
    host: str
    path: str
    """The path that the client requested, stage included; `encoded` says in which form."""
    encoded: bool
    route: str | None = None
    """The front door's route or resource; None where it has none."""
    user_agent: str | None = None
    infers_response: bool = False
    """Whether the front door makes a 200 of a result without a status."""


@dataclass(frozen=True)
class Source:
    """What sent an event, and what that means for the trace."""

    name: str | None
    """`function_trigger.event_source`; None where datadog_lambda knows no source."""
    arn: str | None = None
    """`function_trigger.event_source_arn`; None where the event does not tell it."""
    inferred: Sequence[str] = ()
    """The names of the inferred spans, the outermost first."""
    asynchronous: bool = False
    http: Http | None = None
    is_request: bool | None = False
    """Whether AppSec looks at the event; None where an event is neither a whole request nor anything else."""
    context: Mapping[str, str] | None = None
    """The trace context that the event carries, by lower-case header name."""
    linked: Sequence[Mapping[str, str]] = ()
    """The trace contexts of the further records of a batch."""
    time: int | None = None
    """When the event was sent, in nanoseconds since 1970; None where it does not tell."""
    pointers: frozenset[str] = frozenset()
    """The hashes of the span pointers."""


def source_of(event: object) -> Source:
    """What sent this event."""
    if not isinstance(event, dict):
        return Source(None)
    # A tumbling window tells its source beside the records.
    marks = [
        mark for mark in _MARKS if mark in event and not (mark == "eventSourceARN" and "window" in event)
    ]
    if len(marks) > 1 or (marks and marks[0] in _ALONE and any(name in event for name in _FOREIGN)):
        # It looks like several sources at once.
        return Source(None, is_request=None)
    context = event.get("requestContext")
    if isinstance(context, dict):
        if "request" in event:
            # AppSync has its headers there.
            return Source(None, is_request=None)
        if "methodArn" in event or "routeArn" in event:
            # An authorizer is asked about a request, and does not answer it.
            carried = _headers(event) if _are_headers(event) else None
            time = _milliseconds(context.get("requestTimeEpoch") or context.get("timeEpoch"))
            return Source(None, is_request=None, context=carried, time=time)
        return _request(event, context) or Source(None, is_request=None)
    records = event.get("Records")
    if isinstance(records, list) and records and all(isinstance(record, dict) for record in records):
        return _records(records)
    if event.get("eventSource") in ("aws:kafka", "SelfManagedKafka"):
        return Source(None, context=_kafka_context(event.get("records")))
    if isinstance(event.get("awslogs"), dict):
        return Source("cloudwatch-logs" if _are_logs(event["awslogs"].get("data")) else None)
    if _has(event, "detail-type", "source", "time"):
        return _event_bus(event)
    return _state_machine(event) or Source(None)


def _request(event: Json, context: Json) -> Source | None:
    """A request of one of the front doors; None where it lacks what that front door always sends."""
    if not _are_headers(event):
        return None
    if isinstance(context.get("elb"), dict):
        is_whole = _has(event, "httpMethod", "path") and _has(context["elb"], "targetGroupArn")
        headers = _headers(event)
        is_whole = is_whole and headers.get("x-forwarded-proto", "http") in ("http", "https")
        is_whole = is_whole and bool(re.fullmatch(_HOST, headers.get("host", "none")))
        return _load_balancer(event, context["elb"]) if is_whole and _is_path(event["path"]) else None
    if not _has(context, "stage", "domainName", "apiId") or not re.fullmatch(_HOST, context["domainName"]):
        return None
    if "connectionId" in context:
        is_timed = _milliseconds(context.get("requestTimeEpoch"))
        return (
            _websocket(event, context) if is_timed and _has(context, "routeKey", "messageDirection") else None
        )
    if isinstance(context.get("http"), dict) and event.get("version") == "2.0":
        is_whole = _has(context["http"], "method", "path") and _has(event, "rawPath", "routeKey")
        is_whole = is_whole and isinstance(context.get("routeKey", ""), str)
        is_whole = is_whole and event["rawPath"].startswith("/")
        return _payload_2(event, context) if is_whole and _milliseconds(context.get("timeEpoch")) else None
    if "routeKey" in event:
        return None
    is_whole = _has(event, "httpMethod", "path", "resource") and _has(context, "path", "httpMethod")
    is_whole = is_whole and context.get("resourcePath") == event["resource"]
    is_whole = is_whole and isinstance(context.get("identity"), dict) and _is_path(context["path"])
    return _rest_api(event, context) if is_whole and _milliseconds(context.get("requestTimeEpoch")) else None


def _is_path(text: str) -> bool:
    """Whether it is a path as it stands in a request."""
    return bool(re.fullmatch(r"/[!-~]*", text))


def _are_headers(event: Json) -> bool:
    """Whether all headers are text, in either form. AWS sends null where there are none."""
    single, multiple = event.get("headers") or {}, event.get("multiValueHeaders") or {}
    if not isinstance(single, dict) or not isinstance(multiple, dict):
        return False
    lists = list(multiple.values())
    texts = [text for values in lists if isinstance(values, list) for text in values]
    return all(isinstance(values, list) for values in lists) and all(
        isinstance(text, str) for text in (*single.values(), *texts)
    )


def _has(holder: Json, *names: str) -> bool:
    """Whether all of these are strings that are not empty."""
    return all(isinstance(holder.get(name), str) and holder[name] for name in names)


def _rest_api(event: Json, context: Json) -> Source:
    return Source(
        "api-gateway",
        arn=f"/restapis/{context['apiId']}/stages/{context['stage']}",
        inferred=("aws.apigateway",),
        asynchronous=_headers(event).get("x-amz-invocation-type") == "Event",
        http=Http(
            method=event["httpMethod"],
            host=context["domainName"],
            path=context["path"],
            encoded=True,
            route=event["resource"],
            user_agent=_user_agent(event),
        ),
        is_request=True,
        context=_authorizers(context) or _headers(event),
        time=_milliseconds(context["requestTimeEpoch"]),
    )


def _payload_2(event: Json, context: Json) -> Source:
    http = context["http"]
    is_url = ".lambda-url." in context["domainName"]
    return Source(
        "lambda-function-url" if is_url else "api-gateway",
        arn=None if is_url else f"/apis/{context['apiId']}/stages/{context['stage']}",
        inferred=("aws.lambda.url",) if is_url else ("aws.httpapi",),
        http=Http(
            method=http["method"],
            host=context["domainName"],
            path=event["rawPath"],
            encoded=is_url,
            route=None if is_url else event["routeKey"].rpartition(" ")[2],
            user_agent=_headers(event).get("user-agent"),
            infers_response=True,
        ),
        is_request=True,
        context=_authorizers(context) or _headers(event),
        time=_milliseconds(context["timeEpoch"]),
    )


def _websocket(event: Json, context: Json) -> Source:
    return Source(
        "api-gateway",
        arn=f"/apis/{context['apiId']}/stages/{context['stage']}",
        inferred=("aws.apigateway.websocket",),
        is_request=True,
        context=_authorizers(context) or _headers(event),
        time=_milliseconds(context["requestTimeEpoch"]),
    )


def _load_balancer(event: Json, elb: Json) -> Source:
    headers = _headers(event)
    return Source(
        "application-load-balancer",
        arn=elb["targetGroupArn"] if _has(elb, "targetGroupArn") else None,
        inferred=("aws.alb",),
        http=Http(
            method=event["httpMethod"],
            host=headers.get("host", ""),
            path=event["path"],
            encoded=True,
            user_agent=headers.get("user-agent"),
        ),
        is_request=True,
        context=headers,
    )


def _records(records: list[Json]) -> Source:
    record = records[0]
    kinds: dict[str, Callable[[list[Json]], Source | None]] = {
        "aws:sqs": _sqs,
        "aws:sns": _sns,
        "aws:kinesis": _kinesis,
        "aws:dynamodb": _dynamodb,
        "aws:s3": _s3,
    }
    front = record.get("cf")
    if isinstance(front, dict):
        is_whole = isinstance(front.get("config"), dict) and _has(front["config"], "distributionId")
        return Source("cloudfront" if is_whole else None)
    kind = kinds.get(str(record.get("eventSource") or record.get("EventSource")))
    return (kind(records) if kind else None) or Source(None)


def _sqs(records: list[Json]) -> Source | None:
    record = records[0]
    attributes = record.get("attributes")
    if not isinstance(attributes, dict) or not _has(record, "eventSourceARN", "body"):
        return None
    sent = _milliseconds(attributes.get("SentTimestamp"))
    if not sent or sent < _YEAR_2000:
        return None
    body = decoded_json(record["body"])
    inferred: tuple[str, ...] = ("aws.sqs",)
    if _is_notification(body):
        inferred = ("aws.sns", "aws.sqs")
    elif _is_bus_event(body):
        inferred = ("aws.eventbridge", "aws.sqs")
    return Source(
        "sqs",
        arn=record["eventSourceARN"],
        inferred=inferred,
        asynchronous=True,
        context=_sqs_context(record),
        linked=_contexts(map(_sqs_context, records[1:])),
        time=sent,
    )


def _is_notification(body: object) -> bool:
    """Whether an SQS message is a message of SNS, whole enough for a span."""
    return (
        isinstance(body, dict)
        and body.get("Type") == "Notification"
        and _has(body, "TopicArn", "Timestamp")
        and body["Timestamp"].endswith("Z")
    )


def _is_bus_event(body: object) -> bool:
    """Whether an SQS message is an event of EventBridge with a context, whole enough for a span."""
    return (
        isinstance(body, dict)
        and _has(body, "detail-type", "source", "time")
        and isinstance(body.get("detail"), dict)
        and isinstance(body["detail"].get("_datadog") or None, dict)
        and _date(body["time"]) is not None
    )


def _sqs_context(record: Json) -> dict[str, str] | None:
    if not isinstance(record.get("messageAttributes") or {}, dict):
        return None
    body = decoded_json(record.get("body"))
    own = _attribute(record.get("messageAttributes"), "stringValue", "binaryValue")
    if isinstance(body, dict):
        if _is_notification(body):
            return _attribute(body.get("MessageAttributes"), "Value") or own
        carried = _carried(body["detail"]) if _is_bus_event(body) else None
        return carried or own or _x_ray(record.get("attributes"))
    return own or _x_ray(record.get("attributes"))


def _sns(records: list[Json]) -> Source | None:
    message = records[0].get("Sns")
    if not isinstance(message, dict) or not _has(message, "TopicArn", "Timestamp"):
        return None
    time = _date(message["Timestamp"])
    return Source(
        "sns",
        arn=message["TopicArn"],
        inferred=("aws.sns",) if time else (),
        asynchronous=True,
        context=_sns_context(records[0]),
        linked=_contexts(map(_sns_context, records[1:])),
        time=time,
    )


def _sns_context(record: Json) -> dict[str, str] | None:
    message = record.get("Sns")
    if not isinstance(message, dict):
        return None
    own = _attribute(message.get("MessageAttributes"), "Value")
    # An event of EventBridge keeps its context in its detail.
    body = decoded_json(message.get("Message"))
    return own or (_carried(body.get("detail")) if isinstance(body, dict) else None)


def _kinesis(records: list[Json]) -> Source | None:
    record = records[0]
    if not isinstance(record.get("kinesis"), dict) or not _has(record, "eventSourceARN", "eventID"):
        return None
    return Source(
        "kinesis",
        arn=record["eventSourceARN"],
        inferred=("aws.kinesis",),
        asynchronous=True,
        context=_kinesis_context(record),
        linked=_contexts(map(_kinesis_context, records[1:])),
        time=_seconds(record["kinesis"].get("approximateArrivalTimestamp")),
    )


def _kinesis_context(record: Json) -> dict[str, str] | None:
    kinesis = record.get("kinesis")
    return _carried(decoded_json(_decoded(kinesis.get("data")))) if isinstance(kinesis, dict) else None


def _dynamodb(records: list[Json]) -> Source | None:
    record = records[0]
    change = record.get("dynamodb")
    if not isinstance(change, dict) or not re.fullmatch(_TABLE_ARN, str(record.get("eventSourceARN"))):
        return None
    created = _seconds(change.get("ApproximateCreationDateTime"))
    if not created:
        return None
    return Source(
        "dynamodb",
        arn=record["eventSourceARN"],
        inferred=("aws.dynamodb",),
        asynchronous=True,
        time=created,
        pointers=frozenset(filter(None, map(_dynamodb_pointer, records))),
    )


def _s3(records: list[Json]) -> Source | None:
    s3 = records[0].get("s3")
    bucket = s3.get("bucket") if isinstance(s3, dict) and isinstance(s3.get("object"), dict) else None
    if not isinstance(bucket, dict) or not isinstance(bucket.get("arn", ""), str):
        return None
    if not _has(bucket, "name") or not _has(records[0], "eventTime"):
        return None
    time = _date(records[0]["eventTime"])
    return Source(
        "s3",
        arn=bucket["arn"] if _has(bucket, "arn") else None,
        inferred=("aws.s3",) if time else (),
        asynchronous=True,
        time=time,
        pointers=frozenset(filter(None, map(_s3_pointer, records))),
    )


def _event_bus(event: Json) -> Source:
    if event["source"] == "aws.events":
        resources = event.get("resources")
        first = resources[0] if isinstance(resources, list) and resources else None
        is_whole = first is None or isinstance(first, str)
        return Source("cloudwatch-events" if is_whole else None, arn=first if is_whole else None)
    detail = event.get("detail")
    if isinstance(detail, dict) and detail.get("EventCategories") is not None:
        return Source("cloudwatch-events")
    time = _date(event["time"])
    return Source(
        "eventbridge",
        inferred=("aws.eventbridge",) if time else (),
        asynchronous=True,
        context=_carried(detail),
        time=time,
    )


def _state_machine(event: Json) -> Source | None:
    """A task of Step Functions: its context object is the event, in `_datadog` or in `Payload`."""
    payload = event.get("Payload", event)
    holder = payload.get("_datadog", payload) if isinstance(payload, dict) else None
    if not isinstance(holder, dict):
        return None
    execution, state, machine = (holder.get(name) or {} for name in ("Execution", "State", "StateMachine"))
    if not all(isinstance(part, dict) for part in (execution, state, machine)):
        return None
    if not (_has(execution, "Id") and _has(state, "Name", "EnteredTime") and _has(machine, "Id")):
        return None
    if holder is not payload and holder.get("serverless-version") != "v1":
        return None
    root = holder.get("RootExecutionId")
    parent = f"{execution['Id']}#{state['Name']}#{state['EnteredTime']}"
    retries, redrives = state.get("RetryCount", 0), execution.get("RedriveCount", 0)
    if not isinstance(retries, int) or not isinstance(redrives, int):
        return None
    if retries or redrives:
        parent += f"#{retries}#{redrives}"
    upper, lower = _hashed(root if isinstance(root, str) else execution["Id"])
    context = {
        "x-datadog-trace-id": str(lower),
        "x-datadog-parent-id": str(_hashed(parent)[0]),
        "x-datadog-tags": f"_dd.p.tid={upper:x}",
    }
    above = execution.get("Input")
    carried = holder if "x-datadog-trace-id" in holder else _carried(above)
    if carried and "x-datadog-trace-id" in carried:
        context["x-datadog-trace-id"] = str(carried["x-datadog-trace-id"])
        context["x-datadog-tags"] = str(carried.get("x-datadog-tags", ""))
    return Source("states", arn=machine["Id"], context=context)


def _hashed(text: str) -> tuple[int, int]:
    """Two ids of 63 bits, as the Step Functions integration makes them."""
    digest = hashlib.sha256(text.encode()).digest()
    below = (1 << 63) - 1
    return int.from_bytes(digest[:8], "big") & below, int.from_bytes(digest[8:16], "big") & below


def _kafka_context(topics: object) -> dict[str, str] | None:
    """The context in the headers of the first record: names with lists of byte values."""
    try:
        headers = next(iter(topics.values()))[0]["headers"]  # type: ignore[attr-defined]
        pairs = [(name, bytes(value).decode()) for header in headers for name, value in header.items()]
    except (AttributeError, IndexError, KeyError, StopIteration, TypeError, ValueError):
        return None
    return _strings(dict(pairs))


def _contexts(found: Iterable[dict[str, str] | None]) -> tuple[dict[str, str], ...]:
    return tuple(context for context in found if context)


def _x_ray(attributes: object) -> dict[str, str] | None:
    """The context that Datadog's Java tracer puts into X-Ray's header: its trace id begins with zeros."""
    header = attributes.get("AWSTraceHeader") if isinstance(attributes, dict) else None
    match = re.search(
        r"Root=1-[0-9a-f]{8}-0{8}([0-9a-f]{16});Parent=([0-9a-f]{16});Sampled=([01])(?=;|$)", str(header)
    )
    if match is None:
        return None
    return {
        "x-datadog-trace-id": str(int(match[1], 16)),
        "x-datadog-parent-id": str(int(match[2], 16)),
        "x-datadog-sampling-priority": match[3],
    }


def _headers(event: Json) -> dict[str, str]:
    """The headers by lower-case name; of several values the first. Two forms say the same."""
    found: dict[str, str] = {}
    headers = event.get("headers") or event.get("multiValueHeaders")
    for name, value in headers.items() if isinstance(headers, dict) else ():
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, str):
            found.setdefault(name.lower(), first)
    return found


def _user_agent(event: Json) -> str | None:
    """The user agent, where both forms of the headers say the same of it."""
    forms = [{"headers": event.get(form)} for form in ("headers", "multiValueHeaders") if event.get(form)]
    found = {_headers(form).get("user-agent") for form in forms}
    return found.pop() if len(found) == 1 else None


def _authorizers(context: Json) -> dict[str, str] | None:
    """The trace context that a Lambda authorizer put into its policy."""
    authorizer = context.get("authorizer")
    if not isinstance(authorizer, dict):
        return None
    holder = authorizer.get("lambda") if isinstance(authorizer.get("lambda"), dict) else authorizer
    return decoded_context(holder.get("_datadog")) if isinstance(holder, dict) else None


def decoded_context(text: object) -> dict[str, str] | None:
    """The context in a policy: JSON in base64."""
    return _strings(decoded_json(_decoded(text)))


def _attribute(attributes: object, *keys: str) -> dict[str, str] | None:
    """The context in the message attribute `_datadog`: JSON, as a string or in base64."""
    attribute = attributes.get("_datadog") if isinstance(attributes, dict) else None
    if not isinstance(attribute, dict):
        return None
    kind = str(attribute.get("dataType") or attribute.get("Type")).partition(".")[0]
    read = {"String": decoded_json, "Binary": lambda value: decoded_json(_decoded(value))}.get(kind)
    for key in keys if read else ():
        found = read(attribute.get(key))  # type: ignore[misc]
        if isinstance(found, dict):
            return _strings(found)
    return None


def _carried(holder: object) -> dict[str, str] | None:
    return _strings(holder.get("_datadog")) if isinstance(holder, dict) else None


def _strings(values: object) -> dict[str, str] | None:
    if not isinstance(values, dict):
        return None
    context = {str(name).lower(): value for name, value in values.items()}
    # A context is made of texts: what else stands there, no tracer wrote.
    is_text = all(isinstance(value, str) for name, value in context.items() if name in _CONTEXT)
    return {name: value for name, value in context.items() if isinstance(value, str)} if is_text else None


def decoded_json(text: object) -> object:
    """The JSON in a text; None where there is none."""
    if not isinstance(text, (str, bytes)):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _are_logs(data: object) -> bool:
    """Whether it is JSON as CloudWatch Logs packs it."""
    try:
        return isinstance(decoded_json(gzip.decompress(_decoded(data) or b"")), dict)
    except (EOFError, OSError, zlib.error):
        return False


def _decoded(text: object) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        return None


def _milliseconds(value: object) -> int | None:
    """Milliseconds, a number or a string of digits, as nanoseconds."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return int(value) * 1_000_000 if is_number or _is_digits(value) else None  # type: ignore[call-overload]


def _seconds(value: object) -> int | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return int(value * 1e9) if is_number else None  # type: ignore[operator]


def _is_digits(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit()


def _date(text: str) -> int | None:
    try:
        found = datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    return int(found.timestamp() * 1000) * 1_000_000


def _s3_pointer(record: Json) -> str | None:
    s3 = record.get("s3")
    if not isinstance(s3, dict) or not str(record.get("eventName", "")).startswith("ObjectCreated"):
        return None
    try:
        bucket, stored = s3["bucket"]["name"], s3["object"]
        # The key of an event is URL-encoded; the producer's is not.
        etag = stored["eTag"].strip('"')
        return (
            pointer_hash(bucket, unquote_plus(stored["key"]), etag)
            if re.fullmatch(r"[0-9a-f-]+", etag) and re.fullmatch(r"[a-z0-9.-]+", bucket)
            else None
        )
    except (KeyError, TypeError, AttributeError):
        return None


def _dynamodb_pointer(record: Json) -> str | None:
    try:
        if not re.fullmatch(_TABLE_ARN, record["eventSourceARN"]):
            return None
        table = record["eventSourceARN"].partition("/")[2].partition("/")[0]
        keys = sorted(record["dynamodb"]["Keys"].items())
        elements: list[str | bytes] = [table]
        for name, typed in keys:
            ((kind, value),) = typed.items()
            if kind not in ("S", "N", "B") or not isinstance(value, str):
                return None
            if kind == "N" and not re.fullmatch(r"[-+.0-9eE]+", value):
                return None
            elements += [name, (_decoded(value) or b"") if kind == "B" else value]
    except (KeyError, TypeError, AttributeError, ValueError):
        return None
    return pointer_hash(*elements, *([""] * (5 - len(elements)))) if 1 <= len(keys) <= 2 else None


def pointer_hash(*elements: str | bytes) -> str:
    """A span pointer's hash: what producer and consumer of an object compute alike."""
    parts = [element if isinstance(element, bytes) else element.encode() for element in elements]
    return hashlib.sha256(b"|".join(parts)).hexdigest()[:32]


def is_ascii_record(event: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether the data of a Kinesis event's first record is ASCII."""
    return (_decoded(event["Records"][0]["kinesis"].get("data")) or b"").isascii()


def is_plain_key(event: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether all keys of an S3 event stand there as they are, not URL-encoded."""
    keys = [str(record["s3"]["object"]["key"]) for record in event["Records"] if _s3_pointer(record)]
    return all(unquote_plus(key) == key for key in keys)
