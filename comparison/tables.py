"""Prints the tables of docs/compare.md: `.venv/bin/python -m comparison.tables`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from comparison.endpoints import LEFT_OUT
from comparison.work import SETTINGS
from trace_checks.differences import KINDS
from trace_checks.volatile import NOT_COMPARED, VOLATILE, Volatile


def tables() -> str:
    """The kinds of differences, what does not count, the settings, and the endpoints that are left out."""
    settings = (
        (
            f"`{setting.name}`",
            " ".join(f"`{name}={_short(value)}`" for name, value in setting.environment.items()),
            "all" if setting.endpoints == ".*" else f"`{setting.endpoints}`",
            "yes" if setting.samples else "no",
        )
        for setting in SETTINGS
    )
    return "\n\n".join(
        [
            "### Kinds of differences",
            _table(("kind", "what it says"), ((f"`{kind}`", sentence) for kind, sentence in KINDS.items())),
            "### What does not count",
            _table(("where", "reason"), map(_rule, VOLATILE)),
            "Lines of the log that are left out:",
            _table(("line with", "reason"), map(_rule, NOT_COMPARED)),
            "### Settings",
            _table(("name", "environment", "endpoints", "samples"), settings),
            "### Endpoints that are not sent",
            _table(("endpoint", "reason"), ((f"`{path}`", reason) for path, reason in LEFT_OUT.items())),
        ]
    )


def _short(value: str) -> str:
    return Path(value).name if value.startswith("/") else value


def _rule(rule: Volatile) -> tuple[str, str]:
    place = f"`{rule.name}`" if rule.name else f"any text with `{rule.value}`"
    return place, rule.reason


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), *map(list, rows)]
    texts = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines]
    return "\n".join([texts[0], f"|{' --- |' * len(lines[0])}", *texts[1:]])


if __name__ == "__main__":
    sys.stdout.write(f"{tables()}\n")
