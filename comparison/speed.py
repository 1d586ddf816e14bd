"""How fast the two are: cold and warm, each as a ratio of B to A with its spread.

The two take turns and never run at once, so that whatever else the machine does hits both.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field

from comparison.run import Pair, cool_down


@dataclass
class Times:
    """Milliseconds until the answer, turn by turn."""

    a: list[float] = field(default_factory=list)
    b: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median of the turns' ratios, B by A."""
        return statistics.median(self._ratios)

    @property
    def spread(self) -> tuple[float, float]:
        """Half of the turns' ratios are between these two."""
        if len(self._ratios) < 2:
            return self.ratio, self.ratio
        low, _, high = statistics.quantiles(self._ratios, n=4, method="inclusive")
        return low, high

    @property
    def _ratios(self) -> list[float]:
        return [b / a for a, b in zip(self.a, self.b, strict=True)]

    @property
    def told(self) -> str:
        """Such as `1.02 (0.97 to 1.05), medians 612 ms and 624 ms of 5`."""
        low, high = self.spread
        return (
            f"{self.ratio:.2f} ({low:.2f} to {high:.2f}), medians {statistics.median(self.a):.1f} ms"
            f" and {statistics.median(self.b):.1f} ms of {len(self.a)}"
        )


@dataclass
class Speed:
    """What was measured."""

    cold: Times = field(default_factory=Times)
    warm: Times = field(default_factory=Times)


def measure(pair: Pair, event: object, speed: Speed, cold: int, warm: int) -> Iterator[None]:
    """Measure that many turns with functions that run; yields after each turn."""
    for times, turns, prepare in ((speed.cold, cold, cool_down), (speed.warm, warm, None)):
        for turn in range(turns):
            order = list(zip(pair.systems, (times.a, times.b), strict=True))
            # Nobody is always the first one.
            for system, elapsed in order if turn % 2 else reversed(order):
                if prepare:
                    prepare(system)
                record = system.record(event)
                elapsed.append((record["ended"] - record["started"]) / 1e6)
            yield
