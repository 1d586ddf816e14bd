"""What SNS, S3 and EventBridge have in common: they push, one event an asynchronous invocation.

AWS's services invoke a function themselves. The endpoint on this machine cannot do that, but it can send
to a queue. So each of these sources gets a queue of its own, and an event is made of each message in it.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
"""

from __future__ import annotations

import json
import logging
from abc import abstractmethod
from collections.abc import Iterable
from functools import cached_property

from event_sources import aws
from event_sources.arn import Arn
from event_sources.sources.base import Json, Poller, Source

log = logging.getLogger("event_sources")

PREFIX = "event-sources-"


class Pushed(Source):
    """A source that pushes. `connect` has it send to the queue."""

    @cached_property
    def client(self) -> aws.Client:
        """The client of the service that pushes."""
        return aws.client(self.settings, self.service)

    def pollers(self) -> Iterable[Poller]:
        queues = aws.client(self.settings, "sqs")
        source = self.mapping.source
        name = f"{PREFIX}{source.service}-{source.name}"[:80].replace(".", "-")
        url = queues.create_queue(QueueName=name)["QueueUrl"]
        found = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        self.connect(Arn.parse(found["Attributes"]["QueueArn"]))
        return [PushedPoller(self, queues, url)]

    @abstractmethod
    def connect(self, queue: Arn) -> None:
        """Have the source send what the mapping asks for to this queue; nothing changes the second time."""

    @abstractmethod
    def event(self, body: Json) -> Json | None:
        """The event of a message in the queue; None for a message that is none."""


class PushedPoller:
    """Sends an event for each message in the queue."""

    def __init__(self, source: Pushed, queues: aws.Client, url: str) -> None:
        self.name = str(source.mapping.source)
        self.source = source
        self.queues = queues
        self.url = url

    def poll(self) -> bool:
        answer = self.queues.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=1, VisibilityTimeout=30
        )
        messages = answer.get("Messages", [])
        for message in messages:
            try:
                event = self.source.event(json.loads(message["Body"]))
            except (ValueError, KeyError, TypeError) as error:
                # Not what the service sends: somebody else used the queue.
                log.warning("%s: a message that is not an event: %r", self.name, error)
                event = None
            if event is not None:
                self.source.function.send(event)
            self.queues.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return bool(messages)
