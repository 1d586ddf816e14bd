"""Tells a function's result from a failure, in what an emulator or Invoke API answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NoReturn

# AWS grants a result 100 bytes more than an event (R81, R98).
EVENT_LIMIT = 6 * 1024 * 1024
RESULT_LIMIT = EVENT_LIMIT + 100


class Failure(Enum):
    """Why there is no result that could become an HTTP response."""

    FUNCTION_ERROR = "the function failed"
    INVALID_RESULT = "the function's result is malformed"
    RESULT_TOO_LARGE = "the function's result is too large"
    EVENT_TOO_LARGE = "the event is too large"
    THROTTLED = "too many requests at once"
    TIMED_OUT = "the function took longer than the front door waits"
    UNREACHABLE = "nothing answers where the function should be invoked"
    NO_FUNCTION = "there is no function of that name"


@dataclass(frozen=True)
class Answer:
    """What came back from the emulator."""

    status: int
    body: bytes
    function_error: str = ""


class InvocationError(Exception):
    """An invocation ended without a result; `detail` is for the log."""

    def __init__(self, failure: Failure, detail: str = "") -> None:
        super().__init__(f"{failure.value}: {detail}" if detail else failure.value)
        self.failure = failure
        self.detail = detail


def parse_json(body: bytes) -> object:
    """Parse strictly: ValueError for anything that is no JSON, NaN and endless nesting included."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def read_result(answer: Answer) -> object:
    """Return the function's result, parsed.

    Raises InvocationError for what is none: the emulator reports most failures with status
    200 and tells them only by the shape of the body (R95 to R97).
    """
    if answer.status == 404:
        raise InvocationError(Failure.NO_FUNCTION, _excerpt(answer.body))
    if answer.status == 413:
        raise InvocationError(Failure.EVENT_TOO_LARGE, _excerpt(answer.body))
    if answer.status == 429:
        raise InvocationError(Failure.THROTTLED, _excerpt(answer.body))
    if answer.status == 503:
        raise InvocationError(Failure.UNREACHABLE, _excerpt(answer.body))
    if b"Function.ResponseSizeTooLarge" in answer.body[:200] or len(answer.body) > RESULT_LIMIT:
        raise InvocationError(Failure.RESULT_TOO_LARGE, _excerpt(answer.body))
    if answer.status != 200 or answer.function_error:
        raise InvocationError(Failure.FUNCTION_ERROR, _excerpt(answer.body))
    try:
        result = parse_json(answer.body)
    except ValueError as error:
        raise InvocationError(Failure.FUNCTION_ERROR, _excerpt(answer.body)) from error
    if is_error(result):
        raise InvocationError(Failure.FUNCTION_ERROR, _excerpt(answer.body))
    return result


def is_error(result: object) -> bool:
    """Whether a result has the shape in which a runtime reports an error (R95)."""
    return (
        isinstance(result, Mapping)
        and "statusCode" not in result
        and ("errorType" in result or "errorMessage" in result)
    )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _excerpt(body: bytes) -> str:
    return body[:500].decode("utf-8", "replace")
