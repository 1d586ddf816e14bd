"""What SNS, S3 and EventBridge push is one asynchronous invocation each."""

from __future__ import annotations

import hashlib
import json
import re

from tests.event_sources.conftest import EventSources, ScriptedFunction
from tests.support.aws import ACCOUNT, REGION, Aws

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_a_notification_of_a_topic(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    topics = aws.client("sns")
    topic = topics.create_topic(Name=name)["TopicArn"]
    event_sources({"EventSourceArn": topic})
    sent = topics.publish(
        TopicArn=topic,
        Message="hello",
        Subject="greeting",
        MessageAttributes={
            "text": {"DataType": "String", "StringValue": "Zoë"},
            "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
    )
    (event,) = function.wait_for_events(1)
    (record,) = event["Records"]
    subscription = record["EventSubscriptionArn"]
    assert subscription.startswith(f"{topic}:")
    message = record.pop("Sns")
    assert event == {
        "Records": [
            {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": subscription},
        ]
    }
    assert TIME.fullmatch(message.pop("Timestamp"))
    for key in ("Signature", "SignatureVersion", "SigningCertUrl", "UnsubscribeUrl"):
        assert message.pop(key)
    assert message == {
        "Type": "Notification",
        "MessageId": sent["MessageId"],
        "TopicArn": topic,
        "Subject": "greeting",
        "Message": "hello",
        "MessageAttributes": {
            "text": {"Type": "String", "Value": "Zoë"},
            "bytes": {"Type": "Binary", "Value": "AP8="},
        },
    }
    assert function.types == ["Event"]


def test_a_change_in_a_bucket(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    buckets = aws.client("s3")
    buckets.create_bucket(Bucket=name)
    event_sources({"EventSourceArn": f"arn:aws:s3:::{name}"})
    buckets.put_object(Bucket=name, Key="a b/ë.txt", Body=b"hello")
    function.wait_for_events(1)
    buckets.delete_object(Bucket=name, Key="a b/ë.txt")
    function.wait_for_events(2)
    (created,), (removed,) = function.batches
    for record in (created, removed):
        assert TIME.fullmatch(record.pop("eventTime"))
        assert record["s3"].pop("configurationId")
        assert record["s3"]["object"].pop("sequencer")
        assert record.pop("responseElements").keys() == {"x-amz-request-id", "x-amz-id-2"}
        owner = record["s3"]["bucket"].pop("ownerIdentity")["principalId"]
        assert record.pop("userIdentity") == {"principalId": f"AWS:{owner}"}
        assert record["s3"].pop("bucket") == {"name": name, "arn": f"arn:aws:s3:::{name}"}
    common = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
    }
    key = "a+b%2F%C3%AB.txt"
    assert created == {
        **common,
        "eventName": "ObjectCreated:Put",
        "s3": {
            "s3SchemaVersion": "1.0",
            "object": {"key": key, "size": 5, "eTag": hashlib.md5(b"hello").hexdigest()},
        },
    }
    assert removed == {
        **common,
        "eventName": "ObjectRemoved:Delete",
        "s3": {"s3SchemaVersion": "1.0", "object": {"key": key}},
    }
    assert function.types == ["Event", "Event"]


def test_an_event_of_a_bus(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    buses = aws.client("events")
    bus = buses.create_event_bus(Name=name)["EventBusArn"]
    event_sources({"EventSourceArn": bus, "EventPattern": {"source": ["weblog"]}})
    entry = {"EventBusName": name, "DetailType": "greeting", "Detail": json.dumps({"hello": "world"})}
    buses.put_events(Entries=[{**entry, "Source": "other"}])
    answer = buses.put_events(Entries=[{**entry, "Source": "weblog", "Resources": ["arn:aws:some:::thing"]}])
    (event,) = function.wait_for_events(1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event.pop("time"))
    assert event == {
        "version": "0",
        "id": answer["Entries"][0]["EventId"],
        "detail-type": "greeting",
        "source": "weblog",
        "account": ACCOUNT,
        "region": REGION,
        "resources": ["arn:aws:some:::thing"],
        "detail": {"hello": "world"},
    }
    assert function.types == ["Event"]


def test_a_message_that_cannot_be_read_does_not_end_the_source(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    topics, queues = aws.client("sns"), aws.client("sqs")
    topic = topics.create_topic(Name=name)["TopicArn"]
    process = event_sources({"EventSourceArn": topic})
    url = queues.get_queue_url(QueueName=f"event-sources-sns-{name}")["QueueUrl"]
    queues.send_message(QueueUrl=url, MessageBody="no JSON")
    process.wait_for_output("a message that is not an event")
    topics.publish(TopicArn=topic, Message="hello")
    (event,) = function.wait_for_events(1)
    assert event["Records"][0]["Sns"]["Message"] == "hello"
