"""Does what a message asks for under its key `weblog`: fail, sleep, log, count, call AWS, send on.

`{"weblog": {"do": "fail", "message": "no"}}` is one action; a list of such objects is done in order.
docs/triggers.md lists the actions and their fields.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

logger = logging.getLogger(__name__)

LONGEST_SLEEP = 900

Client = Any
"""A client of boto3, which has no types."""


class InvalidAction(ValueError):  # noqa: N818 - the name is what users read as errorType
    """The message asks for something that does not exist, or that lacks a field; the message names it."""


class AskedToFail(RuntimeError):  # noqa: N818 - as above
    """The action `fail`."""


def perform(message: object, *, aws_url: str | None = None) -> None:
    """Do what the message asks for; nothing where it is not an object or has no key `weblog`.

    `aws_url` is where AWS's services answer; None for AWS's own addresses. Raises InvalidAction for an
    action that is wrong, AskedToFail for `fail`, and whatever a call to AWS raises.
    """
    if not isinstance(message, dict) or "weblog" not in message:
        return
    wanted = message["weblog"]
    if isinstance(wanted, str):
        # Where a source has room for a string only, the object is in there as JSON.
        try:
            wanted = json.loads(wanted)
        except ValueError as error:
            raise InvalidAction(f"`weblog` is not valid JSON: {error}") from None
    for action in wanted if isinstance(wanted, list) else [wanted]:
        _perform(action, aws_url)


@dataclass(frozen=True)
class Fields:
    """The fields of one action. Each member raises InvalidAction where the field is wrong."""

    action: str
    values: Mapping[str, Any]
    aws_url: str | None

    def text(self, name: str, default: str | None = None) -> str:
        """A string; required where there is no default."""
        value = self.values.get(name, default)
        if not isinstance(value, str):
            raise self.invalid(name, "a string", value)
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """A number; required where there is no default."""
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.invalid(name, "a number", value)
        return value

    def mapping(self, name: str) -> dict[str, Any]:
        """An object; empty where it is missing."""
        value = self.values.get(name, {})
        if not isinstance(value, dict):
            raise self.invalid(name, "an object", value)
        return value

    def choice(self, name: str, choices: Mapping[str, int], default: str) -> int:
        """What `choices` has under the field's value."""
        value = self.text(name, default)
        if value not in choices:
            raise self.invalid(name, f"one of {', '.join(choices)}", value)
        return choices[value]

    def invalid(self, name: str, wanted: str, value: object) -> InvalidAction:
        """The error that names the field."""
        return InvalidAction(f"`weblog`: {name} of {self.action} must be {wanted}, it is {value!r:.80}")

    def client(self, service: str) -> Client:
        """AWS's client of that service."""
        from app.clients import aws

        return aws.client(service, self.aws_url)


def _fail(fields: Fields) -> None:
    raise AskedToFail(fields.text("message", "the message asked to fail"))


def _sleep(fields: Fields) -> None:
    seconds = fields.number("seconds")
    if not 0 <= seconds <= LONGEST_SLEEP:
        raise fields.invalid("seconds", f"from 0 to {LONGEST_SLEEP}", seconds)
    time.sleep(seconds)


_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def _log(fields: Fields) -> None:
    logger.log(fields.choice("level", _LEVELS, "warning"), "%s", fields.text("message"))


def _metric(fields: Fields) -> None:
    from app.capabilities import metrics

    tags = [f"{name}:{value}" for name, value in fields.mapping("tags").items()]
    metrics.send(fields.text("name"), fields.number("value", 1), tags)


def _call(fields: Fields) -> None:
    client = fields.client(fields.text("service"))
    operation = getattr(client, name := fields.text("operation"), None)
    if name.startswith("_") or not callable(operation):
        raise fields.invalid("operation", f"an operation of {fields.text('service')} in boto3", name)
    operation(**fields.mapping("parameters"))


def _send(fields: Fields) -> None:
    arn = fields.text("to")
    words = arn.split(":", 5)
    service = words[2] if len(words) == 6 else ""
    if service not in _SENDERS:
        raise fields.invalid("to", f"the ARN of one of {', '.join(_SENDERS)}", arn)
    message = fields.values.get("message", {})
    body = message if isinstance(message, str) else json.dumps(message)
    _SENDERS[service](fields.client(service), arn, words[5], body)


def _send_to_queue(client: Client, arn: str, name: str, body: str) -> None:
    client.send_message(QueueUrl=client.get_queue_url(QueueName=name)["QueueUrl"], MessageBody=body)


def _send_to_topic(client: Client, arn: str, name: str, body: str) -> None:
    client.publish(TopicArn=arn, Message=body)


def _send_to_stream(client: Client, arn: str, name: str, body: str) -> None:
    client.put_record(StreamName=name.removeprefix("stream/"), Data=body.encode(), PartitionKey="weblog")


def _send_to_bus(client: Client, arn: str, name: str, body: str) -> None:
    entry = {"EventBusName": name.removeprefix("event-bus/"), "Source": "weblog", "DetailType": "weblog"}
    client.put_events(Entries=[{**entry, "Detail": body}])


_SENDERS: Mapping[str, Callable[[Client, str, str, str], None]] = {
    "sqs": _send_to_queue,
    "sns": _send_to_topic,
    "kinesis": _send_to_stream,
    "events": _send_to_bus,
}

ACTIONS: Mapping[str, Callable[[Fields], None]] = {
    "fail": _fail,
    "sleep": _sleep,
    "log": _log,
    "metric": _metric,
    "call": _call,
    "send": _send,
}


def _perform(action: object, aws_url: str | None) -> None:
    if not isinstance(action, dict):
        raise InvalidAction(f"`weblog` must be an object with `do`, or a list of them, it is {action!r:.80}")
    name = action.get("do")
    if not isinstance(name, str) or name not in ACTIONS:
        raise InvalidAction(f"`weblog`: do must be one of {', '.join(ACTIONS)}, it is {name!r:.80}")
    ACTIONS[name](Fields(name, action, aws_url))
