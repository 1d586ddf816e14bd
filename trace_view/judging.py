"""Runs the checks of `trace_checks` over a record; a check that fails is told, and breaks nothing."""

from __future__ import annotations

import json
from typing import Any

from trace_checks.judge import Violation, violations
from trace_checks.record import Settings

Json = dict[str, Any]


def judge(record: Json, before: Json | None, settings: Settings | None) -> tuple[list[Json], str]:
    """The sentences that the invocation breaks, for `checks`; and the record with them, as JSON text.

    Without settings nothing is checked.
    """
    checks = _checks(record, before, settings) if settings else []
    return checks, json.dumps({**record, "checks": checks})


def _checks(record: Json, before: Json | None, settings: Settings) -> list[Json]:
    try:
        return [violation.as_json() for violation in violations(record, before, settings)]
    except Exception as error:  # noqa: BLE001 - whatever an event holds, its row is shown
        found = Violation("checked", "the record can be checked", f"{type(error).__name__}: {error}")
        return [found.as_json()]
