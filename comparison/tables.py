"""Prints the tables of docs/compare.md: `.venv/bin/python -m comparison.tables`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from comparison.endpoints import LEFT_OUT
from comparison.served import REQUESTS_TO
from comparison.work import SETTINGS
from trace_checks.differences import KINDS
from trace_checks.volatile import NOT_COMPARED, SPANS_NOT_COMPARED, VOLATILE, Volatile


def tables() -> str:
    """The kinds of differences, what does not count, the settings, and the endpoints that are left out."""
    settings = (
        (
            f"`{setting.name}`",
            " ".join(f"`{name}={_short(value)}`" for name, value in setting.environment.items()),
            _pattern(setting.endpoints),
            _pattern(setting.samples),
        )
        for setting in SETTINGS
    )
    served = (
        (f"`--with {service}`", " ".join(f"`{path}`" for path in paths))
        for service, paths in REQUESTS_TO.items()
    )
    return "\n\n".join(
        [
            "### Kinds of differences",
            _table(("kind", "what it says"), ((f"`{kind}`", sentence) for kind, sentence in KINDS.items())),
            "### What does not count",
            _table(("where", "reason"), map(_rule, VOLATILE)),
            "Lines of the log that are left out:",
            _table(("line with", "reason"), map(_rule, NOT_COMPARED)),
            "Spans that are left out:",
            _table(
                ("span with", "reason"),
                ((f"`{rule.name}` `{rule.value}`", rule.reason) for rule in SPANS_NOT_COMPARED),
            ),
            "### Settings",
            _table(("name", "environment", "endpoints", "samples"), settings),
            "### Endpoints that are sent with a service only",
            _table(("service", "endpoints"), served),
            "### Endpoints that are not sent",
            _table(("endpoint", "reason"), ((f"`{path}`", reason) for path, reason in LEFT_OUT.items())),
        ]
    )


def _short(value: str) -> str:
    return Path(value).name if value.startswith("/") else value


def _pattern(pattern: str | None) -> str:
    return "none" if pattern is None else "all" if pattern == ".*" else f"`{pattern}`"


def _rule(rule: Volatile) -> tuple[str, str]:
    place = f"`{rule.name}`" if rule.name else f"any text with `{rule.value}`"
    return place, rule.reason


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), *map(list, rows)]
    texts = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines]
    return "\n".join([texts[0], f"|{' --- |' * len(lines[0])}", *texts[1:]])


if __name__ == "__main__":
    sys.stdout.write(f"{tables()}\n")
