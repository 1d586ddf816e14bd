"""The event sources, one module each, and one list.

A new source is one module, its entries in `SOURCES` and `SAMPLES`, and its fields in
`event_sources.mapping.FIELDS`.
"""

from __future__ import annotations

from collections.abc import Callable

from event_sources.sources.base import Json, Sample, SampleError, Source
from event_sources.sources.dynamodb import DynamoDb
from event_sources.sources.eventbridge import EventBridge
from event_sources.sources.kinesis import Kinesis
from event_sources.sources.s3 import S3
from event_sources.sources.sns import Sns
from event_sources.sources.sqs import Sqs
from event_sources.sources.through_sqs import eventbridge_through_sqs, sns_through_sqs

__all__ = ["BY_SERVICE", "SAMPLES", "Sample", "SampleError", "Source"]

SOURCES: tuple[type[Source], ...] = (Sqs, Sns, S3, Kinesis, DynamoDb, EventBridge)

BY_SERVICE = {source.service: source for source in SOURCES}
"""By the service in the ARN of a mapping."""

SAMPLES: dict[str, Callable[[Sample], Json]] = {
    "sqs": Sqs.sample,
    "sqs-sns": sns_through_sqs,
    "sqs-eventbridge": eventbridge_through_sqs,
    "sns": Sns.sample,
    "s3": S3.sample,
    "kinesis": Kinesis.sample,
    "dynamodb": DynamoDb.sample,
    "eventbridge": EventBridge.sample,
}
"""What makes a sample event, by the name that the command `sample` takes."""
