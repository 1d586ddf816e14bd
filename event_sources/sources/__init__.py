"""The event sources, one module each, and one list.

A new source is one module, its entry in `SOURCES`, and its fields in `event_sources.mapping.FIELDS`.
"""

from __future__ import annotations

from event_sources.sources.base import Sample, SampleError, Source
from event_sources.sources.dynamodb import DynamoDb
from event_sources.sources.eventbridge import EventBridge
from event_sources.sources.kinesis import Kinesis
from event_sources.sources.s3 import S3
from event_sources.sources.sns import Sns
from event_sources.sources.sqs import Sqs

__all__ = ["BY_SERVICE", "SOURCES", "Sample", "SampleError", "Source"]

SOURCES: dict[str, type[Source]] = {
    "sqs": Sqs,
    "sns": Sns,
    "s3": S3,
    "kinesis": Kinesis,
    "dynamodb": DynamoDb,
    "eventbridge": EventBridge,
}
"""By the names that the command `sample` takes."""

BY_SERVICE = {source.service: source for source in SOURCES.values()}
