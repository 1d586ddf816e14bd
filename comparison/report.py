"""What is told of a comparison: a summary for the terminal, JSON, and a page that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from comparison.imports import Imports
from comparison.run import EXAMPLES, Example, Results, Way, by_kind
from comparison.sides import Probe, Side
from comparison.speed import Speed
from scripts.tracer import PACKAGES
from trace_checks.checks import CHECKS
from trace_checks.differences import KINDS

SHORT = 40
"""Values of so many characters stand in the summary."""

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
        others = [f"{name} {a} and {b}" for name, (a, b) in self.other_packages.items()]
        if others:
            yield f"they differ in other packages, too, which may be the reason: {', '.join(others)}"
        if any(probe.error for probe in self.probes):
            return
        yield self.results.summary
        for way, examples in by_kind(self.results.ways):
            yield f"{len(examples):6}  {way[0]}  {_told(way, examples)}"
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

    @property
    def other_packages(self) -> dict[str, tuple[str, str]]:
        """The versions of packages beside the two that B's installation replaced, or A's."""
        a, b = (probe.installed for probe in self.probes)
        return {
            name: (a.get(name, "none"), b.get(name, "none"))
            for name in sorted({*a, *b} - {package.replace("_", "-") for package in PACKAGES})
            if a.get(name) != b.get(name)
        }

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
            "other_packages": self.other_packages,
            "invocations": self.results.invocations,
            "differing": len(self.results.differing),
            "ways": _ways(self.results.ways),
            "unsteady": _ways(self.results.unsteady),
            "invariants": [
                {"side": side, "id": check, "sentence": SENTENCES[check], "invocations": names}
                for side, check, names in self.broken()
            ],
            "imports": {
                "measured": bool(self.imports.a),
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
            "told": _told((kind, subject, name), examples),
            "invocations": [example.invocation for example in examples],
            "examples": [
                {
                    "invocation": example.invocation,
                    **example.difference.as_json(),
                    "around": None if example.around is None else list(example.around),
                }
                for example in examples[:EXAMPLES]
            ],
        }
        for (kind, subject, name), examples in by_kind(ways)
    ]


def _told(way: Way, examples: Sequence[Example]) -> str:
    """Such as `aws.lambda: http.status_code, "200" -> "500"`, where the values are short and all the same."""
    kind, subject, name = way
    told = subject if name == subject else f"{subject}: {_short(name)}"
    values = {(_brief(each.difference.a), _brief(each.difference.b)) for each in examples}
    if len(values) > 1 or kind.startswith(("log-", "appsec-context-", "start-")):
        return told
    ((a, b),) = values
    if b and (a or examples[0].difference.a == name):
        return f"{told} -> {b}" if examples[0].difference.a == name else f"{told}, {a} -> {b}"
    return f"{told}, was {a}" if a else f"{told}, now {b}" if b else told


def _brief(value: object) -> str:
    """The value, where it is one and short."""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | int | float) else ""
    return text if len(text) <= SHORT else ""


def _short(text: str, most: int = 100) -> str:
    return text if len(text) <= most else f"{text[:most]}..."


def _pretty(value: object) -> str:
    if value is None:
        return "missing"
    return value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False, default=str)


def _today() -> str:
    return f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC"
