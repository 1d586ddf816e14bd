"""SNS: notifications of a topic.

https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
"""

from __future__ import annotations

from app.events.triggers.messages import parsed
from app.events.triggers.records import Record, RecordsEvent, last_part, part


class Sns(RecordsEvent):
    """Notifications, one an event in practice. The message is `Sns.Message`."""

    title = "SNS"
    source = "sns"
    event_source = "aws:sns"

    def resource(self, record: Record) -> str:
        return last_part(part(record, "Sns", "TopicArn"))

    def record_id(self, record: Record) -> object:
        return part(record, "Sns", "MessageId")

    def message(self, record: Record) -> object:
        return parsed(part(record, "Sns", "Message"), "Sns.Message")
