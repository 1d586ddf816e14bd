"""Runs the checks of `trace_checks` over a record; a check that fails is told, and breaks nothing."""

from __future__ import annotations

import json
from typing import Any

from trace_checks.judge import violations
from trace_checks.record import Settings


def judge(record: str, before: str | None, settings: Settings) -> list[dict[str, Any]]:
    """The sentences that the invocation breaks, for the record's `checks`. Both records are JSON text."""
    try:
        found = violations(json.loads(record), json.loads(before) if before else None, settings)
    except Exception as error:  # noqa: BLE001 - whatever an event holds, its row is shown
        sentence = f"The checks could not be made: {type(error).__name__}: {error}"
        return [
            {"id": "not-checked", "sentence": sentence, "detail": sentence, "span_id": None, "finding": None}
        ]
    return [violation.as_json() for violation in found]
