"""What the tracers tell of themselves: configuration, integrations, dependencies, products, logs."""

from __future__ import annotations

import http.client
import json
import time
from base64 import b64decode
from collections.abc import Sequence
from typing import Any

from trace_checks.recorder import INVOCATIONS
from trace_checks.system import System

SETTING = {
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "true",
    "DD_TELEMETRY_HEARTBEAT_INTERVAL": "1",
}

_PATH = "/telemetry/proxy/api/v2/apmtelemetry"
_QUIET_SECONDS = 3.0
"""Without anything new for so long, all is told: two heartbeats."""
_MOST_SECONDS = 30.0


def facts(system: System, events: Sequence[object]) -> dict[str, Any]:
    """Send the events to a function that runs with SETTING; what its telemetry then tells, by names."""
    for event in events:
        _ask(system.recorder.invoke_api, "POST", INVOCATIONS, json.dumps(event))
    found: dict[str, Any] = {}
    begin = changed = time.monotonic()
    while time.monotonic() < min(changed + _QUIET_SECONDS, begin + _MOST_SECONDS):
        now = read(json.loads(_ask(system.recorder.agent, "GET", "/test/session/requests")))
        if now != found:
            found, changed = now, time.monotonic()
        time.sleep(0.2)
    return found


def read(requests: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The facts in the telemetry among these requests, as the test agent gives them."""
    found: dict[str, Any] = {}
    for request in requests:
        if request["url"].endswith(_PATH):
            document = json.loads(b64decode(request["body"]))
            for message in document["payload"] if document["request_type"] == "message-batch" else [document]:
                found |= _facts(message["request_type"], message.get("payload") or {})
    return found


def _facts(kind: str, payload: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in payload.get("configuration") or []:
        # The last word on a setting is the one that holds.
        found[f"configuration {each['name']}"] = each.get("value")
    for each in payload.get("integrations") or []:
        found[f"integration {each['name']}"] = each.get("enabled")
    for each in payload.get("dependencies") or []:
        found[f"dependency {each['name']}"] = True
    for name, each in (payload.get("products") or {}).items():
        found[f"product {name}"] = each.get("enabled")
    if kind == "logs":
        for each in payload.get("logs") or []:
            found[f"log {each.get('level')} {each.get('message')}"] = True
    return found


def _ask(address: str, method: str, path: str, body: str | None = None) -> bytes:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)
    try:
        connection.request(method, path, body)
        return connection.getresponse().read()
    finally:
        connection.close()
