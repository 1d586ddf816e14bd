"""Tells a function's result from a failure, in what an emulator or an Invoke API answered."""

from __future__ import annotations

from enum import Enum

from invoke_api.outcome import RESULT_LIMIT, Answer, is_error, parse_json


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


# The statuses by which an Invoke API says that there is no result.
REFUSALS = {
    404: Failure.NO_FUNCTION,
    413: Failure.EVENT_TOO_LARGE,
    429: Failure.THROTTLED,
    503: Failure.UNREACHABLE,
    504: Failure.TIMED_OUT,
}


class InvocationError(Exception):
    """An invocation ended without a result; `detail` goes into the log."""

    def __init__(self, failure: Failure, detail: str = "") -> None:
        super().__init__(f"{failure.value}: {detail}" if detail else failure.value)
        self.failure = failure
        self.detail = detail


def read_result(answer: Answer) -> object:
    """Return the function's result, parsed.

    Raises InvocationError when there is none. The emulator reports most failures with status
    200, so they are recognised by the shape of the body (R95 to R97).
    """
    if answer.status in REFUSALS:
        raise InvocationError(REFUSALS[answer.status], _excerpt(answer.body))
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


def _excerpt(body: bytes) -> str:
    return body[:500].decode("utf-8", "replace")
