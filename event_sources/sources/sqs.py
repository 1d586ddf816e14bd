"""SQS: a queue that is polled.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
"""

from __future__ import annotations

import hashlib
import json
import struct
import time
import uuid
from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any

from event_sources import aws, times
from event_sources.arn import Arn
from event_sources.delivery import Record, parts
from event_sources.function import Function
from event_sources.mapping import Mapping
from event_sources.settings import Settings
from event_sources.sources.base import ACCOUNT, Json, Sample, Source, Stop

# SQS hands out and deletes as many messages at once.
AT_ONCE = 10


def record(message: Json, queue: Arn) -> Json:
    """The record of a message, as ReceiveMessage gives it."""
    made: Json = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": str(queue),
        "awsRegion": queue.region,
    }
    if "MD5OfMessageAttributes" in message:
        made["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return made


def _attribute(value: Json) -> Json:
    made: Json = {}
    if "StringValue" in value:
        made["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        made["binaryValue"] = b64encode(value["BinaryValue"]).decode()
    return {**made, "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}


def md5_of_attributes(attributes: Json) -> str:
    """The digest that SQS makes of message attributes.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
    """
    encoded = b""
    for name in sorted(attributes):
        value = attributes[name]
        encoded += _with_length(name.encode()) + _with_length(value["DataType"].encode())
        if "BinaryValue" in value:
            encoded += b"\x02" + _with_length(value["BinaryValue"])
        else:
            encoded += b"\x01" + _with_length(value["StringValue"].encode())
    return hashlib.md5(encoded, usedforsecurity=False).hexdigest()


def _with_length(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


class Sqs(Source):
    """A queue. What failed stays in it, and is visible again after the queue's visibility time-out."""

    service = "sqs"

    def pollers(self) -> Iterable[SqsPoller]:
        yield SqsPoller(self.mapping, self.settings, self.function, self.stop)

    @staticmethod
    def sample(sample: Sample) -> Json:
        queue = Arn("aws", "sqs", sample.region, ACCOUNT, "weblog")
        return {"Records": [record(message(sample), queue) for _ in range(sample.count)]}


def message(sample: Sample) -> Json:
    """A message as ReceiveMessage gives it."""
    attributes: Json = {
        name: {"DataType": "String", "StringValue": value} for name, value in sample.attributes.items()
    }
    if sample.context:
        attributes["_datadog"] = {"DataType": "String", "StringValue": json.dumps(sample.context)}
    now = str(times.epoch_milliseconds(times.now()))
    made: Json = {
        "MessageId": str(uuid.uuid4()),
        "ReceiptHandle": b64encode(uuid.uuid4().bytes * 8).decode(),
        "Body": sample.body,
        "MD5OfBody": hashlib.md5(sample.body.encode(), usedforsecurity=False).hexdigest(),
        "Attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": now,
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": now,
        },
    }
    if attributes:
        made["MessageAttributes"] = attributes
        made["MD5OfMessageAttributes"] = md5_of_attributes(attributes)
    return made


class SqsPoller:
    """Receives batches from one queue."""

    def __init__(self, mapping: Mapping, settings: Settings, function: Function, stop: Stop) -> None:
        self.name = str(mapping.source)
        self.mapping = mapping
        self.function = function
        self.stop = stop
        self.client = aws.client(settings, "sqs")
        self._url: str | None = None

    @property
    def url(self) -> str:
        """The queue's URL, asked for once."""
        if self._url is None:
            self._url = str(self.client.get_queue_url(QueueName=self.mapping.source.name)["QueueUrl"])
        return self._url

    def poll(self) -> bool:
        batch = self._collect()
        if not batch:
            return False
        records = {found["MessageId"]: record(found, self.mapping.source) for found in batch}
        passing = [
            Record(made, name, 0)
            for name, made in records.items()
            if self.mapping.filters.match(made, content="body")
        ]
        # What passes no filter is deleted, as if it had been handled.
        self._delete(records[name] for name in records.keys() - {kept.identifier for kept in passing})
        for part in parts(passing):
            self._deliver(part)
        return True

    def _collect(self) -> list[Json]:
        """Messages until the batch is full or the window is over; nothing after a second without any."""
        batch: list[Json] = self._receive(self.mapping.batch_size, wait=1)
        end = time.monotonic() + self.mapping.window
        while batch and len(batch) < self.mapping.batch_size and not self.stop.is_set():
            left = end - time.monotonic()
            if left <= 0:
                break
            found = self._receive(self.mapping.batch_size - len(batch), wait=1 if left >= 1 else 0)
            batch += found
            if not found:
                self.stop.wait(min(left, 0.05))
        return batch

    def _receive(self, count: int, *, wait: int) -> list[Json]:
        answer: Any = self.client.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=min(count, AT_ONCE),
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        found: list[Json] = answer.get("Messages", [])
        return found

    def _deliver(self, part: Sequence[Record]) -> None:
        answer = self.function.invoke({"Records": [item.event for item in part]})
        failed = answer.failed(
            [item.identifier for item in part], report_failures=self.mapping.report_failures
        )
        self._delete(item.event for item in part if item.identifier not in failed)

    def _delete(self, records: Iterable[Json]) -> None:
        entries = [
            {"Id": str(number), "ReceiptHandle": item["receiptHandle"]} for number, item in enumerate(records)
        ]
        for start in range(0, len(entries), AT_ONCE):
            self.client.delete_message_batch(QueueUrl=self.url, Entries=entries[start : start + AT_ONCE])
