"""Amazon SNS, with a queue of SQS behind the topic."""

from __future__ import annotations

import json

from app.clients.aws import aws_errors, client
from app.clients.sqs import queue_url


def produce(url: str | None, topic: str, queue: str, message: str) -> None:
    """Publish the message to the topic, to which the queue subscribes; both are made if they are not there.

    The message comes without SNS's envelope if the topic's name ends with `raw`.
    """
    with aws_errors():
        sns, sqs = client("sns", url), client("sqs", url)
        topic_arn = sns.create_topic(Name=topic)["TopicArn"]
        address = queue_url(sqs, queue)
        asked = sqs.get_queue_attributes(QueueUrl=address, AttributeNames=["QueueArn"])
        queue_arn = asked["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=address, Attributes={"Policy": policy})
        attributes = {"RawMessageDelivery": str(topic.endswith("raw")).lower()}
        sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue_arn, Attributes=attributes)
        sns.publish(TopicArn=topic_arn, Message=message)
