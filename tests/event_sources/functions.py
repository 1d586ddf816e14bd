"""The weblog, except that an HTTP request has it send one message to a source."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3

from app.handler import lambda_handler

BODY = json.dumps({"hello": "world"})


def _sqs(name: str) -> None:
    client = boto3.client("sqs")
    client.send_message(QueueUrl=client.get_queue_url(QueueName=name)["QueueUrl"], MessageBody=BODY)


def _sns(name: str) -> None:
    boto3.client("sns").publish(TopicArn=f"arn:aws:sns:us-east-1:123456789012:{name}", Message=BODY)


def _kinesis(name: str) -> None:
    boto3.client("kinesis").put_record(StreamName=name, Data=BODY, PartitionKey="key")


def _eventbridge(name: str) -> None:
    entry = {"EventBusName": name, "Source": "weblog", "DetailType": "greeting", "Detail": BODY}
    boto3.client("events").put_events(Entries=[entry])


def _s3(name: str) -> None:
    boto3.client("s3").put_object(Bucket=name, Key="hello.txt", Body=BODY.encode())


def _dynamodb(name: str) -> None:
    # An update names the key. Of a put the tracer does not know which attributes are the key, unless
    # DD_BOTOCORE_DYNAMODB_TABLE_PRIMARY_KEYS says so.
    boto3.client("dynamodb").update_item(
        TableName=name,
        Key={"id": {"S": "one"}},
        UpdateExpression="SET hello = :world",
        ExpressionAttributeValues={":world": {"S": "world"}},
    )


PRODUCERS: dict[str, Callable[[str], None]] = {
    "sqs": _sqs,
    "sns": _sns,
    "kinesis": _kinesis,
    "eventbridge": _eventbridge,
    "s3": _s3,
    "dynamodb": _dynamodb,
}


def handler(event: dict[str, Any], context: object) -> Any:
    """For `GET /SOURCE/NAME` send one message to the resource of that name."""
    if "path" not in event:
        return lambda_handler(event, context)
    _, source, name = event["path"].split("/")
    PRODUCERS[source](name)
    return {"statusCode": 200, "body": "sent"}
