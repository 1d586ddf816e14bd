"""Kinesis: records of a data stream.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
"""

from __future__ import annotations

from app.events.triggers.messages import decoded, parsed
from app.events.triggers.records import Record, StreamEvent, last_part, part


class Kinesis(StreamEvent):
    """A batch of one shard. The message is the data, in base64."""

    title = "Kinesis"
    source = "kinesis"
    event_source = "aws:kinesis"

    def resource(self, record: Record) -> str:
        return last_part(record.get("eventSourceARN"), "/")

    def record_id(self, record: Record) -> object:
        return part(record, "kinesis", "sequenceNumber")

    def message(self, record: Record) -> object:
        return parsed(decoded(part(record, "kinesis", "data"), "kinesis.data"), "kinesis.data")
