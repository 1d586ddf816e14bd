"""The sample events of `events/`, fresh copies of them, and messages put into them."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

from tests.support.processes import REPOSITORY

SAMPLES: dict[str, Path] = {path.stem: path for path in sorted((REPOSITORY / "events").glob("*.json"))}


def sample(name: str) -> Any:
    """The sample event of that name, to be changed at will."""
    return json.loads(SAMPLES[name].read_text())


def base64(text: str | bytes) -> str:
    """The text in base64."""
    return b64encode(text.encode() if isinstance(text, str) else text).decode()


def with_messages(name: str, *messages: str) -> Any:
    """The sample with one record for each message, made of its first one, with ids of their own."""
    event = sample(name)
    records = []
    for number, message in enumerate(messages):
        record = sample(name)["Records"][0]
        if "kinesis" in record:
            record["kinesis"].update(data=base64(message), sequenceNumber=str(number))
        elif "dynamodb" in record:
            record["dynamodb"].update(NewImage={"weblog": {"S": message}}, SequenceNumber=str(number))
        elif "s3" in record:
            record["s3"]["object"]["key"] = message
        elif "Sns" in record:
            record["Sns"].update(Message=message, MessageId=str(number))
        else:
            record.update(body=message, messageId=str(number))
        records.append(record)
    event["Records"] = records
    return event
