"""Judges an event by itself: what sent it, and what the tracer must then make of it.

Nothing here asks the tracer. The shapes are those of AWS's documentation; the names of spans and
sources are datadog_lambda's.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

Json = Mapping[str, Any]


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
    context: Mapping[str, str] | None = None
    """The trace context that the event carries, by lower-case header name."""
    time: int | None = None
    """When the event was sent, in nanoseconds since 1970; None where it does not tell."""
    pointers: frozenset[str] = frozenset()
    """The hashes of the span pointers."""


def source_of(event: object) -> Source:
    """What sent this event."""
    if not isinstance(event, dict):
        return Source(None)
    context = event.get("requestContext")
    if isinstance(context, dict) and "methodArn" not in event and "routeArn" not in event:
        if "elb" in context:
            return _load_balancer(event, context)
        if isinstance(context.get("http"), dict):
            return _payload_2(event, context)
        if "connectionId" in context:
            return _websocket(event, context)
        if "httpMethod" in event:
            return _rest_api(event, context)
    records = event.get("Records")
    if isinstance(records, list) and records and isinstance(records[0], dict):
        return _records(records)
    if isinstance(event.get("awslogs"), dict):
        return Source("cloudwatch-logs")
    if "detail-type" in event and "source" in event:
        return _event_bus(event)
    if "Execution" in event and "StateMachine" in event and "State" in event:
        return Source("states")
    return Source(None)


def _rest_api(event: Json, context: Json) -> Source:
    path = context.get("path") or event.get("path")
    identity = context.get("identity")
    http = Http(
        method=str(event["httpMethod"]),
        host=str(context.get("domainName")),
        path=str(path),
        encoded=True,
        route=event.get("resource"),
        user_agent=identity.get("userAgent") if isinstance(identity, dict) else None,
    )
    arn = None
    if context.get("apiId") and context.get("stage"):
        arn = f"/restapis/{context['apiId']}/stages/{context['stage']}"
    headers = _headers(event)
    return Source(
        "api-gateway",
        arn=arn,
        inferred=("aws.apigateway",),
        asynchronous=headers.get("x-amz-invocation-type") == "Event",
        http=http,
        context=_authorizers(context) or headers,
        time=_milliseconds(context.get("requestTimeEpoch")),
    )


def _payload_2(event: Json, context: Json) -> Source:
    http = context["http"]
    is_url = ".lambda-url." in str(context.get("domainName"))
    route = None if is_url else event.get("routeKey")
    described = Http(
        method=str(http.get("method")),
        host=str(context.get("domainName")),
        path=str(event.get("rawPath")),
        encoded=is_url,
        route=route.rpartition(" ")[2] if isinstance(route, str) else None,
        user_agent=http.get("userAgent"),
    )
    return Source(
        "lambda-function-url" if is_url else "api-gateway",
        arn=None
        if is_url or not context.get("apiId")
        else f"/apis/{context['apiId']}/stages/{context.get('stage')}",
        inferred=("aws.lambda.url",) if is_url else ("aws.httpapi",),
        http=described,
        context=_authorizers(context) or _headers(event),
        time=_milliseconds(context.get("timeEpoch")),
    )


def _websocket(event: Json, context: Json) -> Source:
    return Source(
        "api-gateway",
        arn=_api_arn(context),
        inferred=("aws.apigateway.websocket",),
        context=_authorizers(context) or _headers(event),
        time=_milliseconds(context.get("requestTimeEpoch")),
    )


def _load_balancer(event: Json, context: Json) -> Source:
    headers = _headers(event)
    elb = context["elb"]
    return Source(
        "application-load-balancer",
        arn=elb.get("targetGroupArn") if isinstance(elb, dict) else None,
        inferred=("aws.alb",) if headers.get("host") else (),
        http=Http(
            method=str(event.get("httpMethod")),
            host=headers.get("host", ""),
            path=str(event.get("path")),
            encoded=True,
            user_agent=headers.get("user-agent"),
        ),
        context=headers,
    )


def _records(records: list[Json]) -> Source:
    record = records[0]
    source = str(record.get("eventSource") or record.get("EventSource"))
    if "cf" in record:
        return Source("cloudfront")
    if source == "aws:sqs":
        return _sqs(record)
    if source == "aws:sns":
        message = record.get("Sns")
        message = message if isinstance(message, dict) else {}
        return Source(
            "sns",
            arn=message.get("TopicArn"),
            inferred=("aws.sns",),
            asynchronous=True,
            context=_attribute(message.get("MessageAttributes"), "Value"),
        )
    if source == "aws:kinesis":
        kinesis = record.get("kinesis")
        kinesis = kinesis if isinstance(kinesis, dict) else {}
        return Source(
            "kinesis",
            arn=record.get("eventSourceARN"),
            inferred=("aws.kinesis",),
            asynchronous=True,
            context=_carried(_json(_decoded(kinesis.get("data")))),
            time=_seconds(kinesis.get("approximateArrivalTimestamp")),
        )
    if source == "aws:dynamodb":
        return Source(
            "dynamodb",
            arn=record.get("eventSourceARN"),
            inferred=("aws.dynamodb",),
            asynchronous=True,
            time=_seconds((record.get("dynamodb") or {}).get("ApproximateCreationDateTime")),
            pointers=frozenset(filter(None, map(_dynamodb_pointer, records))),
        )
    if source == "aws:s3":
        bucket = (record.get("s3") or {}).get("bucket") or {}
        return Source(
            "s3",
            arn=bucket.get("arn"),
            inferred=("aws.s3",),
            asynchronous=True,
            pointers=frozenset(filter(None, map(_s3_pointer, records))),
        )
    return Source(None)


def _sqs(record: Json) -> Source:
    body = _json(record.get("body"))
    inferred: tuple[str, ...] = ("aws.sqs",)
    context = _attribute(record.get("messageAttributes"), "stringValue", "binaryValue")
    if isinstance(body, dict):
        if body.get("Type") == "Notification" and "TopicArn" in body:
            inferred = ("aws.sns", "aws.sqs")
            context = _attribute(body.get("MessageAttributes"), "Value") or context
        elif "detail-type" in body:
            inferred = ("aws.eventbridge", "aws.sqs")
            context = _carried(body.get("detail")) or context
    sent = (record.get("attributes") or {}).get("SentTimestamp")
    return Source(
        "sqs",
        arn=record.get("eventSourceARN"),
        inferred=inferred,
        asynchronous=True,
        context=context,
        time=_milliseconds(sent),
    )


def _event_bus(event: Json) -> Source:
    if event.get("source") == "aws.events":
        resources = event.get("resources") or [None]
        return Source("cloudwatch-events", arn=resources[0])
    return Source(
        "eventbridge",
        inferred=("aws.eventbridge",),
        asynchronous=True,
        context=_carried(event.get("detail")),
    )


def _api_arn(context: Json) -> str | None:
    """The end of the ARN of an HTTP or WebSocket API."""
    if not context.get("apiId"):
        return None
    return f"/apis/{context['apiId']}/stages/{context.get('stage')}"


def _headers(event: Json) -> dict[str, str]:
    """The headers by lower-case name; of several values the first."""
    found: dict[str, str] = {}
    for key in ("headers", "multiValueHeaders"):
        for name, value in (event.get(key) or {}).items():
            first = value[0] if isinstance(value, list) and value else value
            if isinstance(first, str):
                found.setdefault(name.lower(), first)
    return found


def _authorizers(context: Json) -> dict[str, str] | None:
    """The trace context that a Lambda authorizer put into its policy."""
    authorizer = context.get("authorizer")
    if not isinstance(authorizer, dict):
        return None
    holder = authorizer.get("lambda") if isinstance(authorizer.get("lambda"), dict) else authorizer
    return _strings(_json(_decoded(holder.get("_datadog")))) if isinstance(holder, dict) else None


def _attribute(attributes: object, *keys: str) -> dict[str, str] | None:
    """The context in the message attribute `_datadog`: JSON, as a string or in base64."""
    attribute = attributes.get("_datadog") if isinstance(attributes, dict) else None
    if not isinstance(attribute, dict):
        return None
    for key in keys:
        value = attribute.get(key)
        found = _json(value) or _json(_decoded(value))
        if isinstance(found, dict):
            return _strings(found)
    return None


def _carried(holder: object) -> dict[str, str] | None:
    return _strings(holder.get("_datadog")) if isinstance(holder, dict) else None


def _strings(values: object) -> dict[str, str] | None:
    if not isinstance(values, dict):
        return None
    return {str(name).lower(): str(value) for name, value in values.items()}


def _json(text: object) -> object:
    if not isinstance(text, (str, bytes)):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _decoded(text: object) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        return None


def _milliseconds(value: object) -> int | None:
    try:
        return int(value) * 1_000_000  # type: ignore[call-overload, no-any-return]
    except (TypeError, ValueError):
        return None


def _seconds(value: object) -> int | None:
    try:
        return int(float(value) * 1e9)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _s3_pointer(record: Json) -> str | None:
    s3 = record.get("s3")
    if not isinstance(s3, dict) or not str(record.get("eventName", "")).startswith("ObjectCreated"):
        return None
    try:
        bucket, stored = s3["bucket"]["name"], s3["object"]
        # The key of an event is URL-encoded; the producer's is not.
        return pointer_hash(bucket, unquote_plus(stored["key"]), stored["eTag"].strip('"'))
    except (KeyError, TypeError, AttributeError):
        return None


def _dynamodb_pointer(record: Json) -> str | None:
    try:
        table = record["eventSourceARN"].partition("/")[2].partition("/")[0]
        keys = sorted(record["dynamodb"]["Keys"].items())
    except (KeyError, TypeError, AttributeError):
        return None
    if not 1 <= len(keys) <= 2:
        return None
    elements: list[str | bytes] = [table]
    for name, typed in keys:
        kind, value = next(iter(typed.items()))
        elements += [name, (_decoded(value) or b"") if kind == "B" else str(value)]
    return pointer_hash(*elements, *([""] * (5 - len(elements))))


def pointer_hash(*elements: str | bytes) -> str:
    """A span pointer's hash: what producer and consumer of an object compute alike."""
    parts = [element if isinstance(element, bytes) else element.encode() for element in elements]
    return hashlib.sha256(b"|".join(parts)).hexdigest()[:32]
