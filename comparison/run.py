"""Sends the work to both functions at the same time, and collects what differs."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from comparison.sides import Side
from comparison.work import Group, Item, Setting
from trace_checks.comparison import differences
from trace_checks.differences import KINDS, Difference
from trace_checks.hunt import CANARY, CLEARING
from trace_checks.judge import violations
from trace_checks.record import Record
from trace_checks.system import StartError, System

Way = tuple[str, str, str]

MOST_HEALS = 20
"""How often a lost trace is followed by a repair under one setting; one that loses all needs no more."""


@dataclass(frozen=True)
class Example:
    """A difference in one invocation."""

    invocation: str
    difference: Difference


@dataclass
class Results:
    """What was found so far."""

    invocations: int = 0
    differing: set[str] = field(default_factory=set)
    ways: dict[Way, list[Example]] = field(default_factory=lambda: defaultdict(list))
    broken: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    """The invocations in which one side breaks an invariant and the other does not, by `A` or `B` and the
    check's id."""

    def add(self, invocation: str, found: Sequence[Difference]) -> None:
        """Keep what differs in an invocation."""
        for difference in found:
            self.ways[difference.way].append(Example(invocation, difference))
        if found:
            self.differing.add(invocation)

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not self.ways and not self.broken

    @property
    def summary(self) -> str:
        """Such as `12 invocations differ in 3 ways`."""
        count = len(self.differing)
        if not count:
            return f"{self.invocations} invocations, no difference"
        return (
            f"{count} of {self.invocations} invocations differ in"
            f" {len(self.ways)} way{'' if len(self.ways) == 1 else 's'}"
        )

    def sorted_ways(self) -> list[tuple[Way, list[Example]]]:
        """The ways by their kind, and among those of one kind the most frequent first."""
        order = list(KINDS)
        return sorted(self.ways.items(), key=lambda way: (order.index(way[0][0]), -len(way[1]), way[0]))


class Pair:
    """Two systems that get the same work at the same time."""

    def __init__(self, sides: Sequence[Side], systems: Sequence[System]) -> None:
        self.sides = sides
        self.systems = systems
        self._pool = ThreadPoolExecutor(len(systems))

    def both(self, do: Callable[[System, Side], Any]) -> list[Any]:
        """Do this with both at the same time; the two results."""
        futures = [
            self._pool.submit(do, system, side) for system, side in zip(self.systems, self.sides, strict=True)
        ]
        return [future.result() for future in futures]

    def start(self, setting: Mapping[str, str]) -> None:
        """Start both functions with a setting, anew where they run. Raises StartError."""
        self.both(lambda system, side: start(system, side, setting))

    def record(self, event: object) -> list[Record]:
        """Invoke both with this event; the two records."""
        return self.both(lambda system, _side: system.record(event))

    def run(self, group: Group, results: Results) -> Iterator[Item]:
        """Send the group's items to the functions, which run; each one when it is compared.

        Raises StartError where a function has to be started again, and does not start.
        """
        before: list[Record | None] = [None, None]
        heals = 0
        for item in group.items:
            time.sleep(group.setting.pause)
            records = self.record(item.event)
            self._compare(item, group.setting, records, before, results)
            before = list(records)
            lost = [not record["traces"] for record in records]
            if lost[0] != lost[1] and heals < MOST_HEALS:
                heals += 1
                self.both(lambda system, _side: heal(system))
                before = [None, None]
            yield item

    def _compare(
        self,
        item: Item,
        setting: Setting,
        records: Sequence[Record],
        before: Sequence[Record | None],
        results: Results,
    ) -> None:
        results.invocations += 1
        results.add(f"{setting.name}: {item.name}", differences(*records))
        broken = [
            {found.id for found in violations(record, earlier, setting.for_checks)}
            for record, earlier in zip(records, before, strict=True)
        ]
        for side, only in (("A", broken[0] - broken[1]), ("B", broken[1] - broken[0])):
            for check in only:
                results.broken[side, check].append(f"{setting.name}: {item.name}")


def start(system: System, side: Side, setting: Mapping[str, str]) -> None:
    """Start a side's function with a setting. Raises StartError."""
    system.restart_function({**side.environment, **setting})


def heal(system: System) -> None:
    """Make a function that may hold back its traces send them again, at worst by a new start."""
    system.record(CLEARING)
    if not system.record(CANARY)["traces"]:
        system.restart_function()


__all__ = ["Example", "Pair", "Results", "StartError", "heal", "start"]
