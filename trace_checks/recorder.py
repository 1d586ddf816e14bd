"""Invokes a function and records the invocation: what went in, what came out, and the spans that arrived.

Needs two addresses: an Invoke API, and the test agent to which the function sends its traces.
"""

from __future__ import annotations

import http.client
import json
import re
import time
from base64 import b64decode
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlsplit

from trace_checks.record import Record

INVOCATIONS = "/2015-03-31/functions/function/invocations"
TRACES = "/test/session/traces"
CLEAR = "/test/session/clear"

_REQUEST_ID = re.compile(r"^(?:START|END|REPORT) RequestId: (\S+)", re.MULTILINE)


class NoAnswerError(Exception):
    """The Invoke API or the agent did not answer; the message says which one and why."""


@dataclass(frozen=True)
class Recorder:
    """An Invoke API and the agent that gets the traces, each as `http://host:port`.

    Nobody else may invoke meanwhile: all traces that arrive are taken for the invocation's. The tracer
    sends them before it hands over the result, so there is nothing to wait for.
    """

    invoke_api: str
    agent: str
    timeout: float = 60
    """Seconds that an invocation may take."""

    def record(self, event: object) -> Record:
        """Invoke with this event; the record. Raises NoAnswerError where something did not answer."""
        self._ask(self.agent, "GET", CLEAR)
        payload = json.dumps(event)
        started = time.time_ns()
        answer, headers = self._ask(self.invoke_api, "POST", INVOCATIONS, payload)
        ended = time.time_ns()
        traces, _ = self._ask(self.agent, "GET", TRACES)
        log = b64decode(headers.get("X-Amz-Log-Result") or "").decode(errors="replace")
        result = _parsed(answer)
        # The runtime's own id, not the one of the API's answer: the log has it.
        ids = _REQUEST_ID.findall(log)
        return {
            "request_id": ids[-1] if ids else None,
            "source": "invoke_api",
            "front_door": None,
            "request": None,
            "event": json.loads(payload),
            "result": result,
            "function_error": _function_error(result, headers),
            "response": None,
            "started": started,
            "ended": ended,
            "log": log.splitlines(),
            "metrics": [],
            "traces": json.loads(traces),
            "complete": True,
        }

    def _ask(self, address: str, method: str, path: str, body: str | None = None) -> tuple[bytes, Message]:
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=self.timeout)
        try:
            connection.request(method, path, body, {"X-Amz-Log-Type": "Tail"})
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswerError(
                f"{address}{path} does not answer: {error or type(error).__name__}"
            ) from error
        finally:
            connection.close()
        if response.status >= 300:
            raise NoAnswerError(f"{address}{path} answers {response.status}: {answer[:200]!r}")
        return answer, response.headers


def _parsed(answer: bytes) -> object:
    try:
        return json.loads(answer)
    except ValueError:
        return answer.decode(errors="replace")


def _function_error(result: object, headers: Message) -> str | None:
    """`Unhandled` where the function failed: the emulator tells it by the shape of the result only."""
    if headers.get("X-Amz-Function-Error"):
        return str(headers["X-Amz-Function-Error"])
    failed = isinstance(result, dict) and "errorType" in result and "statusCode" not in result
    return "Unhandled" if failed else None
