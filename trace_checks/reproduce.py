"""The smallest events that show the known findings: a file for each in `events/`, named by its id.

A file has `event`, and where they are needed `settings` (environment variables of the function; AppSec
is off unless they say otherwise), `before` (events that are sent first) and `also` (the ids of other
findings that cannot be avoided). A part of a finding has its word behind the id: `D14.rest.json`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trace_checks.judge import Violation, violations
from trace_checks.record import Record, Settings

EVENTS = Path(__file__).parent / "events"


@dataclass(frozen=True)
class Reproduction:
    """What shows a finding."""

    name: str
    event: Any
    settings: Mapping[str, str] = field(default_factory=dict)
    before: Sequence[Any] = ()
    also: Sequence[str] = ()

    @property
    def finding(self) -> str:
        """The finding's id."""
        return self.name.partition(".")[0]

    def violations(self, record: Callable[[object], Record]) -> list[Violation]:
        """What the event breaks. `record` sends an event to a function with these settings."""
        last = None
        for event in self.before:
            last = record(event)
        appsec = self.settings.get("DD_APPSEC_ENABLED") == "true"
        return violations(record(self.event), last, Settings(service="weblog", appsec=appsec))


def reproductions() -> dict[str, Reproduction]:
    """All of them by name."""
    files = sorted(EVENTS.glob("*.json"))
    return {file.stem: Reproduction(file.stem, **json.loads(file.read_text())) for file in files}
