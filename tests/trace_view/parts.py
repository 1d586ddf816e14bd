"""Parts of records, as the processes of the system send them."""

from __future__ import annotations

import json
import time
from typing import Any

Json = dict[str, Any]
NOW = time.time_ns()
SECOND = 1_000_000_000


def invocation(request_id: str, start: int = 0, **more: Any) -> Json:
    """What the Invoke API tells of an invocation of one second that began `start` seconds after NOW."""
    return {
        "part": "invocation",
        "request_id": request_id,
        "source": "invoke_api",
        "event": json.dumps({"number": request_id}),
        "result": "null",
        "function_error": None,
        "started": NOW + start * SECOND,
        "ended": NOW + (start + 1) * SECOND,
        "cold_start": False,
        "log": [],
        **more,
    }


def began(request_id: str, start: int = 0, **more: Any) -> Json:
    """What the Invoke API tells as an invocation begins."""
    whole = invocation(request_id, start, **more)
    known = {name: whole[name] for name in ("request_id", "source", "event", "started")}
    return {"part": "began", **known}


def exchange(request_id: str, start: int = 0, **more: Any) -> Json:
    """What the lambda proxy tells."""
    message: Json = {"headers": [["A", "b"]], "body": "", "base64": False}
    return {
        "part": "exchange",
        "request_id": request_id,
        "front_door": "function-url",
        "request": {"method": "GET", "target": "/x?y=z", **message},
        "response": {"status": 200, **message},
        "started": NOW + start * SECOND,
        "ended": NOW + (start + 1) * SECOND,
        **more,
    }


def function_span(request_id: str, trace_id: int, start: float = 0.1, **meta: str) -> Json:
    """The span of the function."""
    return span("aws.lambda", trace_id, start, request_id=request_id, **meta)


def span(name: str, trace_id: int, start: float = 0.1, **meta: str) -> Json:
    """A span that began `start` seconds after NOW, its id the hundredfold of the trace's."""
    return {
        "name": name,
        "service": "s",
        "resource": name,
        "trace_id": trace_id,
        "span_id": trace_id * 100,
        "parent_id": 0,
        "start": NOW + int(start * SECOND),
        "duration": 1000,
        "error": 0,
        "meta": meta,
        "metrics": {},
    }


def traces(*spans: Json, at: float = 0.2) -> Json:
    """What the trace agent tells: one trace of these spans, which came `at` seconds after NOW."""
    return {"part": "traces", "time": NOW + int(at * SECOND), "traces": [list(spans)]}


def metric(line: str, at: float) -> Json:
    """A metric that came `at` seconds after NOW."""
    return {"part": "metric", "time": NOW + int(at * SECOND), "line": line}
