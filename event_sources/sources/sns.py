"""SNS: a topic that pushes.

https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
"""

from __future__ import annotations

import json
import uuid
from base64 import b64encode
from typing import Any

from event_sources import times
from event_sources.arn import Arn
from event_sources.sources.base import ACCOUNT, Json, Sample
from event_sources.sources.pushed import Pushed


def record(message: Json, subscription: str) -> Json:
    """The record of a notification, as SNS writes it to a queue.

    To a function it sends the same under slightly different names, and nothing is left out.
    """
    return {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
        "Sns": {
            "Type": message["Type"],
            "MessageId": message["MessageId"],
            "TopicArn": message["TopicArn"],
            "Subject": message.get("Subject"),
            "Message": message["Message"],
            "Timestamp": message["Timestamp"],
            "SignatureVersion": message["SignatureVersion"],
            "Signature": message["Signature"],
            "SigningCertUrl": message["SigningCertURL"],
            "UnsubscribeUrl": message["UnsubscribeURL"],
            "MessageAttributes": message.get("MessageAttributes", {}),
        },
    }


class Sns(Pushed):
    """A topic. A notification is one event with one record."""

    service = "sns"
    subscription = ""

    def connect(self, queue: Arn) -> None:
        answer: Any = self.client.subscribe(
            TopicArn=str(self.mapping.source),
            Protocol="sqs",
            Endpoint=str(queue),
            ReturnSubscriptionArn=True,
        )
        self.subscription = answer["SubscriptionArn"]

    def event(self, body: Json) -> Json | None:
        return {"Records": [record(body, self.subscription)]}

    @staticmethod
    def sample(sample: Sample) -> Json:
        messages = [message(sample) for _ in range(sample.count)]
        return {"Records": [record(one, one["UnsubscribeURL"].partition("Arn=")[2]) for one in messages]}


def message(sample: Sample) -> Json:
    """A notification as SNS writes it to a queue."""
    topic = Arn("aws", "sns", sample.region, ACCOUNT, "weblog")
    subscription = f"{topic}:{uuid.uuid4()}"
    attributes = {name: {"Type": "String", "Value": value} for name, value in sample.attributes.items()}
    if sample.context:
        # As ddtrace does: to SNS it sends the context in a binary attribute.
        value = b64encode(json.dumps(sample.context).encode()).decode()
        attributes["_datadog"] = {"Type": "Binary", "Value": value}
    host = f"https://sns.{topic.region}.amazonaws.com"
    made: Json = {
        "Type": "Notification",
        "MessageId": str(uuid.uuid4()),
        "TopicArn": str(topic),
        "Message": sample.body,
        "Timestamp": times.in_milliseconds(times.now()),
        "SignatureVersion": "1",
        "Signature": b64encode(uuid.uuid4().bytes * 16).decode(),
        "SigningCertURL": f"{host}/SimpleNotificationService-{uuid.uuid4().hex}.pem",
        "UnsubscribeURL": f"{host}/?Action=Unsubscribe&SubscriptionArn={subscription}",
    }
    if attributes:
        made["MessageAttributes"] = attributes
    return made
