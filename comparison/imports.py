"""Which modules a cold start imports, up to the end of two invocations, and what each costs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from comparison.run import Pair
from trace_checks.system import System

PROFILE = {"PYTHONPROFILEIMPORTTIME": "1"}

SLOWER = 10_000
"""Microseconds by which a module's own code has to be slower, at twice the time, for it to be told."""

MOST_STARTS = 6
"""Where something seems slower, it has to be so in so many starts."""

_LINE = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", re.MULTILINE)

Costs = dict[str, int]
"""The microseconds that each module's own code took, without what it imports."""


@dataclass
class Imports:
    """What was imported, start by start."""

    a: list[Costs] = field(default_factory=list)
    b: list[Costs] = field(default_factory=list)

    @property
    def new(self) -> Costs:
        """Modules that B imports at each start and A at none; the costliest first."""
        return _only_in(self.b, self.a)

    @property
    def gone(self) -> Costs:
        """Modules that A imports at each start and B at none."""
        return _only_in(self.a, self.b)

    @property
    def slower(self) -> dict[str, tuple[int, int]]:
        """Modules whose own code takes longer at each start of B than at any of A: the most that it took
        under A, and the least under B.
        """
        most_a = {name: max(costs.get(name, 0) for costs in self.a) for name in _least(self.a)}
        return {
            name: (most_a[name], cost)
            for name, cost in _least(self.b).items()
            if name in most_a and cost > max(2 * most_a[name], most_a[name] + SLOWER)
        }

    @property
    def is_same(self) -> bool:
        """Whether both import the same, at about the same cost."""
        return not (self.new or self.gone or self.slower)


def measure(
    pair: Pair, event: object, imports: Imports, setting: dict[str, str], starts: int
) -> Iterator[None]:
    """Start both that many times with a setting; yields after each start. Raises StartError."""
    done = 0
    while done < starts or (imports.slower and done < MOST_STARTS):
        done += 1
        sizes = [_size(system) for system in pair.systems]
        pair.start({**setting, **PROFILE})
        pair.both(lambda system, _side: system.record(event))
        for system, size, costs in zip(pair.systems, sizes, (imports.a, imports.b), strict=True):
            costs.append(_read(system, size))
        if done <= starts:
            yield


def _size(system: System) -> int:
    return system.log.stat().st_size if system.log.exists() else 0


def _read(system: System, start: int) -> Costs:
    with system.log.open("rb") as log:
        log.seek(start)
        text = log.read().decode(errors="replace")
    return {name: int(cost) for cost, name in _LINE.findall(text)}


def _only_in(these: Sequence[Costs], those: Sequence[Costs]) -> Costs:
    least = _least(these)
    found = {
        name: cost
        for name, cost in least.items()
        if all(name in costs for costs in these) and not any(name in costs for costs in those)
    }
    return dict(sorted(found.items(), key=lambda module: -module[1]))


def _least(starts: Sequence[Costs]) -> Costs:
    """The least cost of each module in all starts."""
    names = {name for costs in starts for name in costs}
    return {name: min(costs[name] for costs in starts if name in costs) for name in names}
