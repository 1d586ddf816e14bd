"""EventBridge: a bus that pushes what matches a rule.

https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
"""

from __future__ import annotations

import json
import uuid

from event_sources import times
from event_sources.arn import Arn
from event_sources.sources.base import ACCOUNT, Json, Sample, SampleError
from event_sources.sources.pushed import PREFIX, Pushed

FIELDS = ("version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail")


def event(found: Json, account: str) -> Json:
    """The event, without what only the local endpoint adds, and with the account, which it may leave out."""
    whole = {"account": account, **found}
    return {name: whole[name] for name in FIELDS if name in whole}


class EventBridge(Pushed):
    """A bus. An event of the bus that matches the mapping's `EventPattern` is one event."""

    service = "events"

    def connect(self, queue: Arn) -> None:
        bus, name = self.mapping.source.name, f"{PREFIX}{self.mapping.source.name}"
        # Without a pattern of the user's, one that every event matches.
        pattern = self.mapping.pattern or json.dumps({"account": [self.mapping.source.account]})
        self.client.put_rule(Name=name, EventBusName=bus, EventPattern=pattern)
        self.client.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": str(queue)}])

    def event(self, body: Json) -> Json | None:
        return event(body, self.mapping.source.account)

    @staticmethod
    def sample(sample: Sample) -> Json:
        sample.refuse("eventbridge", attributes=True)
        if sample.count != 1:
            raise SampleError("--count: an event of eventbridge is a single one")
        return event(
            {
                "version": "0",
                "id": str(uuid.uuid4()),
                "detail-type": "weblog",
                "source": "weblog",
                "time": times.in_seconds(times.now()),
                "region": sample.region,
                "resources": [],
                "detail": sample.json_object("the detail"),
            },
            ACCOUNT,
        )
