"""Messages that reach a queue through another service: what that service sent is the message's body.

https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
"""

from __future__ import annotations

import json
from dataclasses import replace

from event_sources.sources.base import Json, Sample
from event_sources.sources.eventbridge import EventBridge
from event_sources.sources.sns import message as sns_message
from event_sources.sources.sqs import Sqs


def sns_through_sqs(sample: Sample) -> Json:
    """Notifications of a topic that has the queue as a subscriber; attributes and context are the topic's."""
    return _in_queue([sns_message(sample) for _ in range(sample.count)])


def eventbridge_through_sqs(sample: Sample) -> Json:
    """Events of a bus that has the queue as a rule's target; the context is in the event's detail."""
    return _in_queue([EventBridge.sample(replace(sample, count=1)) for _ in range(sample.count)])


def _in_queue(sent: list[Json]) -> Json:
    return {"Records": [Sqs.sample(Sample(body=json.dumps(one)))["Records"][0] for one in sent]}
