"""Tells the trace view of each invocation, when it begins and when it has ended."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from typing import Any

from invoke_api.answers import error_payload
from invoke_api.logs import Log, Logs
from invoke_api.outcome import Answer
from invoke_api.queue import EmulatorGone, Invocation
from invoke_api.view_sender import REPEAT_SECONDS, ViewSender

SOURCES = ("lambda_proxy", "event_sources")
REPORT_SECONDS = 0.5
"""The emulator writes its report within this time after the answer."""


class Recording:
    """What is told to `sender`; `logs` is None where the emulator's output is not to be had."""

    def __init__(self, sender: ViewSender, logs: Logs | None) -> None:
        self._sender = sender
        self._logs = logs
        self._running: set[Invocation] = set()
        threading.Thread(target=self._repeat, daemon=True).start()

    def begin(self, invocation: Invocation) -> None:
        """Tell of an invocation that runs from now on; returns at once."""
        self._running.add(invocation)
        self._tell_that_it_runs(invocation)

    def end(self, invocation: Invocation, outcome: Answer | EmulatorGone) -> None:
        """Tell of an invocation that has ended; returns at once."""
        self._running.discard(invocation)
        size = len(invocation.payload) + (len(outcome.body) if isinstance(outcome, Answer) else 0)
        self._sender.tell(lambda: self._ended(invocation, outcome), size)

    def _repeat(self) -> None:
        while True:
            time.sleep(REPEAT_SECONDS)
            for invocation in self._running.copy():
                self._tell_that_it_runs(invocation)

    def _tell_that_it_runs(self, invocation: Invocation) -> None:
        # Most have ended before it is their turn, and need not be told of twice.
        self._sender.tell(
            lambda: None if invocation.ended_at else {"part": "began", **_known(invocation)},
            len(invocation.payload),
        )

    def _ended(self, invocation: Invocation, outcome: Answer | EmulatorGone) -> Mapping[str, Any]:
        error = _error(outcome)
        body = outcome.body if isinstance(outcome, Answer) else b""
        log = self._log(invocation.request_id)
        return {
            "part": "invocation",
            **_known(invocation),
            "result": (body if error is None else error).decode(errors="replace"),
            "function_error": None if error is None else "Unhandled",
            "ended": invocation.ended_at,
            "cold_start": log.cold_start,
            "log": log.lines,
        }

    def _log(self, request_id: str) -> Log:
        if self._logs is None:
            return Log()
        deadline = time.monotonic() + REPORT_SECONDS
        while not self._logs.has(request_id) and time.monotonic() < deadline:
            time.sleep(0.01)
        return self._logs.pop(request_id)


def _known(invocation: Invocation) -> Mapping[str, Any]:
    """What is known from the beginning."""
    return {
        "request_id": invocation.request_id,
        "source": invocation.source if invocation.source in SOURCES else "invoke_api",
        "event": invocation.payload.decode(errors="replace"),
        "started": invocation.started_at,
    }


def _error(outcome: Answer | EmulatorGone) -> bytes | None:
    """The error object, if the function failed."""
    if isinstance(outcome, Answer):
        return error_payload(outcome)
    return json.dumps({"errorType": "ServiceException", "errorMessage": str(outcome)}).encode()
