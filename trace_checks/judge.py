"""Judges an invocation: every sentence that it breaks, and the finding that explains it, if one does."""

from __future__ import annotations

from dataclasses import dataclass

from trace_checks.checks import CHECKS, Case
from trace_checks.findings import FINDINGS
from trace_checks.record import Invocation, Record, Settings
from trace_checks.sources import source_of


@dataclass(frozen=True)
class Violation:
    """A sentence that does not hold for an invocation."""

    id: str
    """The check's."""
    sentence: str
    detail: str
    span_id: int | None = None
    span_name: str | None = None
    finding: str | None = None
    """The id of the known finding that this is; None for something new."""

    def as_json(self) -> dict[str, object]:
        """For the record's `checks`."""
        return {
            "id": self.id,
            "sentence": self.sentence,
            "detail": self.detail,
            "span_id": self.span_id,
            "finding": self.finding,
        }


def violations(
    record: Record, before: Record | None = None, settings: Settings | None = None
) -> list[Violation]:
    """Every sentence that this invocation breaks. `before` is the record of the invocation before it.

    Of one that has not ended, as far as is known, nothing is said: its `ended` is null.
    """
    if record.get("ended", 0) is None:
        return []
    settings = settings or Settings()
    case = Case(
        Invocation(record, settings),
        source_of(record.get("event")),
        Invocation(before, settings) if before is not None else None,
    )
    return [
        Violation(
            check.id,
            check.sentence,
            detail,
            span["span_id"] if span else None,
            span["name"] if span else None,
            next((known.id for known in FINDINGS if known.explains(case, check.id, detail, span)), None),
        )
        for check in CHECKS
        for detail, span in check.find(case)
    ]


def new_violations(
    record: Record, before: Record | None = None, settings: Settings | None = None
) -> list[Violation]:
    """Those that no known finding explains."""
    return [found for found in violations(record, before, settings) if found.finding is None]
