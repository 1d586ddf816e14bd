"""Amazon Kinesis."""

from __future__ import annotations

import json
import time
from contextlib import suppress

from app.clients.aws import AwsClient, aws_errors, client
from app.clients.errors import ServiceError
from app.clients.waiting import until

_PAUSE = 0.25
"""Seconds between two readings: Kinesis allows five a second."""


def produce(url: str | None, stream: str, message: str, seconds: float) -> None:
    """Put a record, the JSON `{"message": ...}`, into the stream, which is made if it is not there."""
    with aws_errors():
        kinesis = client("kinesis", url)
        arn = _stream_arn(kinesis, stream, seconds)
        # JSON, because the tracer writes its context into the object. The span's tag has the stream's name,
        # and the checkpoint of Data Streams its ARN.
        data = json.dumps({"message": message})
        kinesis.put_record(StreamName=stream, StreamARN=arn, Data=data, PartitionKey="1")


def consume(url: str | None, stream: str, message: str | None, seconds: float) -> str:
    """Read the stream from its beginning until this message comes (any, for None), and return its text.

    Raises ServiceError after so many seconds.
    """
    with aws_errors():
        kinesis = client("kinesis", url)
        arn = _stream_arn(kinesis, stream, seconds)
        (shard,) = kinesis.list_shards(StreamARN=arn)["Shards"]
        place = {"ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = kinesis.get_shard_iterator(StreamARN=arn, **place)["ShardIterator"]
        for _ in until(seconds):
            answer = kinesis.get_records(StreamARN=arn, ShardIterator=iterator)
            for record in answer["Records"]:
                text = str(json.loads(record["Data"]).get("message"))
                if message in (None, text):
                    return text
            iterator = answer["NextShardIterator"]
            time.sleep(_PAUSE)
    raise ServiceError(f"the stream {stream} had no such record within {seconds} s")


def _stream_arn(kinesis: AwsClient, stream: str, seconds: float) -> str:
    with suppress(kinesis.exceptions.ResourceInUseException):  # it is there
        kinesis.create_stream(StreamName=stream, ShardCount=1)
    for _ in until(seconds):
        description = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
        if description["StreamStatus"] == "ACTIVE":
            return str(description["StreamARN"])
        time.sleep(_PAUSE)
    raise ServiceError(f"the stream {stream} was not ready within {seconds} s")
