"""What Kinesis and DynamoDB streams have in common: shards that are read in order, and never deleted from.

https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
"""

from __future__ import annotations

import hashlib
import logging
import time
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from botocore.exceptions import BotoCoreError, ClientError

from event_sources import times
from event_sources.delivery import Delivery, Record
from event_sources.destinations import Destination, failure_record
from event_sources.function import Answer, Function, NotInvokedError
from event_sources.mapping import Mapping
from event_sources.settings import Settings
from event_sources.sources.base import Json, Source, Stop

log = logging.getLogger("event_sources")

LONGEST_PAUSE = 60
FUNCTION_ARN = "arn:aws:lambda:{region}:012345678912:function:{name}"


@dataclass(frozen=True)
class Read:
    """A record that was read from a shard, with what decides where it goes."""

    record: Record
    order_key: str
    """Records of the same key stay in order, however many batches are under way."""
    content: str | None
    """What a filter of the record's content is compared with."""
    fields: Json
    """What a filter of the other fields is compared with."""
    time: datetime


class Stream(Source):
    """A stream. A poller reads one shard, or the part of its keys that its lane has."""

    grows = True
    batch_name: ClassVar[str]
    """The key of the batch's description in an on-failure record."""
    content_key: ClassVar[str | None] = None
    """The key in filters of the record's content."""

    def __init__(self, mapping: Mapping, settings: Settings, function: Function, stop: Stop) -> None:
        super().__init__(mapping, settings, function, stop)
        self.destination = Destination(settings, mapping.on_failure) if mapping.on_failure else None
        self._known: dict[str, ShardPoller] = {}
        self._started = False

    def pollers(self) -> Iterable[ShardPoller]:
        for shard in self.shards():
            for lane in range(self.mapping.parallel):
                name = f"{self.mapping.source} {shard} {lane}"
                if name not in self._known:
                    # In a shard that appears later everything is new.
                    position = "TRIM_HORIZON" if self._started else self.mapping.starting_position
                    self._known[name] = ShardPoller(self, name, shard, lane, position)
        self._started = True
        return list(self._known.values())

    @property
    @abstractmethod
    def arn(self) -> str:
        """The ARN of the stream itself."""

    @abstractmethod
    def shards(self) -> list[str]:
        """The ids of the shards."""

    @abstractmethod
    def iterator(self, shard: str, position: str, after: str | None) -> str:
        """A shard iterator; `after` is the sequence number for the position AFTER_SEQUENCE_NUMBER."""

    @abstractmethod
    def read(self, shard: str, iterator: str, limit: int) -> tuple[list[Read], str | None]:
        """Records from there on, and the next iterator; None at the end of a closed shard."""


class ShardPoller:
    """Reads one shard and delivers its records, batch after batch."""

    def __init__(self, stream: Stream, name: str, shard: str, lane: int, position: str) -> None:
        self.name = name
        self.stream = stream
        self.mapping = stream.mapping
        self.shard = shard
        self.lane = lane
        self._position = position
        self._after: str | None = None
        self._iterator: str | None = None
        self._closed = False
        self._error: str | None = None
        self._times: dict[str, datetime] = {}
        # The iterator of LATEST is where the stream ends now, not at the first poll.
        if position == "LATEST":
            self._renew()

    def poll(self) -> bool:
        place = self._position, self._after, self._iterator, self._closed
        try:
            return self._poll()
        except Exception:
            # What was read and not delivered is read again.
            self._position, self._after, self._iterator, self._closed = place
            raise

    def _poll(self) -> bool:
        batch = self._collect()
        if not batch:
            return False
        self._times = {found.record.identifier: found.time for found in batch}
        delivery = Delivery(self.mapping, self._invoke, self._give_up, self._pause, time.time)
        delivery.deliver([found.record for found in batch])
        return True

    def _collect(self) -> list[Read]:
        """Records that pass the filters, until the batch is full or the window is over."""
        batch = self._read(self.mapping.batch_size)
        end = time.monotonic() + self.mapping.window
        while batch and len(batch) < self.mapping.batch_size and not self._closed:
            if time.monotonic() >= end or self.stream.stop.wait(0.05):
                break
            batch += self._read(self.mapping.batch_size - len(batch))
        return batch

    def _read(self, limit: int) -> list[Read]:
        if self._closed:
            return []
        if self._iterator is None:
            self._renew()
        try:
            found, following = self.stream.read(self.shard, str(self._iterator), limit)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExpiredIteratorException":
                raise
            self._iterator = None
            return []
        self._iterator, self._closed = following, following is None
        if found:
            self._position, self._after = "AFTER_SEQUENCE_NUMBER", found[-1].record.identifier
        return [item for item in found if self._is_mine(item) and self._passes(item)]

    def _renew(self) -> None:
        self._iterator = self.stream.iterator(self.shard, self._position, self._after)

    def _is_mine(self, found: Read) -> bool:
        digest = hashlib.md5(found.order_key.encode(), usedforsecurity=False).digest()
        return int.from_bytes(digest, "big") % self.mapping.parallel == self.lane

    def _passes(self, found: Read) -> bool:
        content = self.stream.content_key
        fields = found.fields if content is None else {**found.fields, content: found.content}
        return self.mapping.filters.match(fields, content=content)

    def _invoke(self, records: Sequence[Record]) -> Answer:
        """Invoke; where the Invoke API cannot be reached, wait: that is not the records' fault."""
        complained = False
        while True:
            try:
                answer = self.stream.function.invoke({"Records": [record.event for record in records]})
            except NotInvokedError as error:
                if not complained:
                    log.warning("%s: %s", self.name, error)
                    complained = True
                if self.stream.stop.wait(self.stream.settings.retry_seconds):
                    raise
                continue
            self._error = answer.error
            return answer

    def _pause(self, failures: int) -> bool:
        seconds = min(self.stream.settings.retry_seconds * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
        return not self.stream.stop.wait(seconds if failures else 0)

    def _give_up(self, records: Sequence[Record], condition: str, invocations: int) -> None:
        log.warning("%s: %d records given up: %s", self.name, len(records), condition)
        if self.stream.destination is None:
            return
        first, last = records[0].identifier, records[-1].identifier
        batch = {
            "shardId": self.shard,
            "startSequenceNumber": first,
            "endSequenceNumber": last,
            "approximateArrivalOfFirstRecord": times.in_milliseconds(self._times[first]),
            "approximateArrivalOfLastRecord": times.in_milliseconds(self._times[last]),
            "batchSize": len(records),
            "streamArn": self.stream.arn,
        }
        function = FUNCTION_ARN.format(region=self.mapping.source.region, name=self.stream.function.name)
        record = failure_record(
            function_arn=function,
            condition=condition,
            invocations=invocations,
            error=self._error,
            batch_name=self.stream.batch_name,
            batch=batch,
        )
        events = [item.event for item in records]
        try:
            self.stream.destination.send(record, mapping=self.mapping.uuid, shard=self.shard, events=events)
        except (BotoCoreError, ClientError) as error:
            # The records that follow must not be lost as well.
            log.warning("%s: cannot tell that a batch was given up: %s", self.name, error)
