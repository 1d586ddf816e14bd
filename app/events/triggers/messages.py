"""Reads the message out of a record: base64, JSON, and the envelopes of SNS and EventBridge."""

from __future__ import annotations

import json
from base64 import b64decode


class BrokenRecord(ValueError):  # noqa: N818 - the name is what users read as errorType
    """A record has a part that cannot be read; the message names the part."""


def parsed(text: object, field: str) -> object:
    """A text's JSON where it begins like an object, and the text itself otherwise.

    Raises BrokenRecord where such a text is not valid JSON: then somebody meant an object.
    """
    if not isinstance(text, str) or not text.lstrip().startswith("{"):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise BrokenRecord(f"{field} is not valid JSON: {error}") from None
    except RecursionError:
        raise BrokenRecord(f"{field} is nested too deeply") from None


def decoded(data: object, field: str) -> str:
    """The text that arrives in base64; bytes that are not UTF-8 are replaced, for a message may be binary.

    Raises BrokenRecord where it is not valid base64.
    """
    if not isinstance(data, str):
        raise BrokenRecord(f"{field} must be a string in base64, it is {type(data).__name__}")
    try:
        return b64decode(data, validate=True).decode(errors="replace")
    except ValueError as error:
        raise BrokenRecord(f"{field} is not valid base64: {error}") from None


def unwrapped(message: object) -> object:
    """What was sent first, where a topic or an event bus passed the message on in its own envelope."""
    while isinstance(message, dict):
        if message.get("Type") == "Notification" and "TopicArn" in message:
            message = parsed(message.get("Message"), "Message")
        elif "detail-type" in message:
            message = message.get("detail")
        else:
            break
    return message
