"""Sends the work to both functions at the same time, and collects what differs."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
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
from trace_checks.volatile import compared_lines

Way = tuple[str, str, str]


class OneStartsError(StartError):
    """One of the two functions starts and the other does not, which is a result."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(difference.name)
        self.found = Found([difference])


EXAMPLES = 3
"""How many invocations of a way are shown with their values."""

MOST_HEALS = 20
"""How often a lost trace is followed by a repair under one setting; one that loses all needs no more."""

EMULATOR_SECONDS = 0.5
"""After so long the emulator waits for the first invocation again."""


@dataclass(frozen=True)
class Found:
    """What differs in an invocation."""

    differences: Sequence[Difference]
    broken: Set[tuple[str, str]] = frozenset()
    """The invariants that one side breaks and the other does not: `A` or `B`, and the check's id."""
    records: Sequence[Record] = ()
    """The two records, where there are some."""


@dataclass(frozen=True)
class Example:
    """A difference in one invocation."""

    invocation: str
    difference: Difference
    around: tuple[str, str] | None = None
    """Where it stands, under A and under B: the whole log or the whole result."""


@dataclass
class Results:
    """What was found so far."""

    invocations: int = 0
    differing: set[str] = field(default_factory=set)
    ways: dict[Way, list[Example]] = field(default_factory=lambda: defaultdict(list))
    broken: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    """The invocations in which one side breaks an invariant and the other does not."""
    unsteady: dict[Way, list[Example]] = field(default_factory=lambda: defaultdict(list))
    """What did not come again when the invocation was repeated."""

    def has_new(self, found: Found) -> bool:
        """Whether something is among it that no invocation has shown before."""
        return any(each.way not in self.ways for each in found.differences) or not (
            found.broken <= self.broken.keys()
        )

    def add(self, invocation: str, found: Found, again: Found) -> None:
        """Keep what differs in an invocation; `again`: what differed when it was repeated."""
        self.invocations += 1
        ways = {each.way for each in again.differences}
        for difference in found.differences:
            if difference.way in ways:
                self.differing.add(invocation)
            kept = (self.ways if difference.way in ways else self.unsteady)[difference.way]
            around = _around(difference, found.records) if len(kept) < EXAMPLES else None
            kept.append(Example(invocation, difference, around))
        for key in found.broken & again.broken:
            self.broken[key].append(invocation)

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not self.ways and not self.broken

    @property
    def summary(self) -> str:
        """Such as `12 of 1687 invocations differ in 3 ways`."""
        count = len(self.differing)
        if not count:
            return f"{self.invocations} invocations, no difference"
        return (
            f"{count} of {self.invocations} invocations differ in"
            f" {len(self.ways)} way{'' if len(self.ways) == 1 else 's'}"
        )


def by_kind(ways: Mapping[Way, list[Example]]) -> list[tuple[Way, list[Example]]]:
    """The ways by their kind, and among those of one kind the most frequent first."""
    order = list(KINDS)
    return sorted(ways.items(), key=lambda way: (order.index(way[0][0]), -len(way[1]), way[0]))


class Pair:
    """Two systems that get the same work at the same time."""

    def __init__(self, sides: Sequence[Side], systems: Sequence[System]) -> None:
        self.sides = sides
        self.systems = systems
        self._pool = ThreadPoolExecutor(len(systems))
        self._before: list[Record | None] = [None, None]
        self._heals = 0

    def both(self, do: Callable[[System, Side], Any]) -> list[Any]:
        """Do this with both at the same time; the two results."""
        futures = [
            self._pool.submit(do, system, side) for system, side in zip(self.systems, self.sides, strict=True)
        ]
        return [future.result() for future in futures]

    def close(self) -> None:
        """Wait for what both still do; it fails soon where the systems were ended."""
        self._pool.shutdown(cancel_futures=True)

    def start(self, setting: Mapping[str, str]) -> None:
        """Start both functions with a setting, anew where they run.

        Raises OneStartsError where one does not start, StartError where neither does.
        """
        a, b = self.both(lambda system, side: _problem(system, side, setting))
        if a and b:
            raise StartError(f"neither function starts: {b}")
        if a or b:
            kind, said = ("start-repaired", a) if a else ("start-failed", b)
            raise OneStartsError(Difference(kind, "start", said.partition("\n")[0], a, b))

    def record(self, event: object) -> list[Record]:
        """Invoke both with this event; the two records."""
        return self.both(lambda system, _side: system.record(event))

    def run(self, group: Group, results: Results) -> Iterator[Item]:
        """Send the group's items to the functions, which run; each one when it is compared.

        Raises StartError where a function has to be started again, and does not start.
        """
        self._before, self._heals = [None, None], 0
        for item in group.items:
            found = self._look(item, group.setting)
            # Once more: what does not come again is a matter of time.
            again = self._look(item, group.setting) if results.has_new(found) else found
            results.add(f"{group.setting.name}: {item.name}", found, again)
            yield item

    def _look(self, item: Item, setting: Setting) -> Found:
        """What differs between the two functions' answers to an item."""
        if setting.cold:
            self.both(lambda system, _side: cool_down(system))
            self._before = [None, None]
        time.sleep(setting.pause)
        records = self.record(item.event)
        a, b = (
            {found.id for found in violations(record, before, setting.for_checks)}
            for record, before in zip(records, self._before, strict=True)
        )
        self._before = list(records)
        if bool(records[0]["traces"]) != bool(records[1]["traces"]) and self._heals < MOST_HEALS:
            self._heals += 1
            self._before = [None, None]
            self.both(lambda system, _side: heal(system))
        broken = {("A", check) for check in a - b} | {("B", check) for check in b - a}
        return Found(differences(*records), broken, records)


def _around(difference: Difference, records: Sequence[Record]) -> tuple[str, str] | None:
    """The whole log or the whole result under A and under B, where it is one of these that differs."""
    if not records or difference.place not in ("log", "result"):
        return None
    a, b = (
        "\n".join(compared_lines(record["log"]))
        if difference.place == "log"
        else json.dumps(record["result"], indent=1, ensure_ascii=False)
        for record in records
    )
    return a, b


def start(system: System, side: Side, setting: Mapping[str, str]) -> None:
    """Start a side's function with a setting. Raises StartError."""
    system.restart_function({**side.environment, **setting})


def _problem(system: System, side: Side, setting: Mapping[str, str]) -> str | None:
    """Why a side's function does not start with a setting; None where it does."""

    def attempt() -> str | None:
        try:
            start(system, side, setting)
        except StartError as error:
            return str(error)
        return None

    # Once more: on a busy machine a start may fail that does not fail again.
    return attempt() and attempt()


def cool_down(system: System) -> None:
    """Let the next invocation be a cold start; the emulator begins anew meanwhile, which is no part of it."""
    system.cool_down()
    time.sleep(EMULATOR_SECONDS)


def heal(system: System) -> None:
    """Make a function that may hold back its traces send them again, at worst by a new start."""
    system.record(CLEARING)
    if not system.record(CANARY)["traces"]:
        system.restart_function()
