"""SQS: messages of a queue, which may have come through SNS or EventBridge.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from __future__ import annotations

from collections.abc import Iterator

from app.events.triggers.messages import parsed
from app.events.triggers.records import BatchEvent, ItemFailure, Record, last_part


class Sqs(BatchEvent):
    """A batch of messages. The message is the body."""

    title = "SQS"
    source = "sqs"
    event_source = "aws:sqs"

    def resource(self, record: Record) -> str:
        return last_part(record.get("eventSourceARN"))

    def record_id(self, record: Record) -> object:
        return record.get("messageId")

    def message(self, record: Record) -> object:
        return parsed(record.get("body"), "body")

    def reported(self, failures: Iterator[tuple[int, Exception]]) -> list[ItemFailure]:
        """Every message that failed; of a FIFO queue also all behind the first one, to keep their order."""
        first_record = self.records[0]
        if not self.resource(first_record).endswith(".fifo"):
            return super().reported(failures)
        first = next(failures, None)
        return (
            [self.item(position, first[1]) for position in range(first[0], len(self.records))]
            if first
            else []
        )
