"""What is told of a comparison: a summary for the terminal, JSON, and a page that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from comparison.imports import Imports
from comparison.run import Example, Results, Way, by_kind
from comparison.sides import Probe, Side
from comparison.speed import Speed
from trace_checks.checks import CHECKS
from trace_checks.differences import KINDS

EXAMPLES = 3
"""How many invocations of a way are shown with their values."""

SENTENCES = {check.id: check.sentence for check in CHECKS}


@dataclass
class Report:
    """All that is known of a comparison, which may have ended early."""

    sides: tuple[Side, Side]
    probes: tuple[Probe, Probe]
    command: str
    results: Results = field(default_factory=Results)
    imports: Imports = field(default_factory=Imports)
    speed: Speed = field(default_factory=Speed)
    not_sent: str = ""
    """A sentence about what was left out because no service was there for it."""
    ended_early: str = ""
    """Why, where it did."""

    @property
    def is_same(self) -> bool:
        """Whether nothing differs. Times and sizes do not count."""
        return self.results.is_same and self.imports.is_same and not any(probe.error for probe in self.probes)

    def lines(self) -> Iterator[str]:
        """The summary for the terminal."""
        for letter, side, probe in zip("AB", self.sides, self.probes, strict=True):
            yield f"{letter}: {probe.versions} ({side.text})"
            if probe.error:
                yield f"{letter} cannot be imported: {probe.reason}"
        if any(probe.error for probe in self.probes):
            return
        yield self.results.summary
        for (kind, subject, name), examples in by_kind(self.results.ways):
            yield f"{len(examples):6}  {kind}  {subject}: {_short(name)}"
        for breaker, check, invocations in self.broken():
            yield f"{len(invocations):6}  only {breaker} breaks {check}: {SENTENCES[check]}"
        if self.results.unsteady:
            yield f"{len(self.results.unsteady)} more did not come again; they do not count"
        yield from self._import_lines()
        if self.speed.warm.a:
            yield f"cold start, B by A: {self.speed.cold.told}"
            yield f"warm, B by A: {self.speed.warm.told}"
        a, b = (probe.size for probe in self.probes)
        yield f"installed size, B by A: {b / a:.3f}, {a / 1e6:.1f} MB and {b / 1e6:.1f} MB"
        if self.not_sent:
            yield self.not_sent
        if self.ended_early:
            yield f"ended early: {self.ended_early}"

    def _import_lines(self) -> Iterator[str]:
        if not self.imports.a:
            return
        new, gone, slower = self.imports.new, self.imports.gone, self.imports.slower
        yield (
            f"imported at a cold start: {len(new)} modules more ({sum(new.values()) / 1000:.1f} ms),"
            f" {len(gone)} less ({sum(gone.values()) / 1000:.1f} ms), {len(slower)} slower"
        )
        for name, cost in list(new.items())[:5]:
            yield f"{'':8}new  {name}, {cost / 1000:.1f} ms"
        for name, (before, after) in slower.items():
            yield f"{'':8}slower  {name}, {before / 1000:.1f} ms to {after / 1000:.1f} ms"

    def broken(self) -> list[tuple[str, str, list[str]]]:
        """The invariants that one side alone breaks: the side, the check, the invocations."""
        return [(side, check, names) for (side, check), names in sorted(self.results.broken.items())]

    def as_json(self) -> dict[str, Any]:
        """The whole of it."""
        return {
            "command": self.command,
            "date": _today(),
            "same": self.is_same,
            "not_sent": self.not_sent or None,
            "ended_early": self.ended_early or None,
            "sides": [
                {"text": side.text, "error": probe.error, "packages": probe.packages, "bytes": probe.size}
                for side, probe in zip(self.sides, self.probes, strict=True)
            ],
            "invocations": self.results.invocations,
            "differing": len(self.results.differing),
            "ways": _ways(self.results.ways),
            "unsteady": _ways(self.results.unsteady),
            "invariants": [
                {"side": side, "id": check, "sentence": SENTENCES[check], "invocations": names}
                for side, check, names in self.broken()
            ],
            "imports": {
                "new": self.imports.new,
                "gone": self.imports.gone,
                "slower": self.imports.slower,
            },
            "milliseconds": {
                "cold": {"a": self.speed.cold.a, "b": self.speed.cold.b},
                "warm": {"a": self.speed.warm.a, "b": self.speed.warm.b},
            },
        }

    def write(self, folder: Path) -> Path:
        """Write `report.json` and `report.html` into the folder; the path of the page."""
        folder.mkdir(parents=True, exist_ok=True)
        document = self.as_json()
        (folder / "report.json").write_text(json.dumps(document, indent=1, default=str))
        page = folder / "report.html"
        page.write_text(self._page(document))
        return page

    def _page(self, document: dict[str, Any]) -> str:
        templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        templates.filters["pretty"] = _pretty
        return templates.get_template("report.html").render(
            document, lines=list(self.lines()), speed=self.speed, kinds=KINDS
        )


def _ways(ways: Mapping[Way, list[Example]]) -> list[dict[str, Any]]:
    return [
        {
            "kind": kind,
            "sentence": KINDS[kind],
            "subject": subject,
            "name": name,
            "invocations": [example.invocation for example in examples],
            "examples": [
                {"invocation": example.invocation, **example.difference.as_json()}
                for example in examples[:EXAMPLES]
            ],
        }
        for (kind, subject, name), examples in by_kind(ways)
    ]


def _short(text: str, most: int = 100) -> str:
    return text if len(text) <= most else f"{text[:most]}..."


def _pretty(value: object) -> str:
    if value is None:
        return "missing"
    return value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False, default=str)


def _today() -> str:
    return f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC"
