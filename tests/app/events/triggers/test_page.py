"""docs/triggers.md has every source and every action."""

from __future__ import annotations

import re

from app.capabilities.actions import ACTIONS
from app.events.triggers import TRIGGERS
from app.events.triggers.custom import Custom
from app.events.triggers.healthcheck import Healthcheck
from tests.support.processes import REPOSITORY

PAGE = (REPOSITORY / "docs/triggers.md").read_text()


def first_cells(heading: str) -> list[str]:
    """The first cells of the table whose first column has this heading."""
    rows = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [row.split("|")[1].strip().strip("`") for row in rows]


def test_every_source_is_there() -> None:
    # "Kafka, Amazon MSK or one's own" is Kafka.
    sources = {re.split(",", cell)[0] for cell in first_cells("source")}
    titles = {trigger.title for trigger in TRIGGERS if trigger not in (Healthcheck, Custom)}
    assert sources == titles | {"custom"}


def test_every_action_is_there() -> None:
    assert first_cells("`do`") == list(ACTIONS)
