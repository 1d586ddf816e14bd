"""Kafka: records of topics, of Amazon MSK and of a cluster of one's own.

https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from typing import Any

from app.events.base import Event
from app.events.triggers.messages import decoded, parsed
from app.events.triggers.records import Record, RecordsEvent

EVENT_SOURCES = ("aws:kafka", "SelfManagedKafka")


class Kafka(RecordsEvent):
    """Records by topic and partition. The message is the value, in base64."""

    title = "Kafka"
    source = "kafka"

    @staticmethod
    def matches(event: Event) -> bool:
        """The event itself says where it comes from, unlike those with `Records`."""
        return event.get("eventSource") in EVENT_SOURCES

    @cached_property
    def records(self) -> list[Any]:
        records = self.event.get("records") or {}
        if not isinstance(records, dict):
            raise self.invalid("records", f"must be an object, it is {type(records).__name__}")
        return list(chain.from_iterable(self._of_partition(*item) for item in records.items()))

    def _of_partition(self, name: str, records: object) -> Iterator[Any]:
        if not isinstance(records, list):
            raise self.invalid(f"records.{name}", f"must be a list, it is {type(records).__name__}")
        yield from records

    def resource(self, record: Record) -> object:
        return record.get("topic")

    def record_id(self, record: Record) -> object:
        return f"{record.get('partition')}@{record.get('offset')}"

    def message(self, record: Record) -> object:
        value = record.get("value")
        # A record without a value deletes its key.
        return parsed(decoded(value, "value"), "value") if value is not None else None
