"""What the Invoke API answers: results, function errors and its own errors, as AWS words them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from invoke_api.outcome import RESULT_LIMIT, Answer, is_error, parse_json

JSON = {"Content-Type": "application/json"}
# An error code of this project: AWS's Invoke API has no such time-out.
TIMED_OUT = "InvocationTimedOut"
# AWS writes "Message" with a capital letter in some errors (R115 of docs/events.md).
CAPITAL_MESSAGE = ("ResourceNotFoundException", "ServiceException")


@dataclass(frozen=True)
class ApiAnswer:
    """An HTTP response of the Invoke API."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class ApiError(Exception):
    """The request is refused, or the service failed; carries AWS's error code."""

    def __init__(self, status: int, code: str, message: str, **more: str) -> None:
        super().__init__(message)
        key = "Message" if code in CAPITAL_MESSAGE else "message"
        self.document = {"Type": "User" if status < 500 else "Service", **more, key: message}
        self.answer = ApiAnswer(
            status, json.dumps(self.document).encode(), {**JSON, "x-amzn-ErrorType": code}
        )


def timed_out(seconds: float) -> ApiError:
    """Return the error for a client that waits no longer than this; the invocation itself goes on."""
    return ApiError(504, TIMED_OUT, f"The function still runs after {seconds:g} s")


def throttled() -> ApiError:
    """Return the error past the concurrency limit."""
    return ApiError(
        429,
        "TooManyRequestsException",
        "Rate Exceeded.",
        Reason="ReservedFunctionConcurrentInvocationLimitExceeded",
    )


def result_answer(answer: Answer) -> ApiAnswer:
    """Make AWS's answer of the emulator's: function errors are marked, results stay byte for byte."""
    error = error_payload(answer)
    headers = {**JSON, "X-Amz-Executed-Version": "$LATEST"}
    if error is None:
        return ApiAnswer(200, answer.body, headers)
    return ApiAnswer(200, error, {**headers, "X-Amz-Function-Error": "Unhandled"})


def error_payload(answer: Answer) -> bytes | None:
    """Return the error object if the function failed, None if it gave a result (R95 to R97).

    The emulator reports a timeout as bare text, an exit with an empty body, and the crash of an
    extension with status 502 and the function's own result: each becomes the object that AWS sends.
    """
    if len(answer.body) > RESULT_LIMIT:
        message = f"Response payload size exceeded maximum allowed payload size ({RESULT_LIMIT} bytes)."
        return _error_object("Function.ResponseSizeTooLarge", message)
    try:
        result = parse_json(answer.body)
    except ValueError:
        text = answer.body.decode("utf-8", "replace")
        if text.startswith("Task timed out"):
            return _error_object("Sandbox.Timedout", f"RequestId: {answer.request_id} Error: {text}")
        message = text or f"RequestId: {answer.request_id} Error: Runtime exited without providing a reason"
        return _error_object("Runtime.ExitError", message)
    if is_error(result):
        return answer.body
    if answer.status != 200:
        return _error_object(
            "Extension.Crash", f"RequestId: {answer.request_id} Error: an extension ended early"
        )
    return None


def _error_object(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()
