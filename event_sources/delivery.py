"""How a stream's batch is delivered: in order, repeated, divided, and in the end given up.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from event_sources.function import PAYLOAD_LIMIT, Answer
from event_sources.mapping import WITHOUT_LIMIT, Mapping

EXHAUSTED = "RetryAttemptsExhausted"
TOO_OLD = "RecordAgeExceeded"


@dataclass(frozen=True)
class Record:
    """One record of a batch."""

    event: dict[str, Any]
    """As it stands in the event's `Records`."""
    identifier: str
    """What the function names in `batchItemFailures`."""
    time: float
    """When it came, in seconds since 1970."""


@dataclass(frozen=True)
class _Batch:
    records: Sequence[Record]
    failures: int = 0
    """Attempts that failed and count as such."""
    invocations: int = 0


@dataclass(frozen=True)
class Delivery:
    """What delivers the batches of one mapping."""

    mapping: Mapping
    invoke: Callable[[Sequence[Record]], Answer]
    give_up: Callable[[Sequence[Record], str, int], None]
    """Gets the records, the condition, and how often they were invoked with."""
    pause: Callable[[int], bool]
    """Waits before the next attempt after so many failures; False ends the delivery."""
    now: Callable[[], float]

    def deliver(self, records: Sequence[Record]) -> bool:
        """Return True when every record has been handled or given up, and False when `pause` ended it."""
        waiting = deque(_Batch(part) for part in parts(records))
        while waiting:
            batch = self._without_old(waiting.popleft())
            if not batch.records:
                continue
            answer = self.invoke(batch.records)
            rest = self._rest(replace(batch, invocations=batch.invocations + 1), answer)
            waiting.extendleft(reversed(rest))
            if rest and not self.pause(rest[0].failures):
                return False
        return True

    def _without_old(self, batch: _Batch) -> _Batch:
        """The batch without the records at its start that are too old, which are given up."""
        if self.mapping.record_age == WITHOUT_LIMIT:
            return batch
        since = self.now() - self.mapping.record_age
        count = next((index for index, record in enumerate(batch.records) if record.time >= since), None)
        if count is None:
            count = len(batch.records)
        if count:
            self.give_up(batch.records[:count], TOO_OLD, batch.invocations)
        return replace(batch, records=batch.records[count:])

    def _rest(self, batch: _Batch, answer: Answer) -> list[_Batch]:
        """What is to be delivered again, after this answer to this batch."""
        identifiers = [record.identifier for record in batch.records]
        failed = answer.failed(identifiers, report_failures=self.mapping.report_failures)
        if not failed:
            return []
        # All that comes after the first failure is delivered again, so that the order is kept.
        first = min(identifiers.index(identifier) for identifier in failed)
        remaining = replace(batch, records=batch.records[first:])
        if self.mapping.bisect and len(batch.records) > 1:
            # Dividing does not count as an attempt.
            if first:
                return [remaining]
            middle = len(batch.records) // 2
            return [
                replace(batch, records=batch.records[:middle]),
                replace(batch, records=batch.records[middle:]),
            ]
        again = replace(remaining, failures=batch.failures + 1)
        if self.mapping.retries != WITHOUT_LIMIT and again.failures > self.mapping.retries:
            self.give_up(again.records, EXHAUSTED, again.invocations)
            return []
        return [again]


def parts(records: Sequence[Record], limit: int = PAYLOAD_LIMIT) -> Iterator[list[Record]]:
    """The records in their order, divided so that each part makes an event of at most `limit` bytes."""
    part: list[Record] = []
    size = envelope = len('{"Records": []}')
    for record in records:
        length = len(json.dumps(record.event)) + len(", ")
        if part and size + length > limit:
            yield part
            part, size = [], envelope
        part.append(record)
        size += length
    if part:
        yield part
