"""S3: a bucket that pushes.

https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64encode
from urllib.parse import quote_plus

from event_sources import times
from event_sources.arn import Arn
from event_sources.sources.base import Json, Sample
from event_sources.sources.pushed import Pushed

OWNER = "A3NL1KOZZKExample"


def record(notification: Json) -> Json:
    """The record of a notification that a bucket sent; what the local endpoint leaves out is made up."""
    found = notification["s3"]
    created = notification["eventName"].startswith("ObjectCreated")
    # After a deletion there is neither size nor digest to tell.
    telling = ("key", "size", "eTag", "versionId") if created else ("key", "versionId")
    thing = {name: value for name, value in found["object"].items() if name in telling}
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": notification["awsRegion"],
        "eventTime": notification["eventTime"],
        "eventName": notification["eventName"],
        "userIdentity": notification.get("userIdentity", {"principalId": f"AWS:{OWNER}"}),
        "requestParameters": notification.get("requestParameters", {"sourceIPAddress": "127.0.0.1"}),
        "responseElements": notification.get("responseElements", _response_elements()),
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": found["configurationId"],
            "bucket": {"ownerIdentity": {"principalId": OWNER}, **found["bucket"]},
            "object": {**thing, "sequencer": found["object"].get("sequencer", _sequencer())},
        },
    }


def _response_elements() -> Json:
    return {
        "x-amz-request-id": secrets.token_hex(8).upper(),
        "x-amz-id-2": b64encode(secrets.token_bytes(57)).decode(),
    }


def _sequencer() -> str:
    """A number that grows with time, in hexadecimal digits."""
    return f"{times.epoch_milliseconds(times.now()):016X}"


class S3(Pushed):
    """A bucket. A change of an object is one event with one record; the mapping says of which `Events`."""

    service = "s3"

    def connect(self, queue: Arn) -> None:
        configuration = {"Id": self.mapping.uuid, "QueueArn": str(queue), "Events": list(self.mapping.events)}
        self.client.put_bucket_notification_configuration(
            Bucket=self.mapping.source.name,
            NotificationConfiguration={"QueueConfigurations": [configuration]},
        )

    def event(self, body: Json) -> Json | None:
        # A bucket that gets a new configuration tries it with a message of its own.
        if "Records" not in body:
            return None
        return {"Records": [record(notification) for notification in body["Records"]]}

    @staticmethod
    def sample(sample: Sample) -> Json:
        sample.refuse("s3", context=True, attributes=True)
        body = sample.body.encode()
        notification = {
            "awsRegion": sample.region,
            "eventTime": times.in_milliseconds(times.now()),
            "eventName": "ObjectCreated:Put",
            "s3": {
                "configurationId": "weblog",
                "bucket": {"name": "weblog", "arn": str(Arn("aws", "s3", "", "", "weblog"))},
                "object": {
                    "key": quote_plus(sample.key),
                    "size": len(body),
                    "eTag": hashlib.md5(body, usedforsecurity=False).hexdigest(),
                },
            },
        }
        return {"Records": [record(notification) for _ in range(sample.count)]}
