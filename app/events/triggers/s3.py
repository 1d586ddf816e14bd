"""S3: notifications of a bucket.

https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html
"""

from __future__ import annotations

from urllib.parse import unquote_plus

from app.events.triggers.messages import parsed
from app.events.triggers.records import Record, RecordsEvent, part


class S3(RecordsEvent):
    """What happened to objects. The event has nothing of an object's content, so its key is the message."""

    title = "S3"
    source = "s3"
    event_source = "aws:s3"

    def resource(self, record: Record) -> object:
        return part(record, "s3", "bucket", "name")

    def record_id(self, record: Record) -> object:
        """The object's key, which is URL-encoded in the event."""
        key = part(record, "s3", "object", "key")
        return unquote_plus(key) if isinstance(key, str) else key

    def message(self, record: Record) -> object:
        return parsed(self.record_id(record), "s3.object.key")
