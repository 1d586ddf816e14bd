"""DynamoDB: the stream of a table's changes, which is polled.

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from decimal import Decimal
from functools import cached_property

from boto3.dynamodb.types import TypeSerializer

from event_sources import aws, times
from event_sources.arn import Arn
from event_sources.delivery import Record
from event_sources.sources.base import ACCOUNT, Json, Sample, SampleError
from event_sources.sources.stream import Read, Stream

# GetRecords of DynamoDB streams gives no more at once.
AT_ONCE = 1000


def record(found: Json, stream: Arn) -> Json:
    """The record of one that GetRecords gives."""
    change = found["dynamodb"]
    return {
        "eventID": found["eventID"],
        "eventName": found["eventName"],
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": stream.region,
        "dynamodb": {
            **{name: _in_json(value) for name, value in change.items()},
            "ApproximateCreationDateTime": int(change["ApproximateCreationDateTime"].timestamp()),
        },
        "eventSourceARN": str(stream),
    }


def _in_json(value: object) -> object:
    """Binary values in base64, as typed JSON has them."""
    if isinstance(value, dict):
        return {key: _in_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_in_json(item) for item in value]
    return b64encode(value).decode() if isinstance(value, bytes | bytearray) else value


class DynamoDb(Stream):
    """The stream of a table. The mapping may name the stream, or the table: then its newest stream."""

    service = "dynamodb"
    batch_name = "DDBStreamBatchInfo"

    @cached_property
    def client(self) -> aws.Client:
        """The client of DynamoDB's streams."""
        return aws.client(self.settings, "dynamodbstreams")

    @cached_property
    def arn(self) -> str:
        source = self.mapping.source
        if "/stream/" in source.resource:
            return str(source)
        table = aws.client(self.settings, "dynamodb").describe_table(TableName=source.name)["Table"]
        if "LatestStreamArn" not in table:
            raise LookupError(f"the table {source.name} has no stream")
        return str(table["LatestStreamArn"])

    def shards(self) -> list[str]:
        description = self.client.describe_stream(StreamArn=self.arn)["StreamDescription"]
        return [shard["ShardId"] for shard in description["Shards"]]

    def iterator(self, shard: str, position: str, after: str | None) -> str:
        where = {"SequenceNumber": after} if after else {}
        answer = self.client.get_shard_iterator(
            StreamArn=self.arn, ShardId=shard, ShardIteratorType=position, **where
        )
        return str(answer["ShardIterator"])

    def read(self, shard: str, iterator: str, limit: int) -> tuple[list[Read], str | None]:
        answer = self.client.get_records(ShardIterator=iterator, Limit=min(limit, AT_ONCE))
        return [self._read(found) for found in answer["Records"]], answer.get("NextShardIterator")

    def _read(self, found: Json) -> Read:
        made = record(found, Arn.parse(self.arn))
        change = found["dynamodb"]
        created = change["ApproximateCreationDateTime"]
        return Read(
            record=Record(made, change["SequenceNumber"], created.timestamp()),
            order_key=json.dumps(made["dynamodb"]["Keys"], sort_keys=True),
            content=None,
            fields=made,
            time=created,
        )

    @staticmethod
    def sample(sample: Sample) -> Json:
        sample.refuse("dynamodb", context=True, attributes=True)
        image = _typed(sample)
        table = Arn("aws", "dynamodb", sample.region, ACCOUNT, "table/weblog")
        stream = Arn(**{**table.__dict__, "resource": f"{table.resource}/stream/2026-01-01T00:00:00.000"})
        start = 111 + secrets.randbits(64)
        records = [
            {
                "eventID": secrets.token_hex(16),
                "eventName": "INSERT",
                "dynamodb": {
                    "ApproximateCreationDateTime": times.now(),
                    "Keys": {"id": image["id"]},
                    "NewImage": image,
                    "SequenceNumber": str(start + number),
                    "SizeBytes": len(json.dumps(image)),
                    "StreamViewType": "NEW_AND_OLD_IMAGES",
                },
            }
            for number in range(sample.count)
        ]
        return {"Records": [record(found, stream) for found in records]}


def _typed(sample: Sample) -> Json:
    """The body as an item in typed JSON; its key is `id`."""
    item = sample.json_object("an item")
    # DynamoDB knows decimal numbers, and no binary ones.
    item = json.loads(json.dumps(item), parse_float=Decimal)
    item.setdefault("id", secrets.token_hex(8))
    if not isinstance(item["id"], str):
        raise SampleError(f"--body: the item's key id is {item['id']!r}; valid is a string")
    serializer = TypeSerializer()
    return {name: serializer.serialize(value) for name, value in item.items()}
