"""A queue's messages reach the function, and what fails comes again.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from tests.event_sources.conftest import EventSources, FunctionError, Json, ScriptedFunction
from tests.support.aws import ACCOUNT, REGION, Aws
from tests.support.processes import wait_for

PARTIAL = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


class Queue:
    """A queue of the test's own."""

    def __init__(self, aws: Aws, name: str, **attributes: str) -> None:
        self.client = aws.client("sqs")
        self.url = self.client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def send(self, *bodies: str, **more: Any) -> None:
        """Send all of them at once, so that one batch holds them."""
        entries = [{"Id": str(number), "MessageBody": body, **more} for number, body in enumerate(bodies)]
        answer = self.client.send_message_batch(QueueUrl=self.url, Entries=entries)
        assert not answer.get("Failed"), answer

    @property
    def count(self) -> int:
        """How many messages are in it, those under way included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(int(found[attribute]) for attribute in names)

    def wait_until_empty(self) -> None:
        wait_for(lambda: self.count == 0, what="an empty queue")


def bodies(batch: Sequence[Json]) -> list[str]:
    return [record["body"] for record in batch]


def failures(batch: Sequence[Json], *failing: str) -> Json:
    return {
        "batchItemFailures": [
            {"itemIdentifier": record["messageId"]} for record in batch if record["body"] in failing
        ]
    }


def test_the_event_has_the_shape_of_aws(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    queue = Queue(aws, name)
    sent = queue.client.send_message(
        QueueUrl=queue.url,
        MessageBody="hello",
        MessageAttributes={
            "text": {"DataType": "String", "StringValue": "Zoë"},
            "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
    )
    event_sources({"EventSourceArn": queue.arn})
    (event,) = function.wait_for_events(1)
    (record,) = event["Records"]
    assert record.pop("receiptHandle")
    times = {
        key: record["attributes"].pop(key) for key in ("SentTimestamp", "ApproximateFirstReceiveTimestamp")
    }
    assert all(value.isdigit() and len(value) == 13 for value in times.values()), times
    assert record.pop("attributes").keys() == {"ApproximateReceiveCount", "SenderId"}
    assert event == {"Records": [record]}
    assert record == {
        "messageId": sent["MessageId"],
        "body": "hello",
        "messageAttributes": {
            "text": {
                "stringValue": "Zoë",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            },
            "bytes": {
                "binaryValue": "AP8=",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "Binary",
            },
        },
        "md5OfBody": hashlib.md5(b"hello").hexdigest(),
        "md5OfMessageAttributes": sent["MD5OfMessageAttributes"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.arn,
        "awsRegion": REGION,
    }
    assert function.types == ["RequestResponse"]
    queue.wait_until_empty()


def test_only_what_failed_comes_again(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    queue = Queue(aws, name, VisibilityTimeout="1")
    function.answer = lambda event: failures(event["Records"], "b") if len(event["Records"]) > 1 else None
    queue.send("a", "b", "c")
    event_sources({"EventSourceArn": queue.arn, **PARTIAL})
    function.wait_for_events(2)
    queue.wait_until_empty()
    assert [bodies(batch) for batch in function.batches] == [["a", "b", "c"], ["b"]]
    assert function.batches[1][0]["attributes"]["ApproximateReceiveCount"] == "2"


def test_without_report_failures_all_come_again(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    def fail_once(event: Json) -> None:
        if not function.events:
            raise FunctionError("poison")

    queue = Queue(aws, name, VisibilityTimeout="1")
    function.answer = fail_once
    queue.send("a", "b")
    event_sources({"EventSourceArn": queue.arn})
    function.wait_for_events(2)
    queue.wait_until_empty()
    assert [bodies(batch) for batch in function.batches] == [["a", "b"], ["a", "b"]]


def test_a_poison_message_goes_to_the_dead_letter_queue(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    dead_letters = Queue(aws, f"{name}-dead")
    redrive = json.dumps({"deadLetterTargetArn": dead_letters.arn, "maxReceiveCount": 2})
    queue = Queue(aws, name, VisibilityTimeout="1", RedrivePolicy=redrive)
    function.answer = lambda event: failures(event["Records"], "poison")
    queue.send("good", "poison")
    event_sources({"EventSourceArn": queue.arn, **PARTIAL})
    wait_for(lambda: dead_letters.count == 1, what="the message in the dead-letter queue")
    assert [bodies(batch) for batch in function.batches] == [["good", "poison"], ["poison"]]
    (message,) = dead_letters.client.receive_message(QueueUrl=dead_letters.url)["Messages"]
    assert message["Body"] == "poison"
    queue.wait_until_empty()


def test_filters(aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction) -> None:
    queue = Queue(aws, name)
    queue.send('{"kind": "order"}', '{"kind": "refund"}', "no JSON", '{"kind": ["order", "gift"]}')
    filters = {"Filters": [{"Pattern": json.dumps({"body": {"kind": ["order"]}})}]}
    event_sources({"EventSourceArn": queue.arn, "FilterCriteria": filters})
    function.wait_for_events(1)
    queue.wait_until_empty()
    assert [bodies(batch) for batch in function.batches] == [
        ['{"kind": "order"}', '{"kind": ["order", "gift"]}']
    ]


def test_a_batch_waits_for_its_window(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    # The window is so long that only the full batch can end it.
    queue = Queue(aws, name)
    event_sources({"EventSourceArn": queue.arn, "BatchSize": 12, "MaximumBatchingWindowInSeconds": 300})
    queue.send(*"abcdefghij")
    queue.send("k")
    assert function.events == []
    queue.send("l")
    function.wait_for_events(1)
    assert [sorted(bodies(batch)) for batch in function.batches] == [list("abcdefghijkl")]


def test_a_window_ends(aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction) -> None:
    queue = Queue(aws, name)
    queue.send("a")
    event_sources({"EventSourceArn": queue.arn, "MaximumBatchingWindowInSeconds": 1})
    function.wait_for_events(1)
    assert [bodies(batch) for batch in function.batches] == [["a"]]


def test_a_message_group_keeps_its_order(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    queue = Queue(
        aws, f"{name}.fifo", VisibilityTimeout="1", FifoQueue="true", ContentBasedDeduplication="true"
    )
    function.answer = lambda event: failures(event["Records"], "a") if len(function.events) < 2 else None
    queue.send("a", "b", "c", MessageGroupId="one")
    # One at a time: moto gives out a batch that came back in another order (docs/event-sources.md).
    event_sources({"EventSourceArn": queue.arn, "BatchSize": 1, **PARTIAL})
    queue.wait_until_empty()
    assert [body for batch in function.batches for body in bodies(batch)] == ["a", "a", "a", "b", "c"]
    assert function.batches[0][0]["attributes"]["MessageGroupId"] == "one"


def test_batches_of_at_most_6_mib(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    queue = Queue(aws, name)
    body = "x" * 250_000
    for _ in range(30):
        queue.send(body)
    event_sources({"EventSourceArn": queue.arn, "BatchSize": 30, "MaximumBatchingWindowInSeconds": 300})
    function.wait_for_events(2)
    sizes = [len(json.dumps(event)) for event in function.events]
    assert sum(len(batch) for batch in function.batches) == 30
    assert max(sizes) <= 6 * 1024 * 1024


def test_nothing_is_lost_while_the_function_cannot_be_invoked(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    queue = Queue(aws, name, VisibilityTimeout="1")
    queue.send("a")
    # Port 9 is the discard service, which nobody runs.
    process = event_sources({"EventSourceArn": queue.arn}, port=9)
    process.wait_for_output("cannot invoke")
    assert queue.count == 1
    process.stop()
    event_sources({"EventSourceArn": queue.arn})
    function.wait_for_events(1)
    queue.wait_until_empty()


def test_a_queue_that_is_made_later(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    process = event_sources({"EventSourceArn": arn}, ready=False)
    process.wait_for_output(f"{arn}: ")
    Queue(aws, name).send("a")
    function.wait_for_events(1)
    assert process.stop() == 0
