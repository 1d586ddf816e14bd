"""Tells the trace view of traces, telemetry and metrics as they arrive."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from ddapm_test_agent.trace import decode_v04, decode_v05, decode_v07, decode_v1

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


def tell_of_messages(sender: ViewSender) -> Middleware:
    """Make the middleware that tells of what the tracer sent; it decodes later, in another thread."""

    @web.middleware
    async def tell(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if request.path in DECODERS or request.path == TELEMETRY:
            path, kind, body = request.path, request.content_type, await request.read()
            now = time.time_ns()
            sender.tell(lambda: _part(path, kind, body, now), len(body))
        return response

    return tell


def _part(path: str, kind: str, body: bytes, now: int) -> Mapping[str, Any]:
    if path in DECODERS:
        return {"part": "traces", "time": now, "traces": DECODERS[path](kind, body)}
    return {"part": "telemetry", "time": now, "message": json.loads(body)}
