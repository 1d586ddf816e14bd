"""Makes the row of an invocation from its record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from trace_checks.sources import source_of
from trace_view.waf import rules

Json = dict[str, Any]


def summary(record: Json) -> Json:
    """The row: what `GET /api/invocations` answers of each record."""
    spans = [span for trace in record["traces"] for span in trace]
    status = status_of(record)
    return {
        **{
            name: record[name]
            for name in (
                *("request_id", "source", "front_door", "function_error", "started", "ended", "running"),
                *("cold_start", "checks", "complete"),
            )
        },
        "name": name_of(record),
        "status": status,
        "spans": len(spans),
        "rules": rules(spans),
        "error": bool(record["function_error"])
        or (status is not None and status >= 500)
        or any(span.get("error") for span in spans),
    }


def searched(record: Json, row: Json) -> str:
    """What typing into the filter looks at, in lower case."""
    spans = [span for trace in record["traces"] for span in trace]
    words = [row[name] for name in ("request_id", "source", "front_door", "name", "status", "function_error")]
    words += row["rules"]
    words += [word for check in row["checks"] for word in (check["id"], check.get("finding"))]
    for span in spans:
        words += [span.get("name"), span.get("resource"), (span.get("meta") or {}).get("error.type")]
    for trace_id in {span.get("trace_id") for span in spans}:
        words += [trace_id, f"{trace_id:x}" if isinstance(trace_id, int) else None]
    words += [(span.get("meta") or {}).get("_dd.p.tid") for span in spans]
    if row["running"]:
        words.append("running")
    if row["cold_start"]:
        words.append("cold start")
    if row["error"]:
        words.append("error")
    return "\n".join(dict.fromkeys(str(word).lower() for word in words if word not in (None, "")))


def status_of(record: Json) -> int | None:
    """The status that the client got, or the one in the result; None where there is none."""
    if record["response"]:
        status = record["response"].get("status")
    else:
        status = record["result"].get("statusCode") if isinstance(record["result"], dict) else None
    try:
        return int(status)
    except (TypeError, ValueError):
        return None


def name_of(record: Json) -> str:
    """What a person calls the invocation: method and path, or the event's source and what it came from."""
    if record["request"]:
        return f"{record['request'].get('method')} {record['request'].get('target')}"
    event = record["event"]
    if not isinstance(event, dict):
        return "an event"
    if "healthcheck" in event:
        return "healthcheck"
    return _request(event) or _message(event)


def _request(event: Json) -> str | None:
    """Method, path and query of an HTTP event, as far as it has them."""
    context = event.get("requestContext")
    if not isinstance(context, Mapping):
        return None
    http = context.get("http")
    if isinstance(http, Mapping):
        query = event.get("rawQueryString")
        return f"{http.get('method')} {event.get('rawPath')}{f'?{query}' if query else ''}"
    if "connectionId" in context:
        return f"websocket {context.get('routeKey')}"
    if "httpMethod" not in event:
        return None
    pairs = event.get("multiValueQueryStringParameters") or event.get("queryStringParameters")
    # An ALB leaves the query encoded, a REST API decodes it.
    is_encoded = "elb" in context
    query = _query(pairs, is_encoded=is_encoded) if isinstance(pairs, Mapping) else ""
    return f"{event['httpMethod']} {event.get('path')}{f'?{query}' if query else ''}"


def _query(pairs: Mapping[str, Any], *, is_encoded: bool) -> str:
    flat = [
        (name, value)
        for name, values in pairs.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    return "&".join(f"{name}={value}" for name, value in flat) if is_encoded else urlencode(flat)


def _message(event: Json) -> str:
    """The source of an event that is no request, and the name of its queue, topic, bucket ..."""
    source = source_of(event)
    if source.name:
        return f"{source.name} {_resource(source.arn)}".strip()
    for key, name in _OTHERS.items():
        if key in event:
            return name
    return f"an event with {', '.join(list(event)[:3]) or 'nothing'}"


# Events of which datadog_lambda knows no source, by a key that only they have.
_OTHERS = {
    "methodArn": "authorizer",
    "routeArn": "authorizer",
    "triggerSource": "cognito",
    "bootstrapServers": "kafka",
    "DurableExecutionArn": "durable execution",
    "window": "stream window",
    "selectionSetList": "appsync",
    "Records": "records",
}


def _resource(arn: str | None) -> str:
    """The name in an ARN: `weblog` of `arn:aws:dynamodb:us-east-1:123456789012:table/weblog/stream/...`."""
    place = arn.split(":", 5)[-1] if arn else ""
    kinds = ("table/", "stream/", "rule/", "stateMachine:", "stateMachine/")
    for kind in kinds:
        place = place.removeprefix(kind)
    return place.partition("/")[0]
