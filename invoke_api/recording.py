"""Tells the trace view of each invocation: what the Invoke API and the emulator know."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from invoke_api.answers import error_payload
from invoke_api.logs import Log, Logs
from invoke_api.outcome import Answer
from invoke_api.queue import EmulatorGone, Invocation
from invoke_api.view_sender import ViewSender

SOURCES = ("lambda_proxy", "event_sources")
REPORT_SECONDS = 0.5
"""The emulator writes its report within this time after the answer."""


@dataclass(frozen=True)
class Recording:
    """What is told, and to whom; `logs` is None where the emulator's output is not to be had."""

    sender: ViewSender
    logs: Logs | None

    def tell(self, invocation: Invocation, outcome: Answer | EmulatorGone) -> None:
        """Tell of an invocation that has ended; returns at once."""
        size = len(invocation.payload) + (len(outcome.body) if isinstance(outcome, Answer) else 0)
        self.sender.tell(lambda: self._part(invocation, outcome), size)

    def _part(self, invocation: Invocation, outcome: Answer | EmulatorGone) -> Mapping[str, Any]:
        error = _error(outcome)
        body = outcome.body if isinstance(outcome, Answer) else b""
        log = self._log(invocation.request_id)
        return {
            "part": "invocation",
            "request_id": invocation.request_id,
            "source": invocation.source if invocation.source in SOURCES else "invoke_api",
            "event": invocation.payload.decode(errors="replace"),
            "result": (body if error is None else error).decode(errors="replace"),
            "function_error": None if error is None else "Unhandled",
            "started": invocation.started_at,
            "ended": invocation.ended_at,
            "cold_start": log.cold_start,
            "log": log.lines,
        }

    def _log(self, request_id: str) -> Log:
        if self.logs is None:
            return Log()
        deadline = time.monotonic() + REPORT_SECONDS
        while not self.logs.has(request_id) and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.logs.pop(request_id)


def _error(outcome: Answer | EmulatorGone) -> bytes | None:
    """The error object, if the function failed."""
    if isinstance(outcome, Answer):
        return error_payload(outcome)
    return json.dumps({"errorType": "ServiceException", "errorMessage": str(outcome)}).encode()
