"""Whatever is missing or broken in an event: a result, or an error that says what is wrong."""

from __future__ import annotations

import copy
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from app.capabilities.actions import AskedToFail, InvalidAction
from app.events import InvalidEvent, UnknownEvent, recognise
from app.events.http.base import HttpEvent
from app.events.triggers.messages import BrokenRecord
from app.events.triggers.records import RecordsFailed
from app.handler import lambda_handler
from tests.support.samples import SAMPLES, sample

CLEAR = (InvalidEvent, UnknownEvent, BrokenRecord, InvalidAction, AskedToFail, RecordsFailed)
ABSENT = object()
VALUES: tuple[Any, ...] = (ABSENT, None, 5, True, "", "text", "{", [], [None], {}, {"": None})

TRIGGERS = [name for name in SAMPLES if not isinstance(recognise(sample(name)), HttpEvent)]


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each member of a JSON value."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, member in members:
        yield (*path, key)
        yield from places(member, (*path, key))


def changed(event: Any, path: tuple[Any, ...], value: object) -> Any:
    """A copy of the event with another value there, or with nothing."""
    event = copy.deepcopy(event)
    holder = event
    for key in path[:-1]:
        holder = holder[key]
    if value is ABSENT:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return event


@pytest.mark.parametrize("name", TRIGGERS)
def test_any_part_may_be_broken(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    event = sample(name)
    for path in places(event):
        for value in VALUES:
            broken = changed(event, path, value)
            error = error_of(broken)
            assert error is None or isinstance(error, CLEAR), f"{path} = {value!r}: {error!r}"
            # The first record's error stands in this one's text.
            assert not re.search(r"with (Attribute|Type|Key|Index)Error", str(error)), f"{path} = {value!r}"


def error_of(event: Any) -> Exception | None:
    """What the handler raises."""
    try:
        lambda_handler(event, None)
    except Exception as error:  # noqa: BLE001 - which one it is, the caller checks
        return error
    return None


# What AWS leaves out or null, by source, and is no error.
OPTIONAL: dict[str, list[tuple[Any, ...]]] = {
    "sqs": [("Records", 0, "attributes", "AWSTraceHeader"), ("Records", 0, "messageAttributes")],
    "sns": [("Records", 0, "Sns", "Subject"), ("Records", 0, "Sns", "MessageAttributes")],
    "s3": [("Records", 0, "s3", "object", name) for name in ("size", "eTag", "versionId", "sequencer")],
    "dynamodb": [("Records", 0, "dynamodb", "NewImage"), ("Records", 0, "dynamodb", "SizeBytes")],
    "eventbridge": [("resources",), ("detail",)],
    "msk": [("records", "weblog-payments-0", 0, name) for name in ("key", "value", "headers")],
    "websocket-connect": [("headers",), ("multiValueHeaders",), ("requestContext", "identity")],
    "authorizer-request": [
        ("headers",),
        ("queryStringParameters",),
        ("pathParameters",),
        ("requestContext",),
    ],
    "authorizer-request-2": [("identitySource",), ("headers",), ("requestContext",)],
    "appsync": [("identity",), ("source",), ("prev",), ("request",), ("stash",)],
    "cognito-pre-sign-up": [("request", "clientMetadata"), ("request", "validationData"), ("callerContext",)],
    "durable-execution": [("InitialExecutionState",), ("InitialExecutionState", "Operations")],
    "cloudfront-request": [("Records", 0, "cf", "config"), ("Records", 0, "cf", "request", "querystring")],
    "step-functions": [("Execution", "Input"), ("State", "RetryCount"), ("StateMachine", "Name")],
}


@pytest.mark.parametrize("name", OPTIONAL)
@pytest.mark.parametrize("value", [ABSENT, None], ids=["absent", "null"])
def test_what_aws_may_leave_out(name: str, value: object, caplog: pytest.LogCaptureFixture) -> None:
    whole = lambda_handler(sample(name), None)
    for path in OPTIONAL[name]:
        try:
            event = changed(sample(name), path, value)
        except KeyError:
            continue  # the sample has it left out already
        assert type(lambda_handler(event, None)) is type(whole), path
    assert not caplog.records
