"""DynamoDB Streams: changes of a table's items.

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

from app.events.triggers.messages import BrokenRecord
from app.events.triggers.records import Record, StreamEvent, part


class DynamoDb(StreamEvent):
    """A batch of one shard. The message is the item as it is now (`NewImage`), where the stream has it."""

    title = "DynamoDB Streams"
    source = "dynamodb"
    event_source = "aws:dynamodb"

    def resource(self, record: Record) -> str:
        """The table: `arn:aws:dynamodb:<region>:<account>:table/<table>/stream/<time>`."""
        arn = record.get("eventSourceARN")
        words = arn.split("/") if isinstance(arn, str) else []
        return words[1] if len(words) > 1 else "unknown"

    def record_id(self, record: Record) -> object:
        return part(record, "dynamodb", "SequenceNumber")

    def message(self, record: Record) -> object:
        image = part(record, "dynamodb", "NewImage")
        return plain({"M": image}) if image is not None else None


def plain(attribute: object) -> object:
    """An attribute value such as `{"S": "text"}` without its type; raises BrokenRecord for a broken one."""
    if not isinstance(attribute, dict) or len(attribute) != 1:
        raise BrokenRecord(f"an attribute must be an object with one type, it is {attribute!r:.80}")
    ((kind, value),) = attribute.items()
    if kind == "M" and isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if kind == "L" and isinstance(value, list):
        return [plain(member) for member in value]
    if kind == "N" and isinstance(value, str):
        try:
            return float(value) if set(value) & set(".eE") else int(value)
        except ValueError:
            raise BrokenRecord(f"an attribute of type N must be a number, it is {value!r:.80}") from None
    if kind == "NULL":
        return None
    return value
