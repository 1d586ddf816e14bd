"""Asynchronous invocations: retried when the function fails, then written to a dead-letter file.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from invoke_api.answers import error_payload
from invoke_api.outcome import Answer, parse_json
from invoke_api.queue import EmulatorGone, Invocation, InvocationQueue, QueueFull
from invoke_api.report import report

# When the queue is full, a retry is tried again after this many seconds, so that it is not lost.
FULL_SECONDS = 1.0
REQUEST_ID = re.compile(r"RequestId: ([0-9a-f-]{36})\b")


@dataclass
class AsynchronousInvocations:
    """Invokes without a client that waits; one retry for each of `delays`, in seconds."""

    invocations: InvocationQueue
    delays: Sequence[float]
    dead_letters: Path
    function_arn: str
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def submit(self, invocation: Invocation, attempt: int = 1) -> None:
        """Queue it; QueueFull past the limit."""
        self.invocations.submit(invocation)
        invocation.answer.add_done_callback(lambda answer: self._judge(invocation, answer, attempt))

    def _judge(self, invocation: Invocation, answer: Future[Answer], attempt: int) -> None:
        try:
            error = error_payload(answer.result())
        except EmulatorGone as gone:
            error = json.dumps({"errorType": "ServiceException", "errorMessage": str(gone)}).encode()
        if error is None:
            return
        if attempt > len(self.delays):
            self._bury(invocation, error, attempt)
            return
        self._later(self.delays[attempt - 1], invocation, attempt + 1)

    def _later(self, seconds: float, invocation: Invocation, attempt: int) -> None:
        timer = threading.Timer(seconds, self._retry, (invocation, attempt))
        timer.daemon = True
        timer.start()

    def _retry(self, invocation: Invocation, attempt: int) -> None:
        try:
            again = Invocation(
                invocation.payload, invocation.request_id, invocation.source, invocation.headers
            )
            self.submit(again, attempt)
        except QueueFull:
            self._later(FULL_SECONDS, invocation, attempt)

    def _bury(self, invocation: Invocation, error: bytes, attempts: int) -> None:
        """Append the record that AWS sends to an on-failure destination, as one line (R116)."""
        response = parse_json(error)
        record = {
            "version": "1.0",
            "timestamp": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            "requestContext": {
                "requestId": _request_id(response),
                "functionArn": f"{self.function_arn}:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": attempts,
            },
            "requestPayload": parse_json(invocation.payload),
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled",
            },
            "responsePayload": response,
        }
        report(f"an event failed {attempts} times; see {self.dead_letters}")
        try:
            with self._writing, self.dead_letters.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(record)}\n")
        except OSError as failure:
            report(f"cannot write it there: {failure.strerror}; {json.dumps(record)}")


def _request_id(response: object) -> str:
    """Return the invocation's id, which a runtime's error object has; Lambda's own has it in the message."""
    if isinstance(response, dict):
        if isinstance(own := response.get("requestId"), str):
            return own
        if found := REQUEST_ID.search(str(response.get("errorMessage"))):
            return found[1]
    return str(uuid.uuid4())
