"""CloudWatch Logs: log lines that a subscription filter passes on.

https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html
"""

from __future__ import annotations

import json
import zlib
from base64 import b64decode
from functools import cached_property
from typing import Any

from app.events.base import Event
from app.events.triggers.messages import parsed
from app.events.triggers.records import Record, RecordsEvent


class CloudWatchLogs(RecordsEvent):
    """Lines of one log group, packed into one string. The message is the line."""

    title = "CloudWatch Logs"
    source = "cloudwatch_logs"

    @staticmethod
    def matches(event: Event) -> bool:
        """The one key `awslogs`."""
        return "awslogs" in event

    @cached_property
    def data(self) -> dict[str, Any]:
        """What is packed in `awslogs.data`: base64 of gzip of JSON."""
        logs = self.event["awslogs"]
        packed = logs.get("data") if isinstance(logs, dict) else None
        if not isinstance(packed, str):
            raise self.invalid("awslogs.data", f"must be a string, it is {type(packed).__name__}")
        try:
            # 31: with a header of gzip.
            data = json.loads(zlib.decompress(b64decode(packed, validate=True), 31))
        except (ValueError, zlib.error, RecursionError) as error:
            raise self.invalid("awslogs.data", f"is not base64 of gzip of JSON: {error}") from None
        if not isinstance(data, dict):
            raise self.invalid("awslogs.data", f"must hold an object, it is {type(data).__name__}")
        return data

    @cached_property
    def records(self) -> list[Any]:
        lines = self.data.get("logEvents")
        if lines is not None and not isinstance(lines, list):
            raise self.invalid("awslogs.data", f"must have a list logEvents, it is {type(lines).__name__}")
        return lines or []

    def resource(self, record: Record) -> object:
        return self.data.get("logGroup")

    def record_id(self, record: Record) -> object:
        return record.get("id")

    def message(self, record: Record) -> object:
        return parsed(record.get("message"), "message")
