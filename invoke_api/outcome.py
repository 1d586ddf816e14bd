"""What an emulator answers, how large events and results may be, and how a runtime reports an error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

# AWS allows a result 100 bytes more than an event (R81, R98 of docs/events.md).
EVENT_LIMIT = 6 * 1024 * 1024
RESULT_LIMIT = EVENT_LIMIT + 100


@dataclass(frozen=True)
class Answer:
    """What came back from an emulator or from an Invoke API.

    `request_id` is set by an Invoke API only: the emulator sends no header of its own. `server` is
    the name by which an Invoke API calls itself.
    """

    status: int
    body: bytes
    function_error: str = ""
    request_id: str = ""
    server: str = ""


def parse_json(body: bytes) -> object:
    """Parse strictly: ValueError for what is not JSON, `NaN` and very deep nesting included."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def is_error(result: object) -> bool:
    """Whether a result has the shape in which a runtime reports an error (R95)."""
    return (
        isinstance(result, Mapping)
        and "statusCode" not in result
        and ("errorType" in result or "errorMessage" in result)
    )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
