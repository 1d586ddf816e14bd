"""Amazon SQS."""

from __future__ import annotations

import json
from collections.abc import Iterator

from app.clients.aws import AwsClient, aws_errors, client
from app.clients.errors import ServiceError
from app.clients.waiting import until


def produce(url: str | None, queue: str, message: str) -> None:
    """Send the message to the queue, which is made if it is not there."""
    with aws_errors():
        sqs = client("sqs", url)
        sqs.send_message(QueueUrl=queue_url(sqs, queue), MessageBody=message)


def consume(url: str | None, queue: str, message: str | None, seconds: float) -> str:
    """Receive from the queue until this message comes (any, for None), delete what came, and return its text.

    Raises ServiceError after so many seconds. A message of SNS is taken out of its envelope.
    """
    with aws_errors():
        sqs = client("sqs", url)
        address = queue_url(sqs, queue)
        for _ in until(seconds):
            for text in _received(sqs, address):
                if message in (None, text):
                    return text
    raise ServiceError(f"the queue {queue} had no such message within {seconds} s")


def queue_url(sqs: AwsClient, queue: str) -> str:
    """The address of the queue, which is made if it is not there."""
    return str(sqs.create_queue(QueueName=queue)["QueueUrl"])


def _received(sqs: AwsClient, address: str) -> Iterator[str]:
    answer = sqs.receive_message(QueueUrl=address, WaitTimeSeconds=1, MaxNumberOfMessages=1)
    for received in answer.get("Messages", ()):
        sqs.delete_message(QueueUrl=address, ReceiptHandle=received["ReceiptHandle"])
        yield _without_envelope(received["Body"])


def _without_envelope(body: str) -> str:
    try:
        document = json.loads(body)
    except ValueError:
        return body
    is_of_sns = isinstance(document, dict) and document.get("Type") == "Notification"
    return str(document["Message"]) if is_of_sns else body
