"""What the sources share that deliver records: each record is handled by itself, and none is lost.

What the function tells AWS about a record that failed differs: SQS, Kinesis and DynamoDB Streams read
`batchItemFailures` and deliver only those again. For any other source the invocation fails, and AWS
delivers the whole event again, so all its records are handled first.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar, TypedDict

from app.events.base import Event, Result, Weblog
from app.events.triggers.base import Trigger
from app.events.triggers.messages import BrokenRecord

logger = logging.getLogger(__name__)

Record = dict[str, Any]
Value = Any
"""Any JSON value."""


class ItemFailure(TypedDict):
    """A record that AWS shall deliver again."""

    itemIdentifier: str


class RecordsFailed(RuntimeError):  # noqa: N818 - the name is what users read as errorType
    """Records failed, and their source has no other way to tell than that the whole invocation fails."""


class RecordsEvent(Trigger):
    """An event with records, in a list `Records` unless the class says otherwise."""

    event_source: ClassVar[str] = ""
    """The `eventSource` of its records; empty where they have none."""

    @classmethod
    def matches(cls, event: Event) -> bool:
        """The first record says where it comes from."""
        return event_source(event) == cls.event_source

    @cached_property
    def records(self) -> list[Value]:
        """The records, of any type: a broken one is one that fails."""
        return list(self.event["Records"] or [])

    @abstractmethod
    def resource(self, record: Record) -> object:
        """The name of the queue, topic, ... that the record came from."""

    @abstractmethod
    def record_id(self, record: Record) -> object:
        """What tells this record apart from others; None where the record does not say."""

    @abstractmethod
    def message(self, record: Record) -> object:
        """The message in the record; raises BrokenRecord where it cannot be read."""

    def answer(self, weblog: Weblog, context: object) -> Result:
        failed = dict(self.failures(weblog))
        if failed:
            raise self.failed(failed)
        return {"handled": len(self.records)}

    def failures(self, weblog: Weblog) -> Iterator[tuple[int, Exception]]:
        """Handle the records in their order; the position and the error of each that fails."""
        for position, record in enumerate(self.records):
            if error := self.failure(weblog, record):
                logger.warning("%s record %d failed: %r", self.title, position, error)
                yield position, error

    def failure(self, weblog: Weblog, record: Value) -> Exception | None:
        """Handle one record; what went wrong, if anything did."""
        try:
            self.handle_record(weblog, record)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other records are not to blame
            return error
        return None

    def handle_record(self, weblog: Weblog, record: Value) -> None:
        """Handle one record; raises whatever goes wrong."""
        if not isinstance(record, dict):
            raise BrokenRecord(f"the record must be an object, it is {type(record).__name__}")
        if record_source(record) not in (self.event_source, None):
            raise BrokenRecord(
                f"the record comes from {record_source(record)!r:.80}, not {self.event_source}"
            )
        self.handle(
            weblog,
            lambda: self.message(record),
            resource=self.resource(record),
            record=self.record_id(record),
        )

    def failed(self, failed: dict[int, Exception]) -> RecordsFailed:
        """The error that tells which records failed, and why the first one did."""
        first = next(iter(failed))
        positions = ", ".join(map(str, failed))
        return RecordsFailed(
            f"{self.title} event: {len(failed)} of {len(self.records)} records failed (at {positions:.200}),"
            f" the first with {failed[first]!r}"
        )


class BatchEvent(RecordsEvent):
    """A batch of an event source mapping that reports its failed records (ReportBatchItemFailures)."""

    def answer(self, weblog: Weblog, context: object) -> Result:
        failures = self.failures(weblog)
        return {"batchItemFailures": self.reported(failures)}

    def reported(self, failures: Iterator[tuple[int, Exception]]) -> list[ItemFailure]:
        """What AWS shall deliver again: every record that failed."""
        return [self.item(position, error) for position, error in failures]

    def item(self, position: int, error: Exception) -> ItemFailure:
        """The entry of a record; raises RecordsFailed where nothing identifies it, so that it is not lost."""
        record = self.records[position]
        identifier = self.record_id(record) if isinstance(record, dict) else None
        if not isinstance(identifier, str) or not identifier:
            raise self.failed({position: error}) from error
        return {"itemIdentifier": identifier}


class StreamEvent(BatchEvent):
    """A batch of a stream: records of one shard, in order.

    AWS goes on from the first record that is reported, so nothing behind it is handled: it comes again.
    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """

    @classmethod
    def matches(cls, event: Event) -> bool:
        """The first record says where it comes from, or, in a time window without records, the event."""
        arn = event.get("eventSourceARN")
        service = arn.split(":")[2:3] if isinstance(arn, str) and event.get("Records") == [] else []
        return event_source(event) == cls.event_source or service == [cls.source]

    def answer(self, weblog: Weblog, context: object) -> Result:
        result = super().answer(weblog, context)
        if "window" in self.event:
            # A tumbling window: the next batch of it gets this state.
            result["state"] = {"records": self.counted_before + len(self.records)}
        return result

    @property
    def counted_before(self) -> int:
        """The number of records that the window's earlier batches had, by the state that they left."""
        state = self.event.get("state") or {}
        count = state.get("records", 0) if isinstance(state, dict) else None
        if not isinstance(count, int):
            raise self.invalid("state", f"must be null or have a number of records, it is {state!r:.80}")
        return count

    def reported(self, failures: Iterator[tuple[int, Exception]]) -> list[ItemFailure]:
        return [self.item(*first)] if (first := next(failures, None)) else []


def record_source(record: object) -> object:
    """The `eventSource` of a record, which SNS writes `EventSource`."""
    if not isinstance(record, dict):
        return None
    return record.get("eventSource") or record.get("EventSource")


def event_source(event: Event) -> object:
    """The source of the first record; None where there is none."""
    records = event.get("Records")
    return record_source(records[0]) if isinstance(records, list) and records else None


def last_part(arn: object, separator: str = ":") -> str:
    """What stands behind the last separator of an ARN: the name of the thing; `unknown` without an ARN."""
    return arn.rpartition(separator)[2] if isinstance(arn, str) and arn else "unknown"


def part(record: Record, *keys: str) -> Value:
    """The value under those keys, one in the other; None where one of them is missing or null."""
    value: Value = record
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
