"""Tells the trace view of traces and telemetry as they arrive, and the access log of traces."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from ddapm_test_agent.trace import decode_v04, decode_v05, decode_v07, decode_v1

from invoke_api.access_log import tell
from invoke_api.view_sender import ViewSender

TELEMETRY = "/telemetry/proxy/api/v2/apmtelemetry"

Decode = Callable[[str, bytes], Any]
DECODERS: Mapping[str, Decode] = {
    # The report of the WAF is MessagePack within MessagePack: this decodes both.
    "/v0.4/traces": lambda kind, body: decode_v04(kind, body, True),
    "/v0.5/traces": lambda kind, body: decode_v05(body),
    "/v0.7/traces": lambda kind, body: decode_v07(body),
    "/v1.0/traces": lambda kind, body: decode_v1(body),
}


def tell_of_messages(sender: ViewSender | None) -> Middleware:
    """Make the middleware that tells the access log, and the view if there is one, of what the tracer sent.

    That is decoded once, later, in a thread of its own: the access log must not wait for a view that hangs.
    """
    decoding = ThreadPoolExecutor(1)

    @web.middleware
    async def tell_later(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if request.path in DECODERS or request.path == TELEMETRY:
            path, kind, body = request.path, request.content_type, await request.read()
            part = decoding.submit(_told_part, path, kind, body, time.time_ns())
            if sender is not None:
                sender.tell(part.result, len(body))
        return response

    return tell_later


def _told_part(path: str, kind: str, body: bytes, now: int) -> Mapping[str, Any]:
    """The part for the view; the access log is told of its traces."""
    part = _part(path, kind, body, now)
    for trace in part.get("traces", ()):
        _tell_of(trace)
    return part


def _part(path: str, kind: str, body: bytes, now: int) -> Mapping[str, Any]:
    if path in DECODERS:
        return {"part": "traces", "time": now, "traces": DECODERS[path](kind, body)}
    return {"part": "telemetry", "time": now, "message": json.loads(body)}


def _tell_of(trace: Sequence[Mapping[str, Any]]) -> None:
    for span in trace:
        meta = span.get("meta") or {}
        if span.get("name") == "aws.lambda" and "request_id" in meta:
            tell(
                "trace",
                meta["request_id"],
                trace_id=_as_in_logs(trace[0].get("meta", {}).get("_dd.p.tid"), span["trace_id"]),
                source=meta.get("function_trigger.event_source"),
                source_arn=meta.get("function_trigger.event_source_arn"),
            )


def _as_in_logs(upper: str | None, lower: int) -> str:
    """The trace id as ddtrace writes it into logs: 128 bits in hexadecimal digits, 64 in decimal ones."""
    return f"{upper}{lower:016x}" if upper else str(lower)
