"""Kinesis: a stream that is polled.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
"""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from functools import cached_property

from event_sources import aws, times
from event_sources.arn import Arn
from event_sources.delivery import Record
from event_sources.sources.base import ACCOUNT, Json, Sample
from event_sources.sources.stream import Read, Stream


def record(found: Json, stream: Arn, shard: str) -> Json:
    """The record of one that GetRecords gives."""
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": found["PartitionKey"],
            "sequenceNumber": found["SequenceNumber"],
            "data": b64encode(found["Data"]).decode(),
            "approximateArrivalTimestamp": round(found["ApproximateArrivalTimestamp"].timestamp(), 3),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard}:{found['SequenceNumber']}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:{stream.partition}:iam::{stream.account}:role/weblog",
        "awsRegion": stream.region,
        "eventSourceARN": str(stream),
    }


class Kinesis(Stream):
    """A data stream."""

    service = "kinesis"
    batch_name = "KinesisBatchInfo"
    content_key = "data"

    @cached_property
    def client(self) -> aws.Client:
        """The client of Kinesis."""
        return aws.client(self.settings, "kinesis")

    @property
    def arn(self) -> str:
        return str(self.mapping.source)

    def shards(self) -> list[str]:
        return [shard["ShardId"] for shard in self.client.list_shards(StreamARN=self.arn)["Shards"]]

    def iterator(self, shard: str, position: str, after: str | None) -> str:
        where = {"StartingSequenceNumber": after} if after else {}
        answer = self.client.get_shard_iterator(
            StreamARN=self.arn, ShardId=shard, ShardIteratorType=position, **where
        )
        return str(answer["ShardIterator"])

    def read(self, shard: str, iterator: str, limit: int) -> tuple[list[Read], str | None]:
        answer = self.client.get_records(StreamARN=self.arn, ShardIterator=iterator, Limit=limit)
        return [self._read(found, shard) for found in answer["Records"]], answer.get("NextShardIterator")

    def _read(self, found: Json, shard: str) -> Read:
        made = record(found, self.mapping.source, shard)
        arrival = found["ApproximateArrivalTimestamp"]
        return Read(
            record=Record(made, found["SequenceNumber"], arrival.timestamp()),
            order_key=found["PartitionKey"],
            content=found["Data"].decode(errors="replace"),
            fields=made["kinesis"],
            time=arrival,
        )

    @staticmethod
    def sample(sample: Sample) -> Json:
        sample.refuse("kinesis", attributes=True)
        body = json.dumps(sample.json_object("with --trace-id the data")) if sample.context else sample.body
        stream = Arn("aws", "kinesis", sample.region, ACCOUNT, "stream/weblog")
        start = 49590338271490256608559692538361571095921575989136588898 + secrets.randbits(64)
        records = [
            {
                "PartitionKey": "weblog",
                "SequenceNumber": str(start + number),
                "Data": body.encode(),
                "ApproximateArrivalTimestamp": times.now(),
            }
            for number in range(sample.count)
        ]
        return {"Records": [record(found, stream, "shardId-000000000000") for found in records]}
