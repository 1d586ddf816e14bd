"""On-failure destinations: where the record goes that tells which batch was given up.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from event_sources import aws, times
from event_sources.arn import Arn
from event_sources.settings import Settings

Json = dict[str, Any]


def failure_record(
    *, function_arn: str, condition: str, invocations: int, error: str | None, batch_name: str, batch: Json
) -> Json:
    """The record; `batch_name` is `KinesisBatchInfo` or `DDBStreamBatchInfo`.

    `error` is the kind of the last invocation's error; without one `responseContext` says none.
    """
    response: Json = {"statusCode": 200, "executedVersion": "$LATEST"}
    if error:
        response["functionError"] = error
    return {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": function_arn,
            "condition": condition,
            "approximateInvokeCount": invocations,
        },
        # Where the function was never invoked, there is no response to tell about.
        **({"responseContext": response} if invocations else {}),
        "version": "1.0",
        "timestamp": times.in_milliseconds(times.now()),
        batch_name: batch,
    }


class Destination:
    """An SQS queue, an SNS topic or an S3 bucket."""

    def __init__(self, settings: Settings, arn: Arn) -> None:
        self.arn = arn
        self.client = aws.client(settings, arn.service)

    def send(self, record: Json, *, mapping: str, shard: str, events: list[Json]) -> None:
        """Send the record; to a bucket with the events that were given up, as the object's `payload`."""
        if self.arn.service == "sqs":
            url = self.client.get_queue_url(QueueName=self.arn.name)["QueueUrl"]
            self.client.send_message(QueueUrl=url, MessageBody=json.dumps(record))
        elif self.arn.service == "sns":
            self.client.publish(TopicArn=str(self.arn), Message=json.dumps(record))
        else:
            now = times.now()
            name = f"{now:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
            self.client.put_object(
                Bucket=self.arn.name,
                Key=f"aws/lambda/{mapping}/{shard}/{now:%Y/%m/%d}/{name}",
                Body=json.dumps({**record, "payload": json.dumps({"Records": events})}).encode(),
            )
