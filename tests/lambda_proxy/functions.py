"""Lambda functions for the tests: the path says what they do."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any


def act(event: dict[str, Any], context: Any) -> Any:
    """Do what the path says; by default give the event back as the body."""
    path = str(event.get("rawPath") or event.get("path") or event.get("do") or "")
    command, _, argument = path.lstrip("/").partition("/")
    if command == "raise":
        raise ValueError(argument)
    if command == "exit":
        os._exit(int(argument or 3))
    if command == "sleep":
        time.sleep(float(argument))
    if command == "large":
        return "x" * int(argument)
    if command == "result":
        return json.loads(event["body"])
    if command == "meet":
        return respond(meet(Path(os.environ["MEETING"]), int(argument)))
    if command == "request-id":
        return respond(context.aws_request_id)
    if command == "context":
        custom = context.client_context.custom if context.client_context else None
        return {"custom": custom, "pid": os.getpid()}
    return respond(json.dumps(event))


def respond(body: str) -> dict[str, Any]:
    """A result that every front door takes."""
    kind = "application/json"
    return {
        "statusCode": 200,
        "headers": {"Content-Type": kind},
        "multiValueHeaders": {"Content-Type": [kind]},
        "isBase64Encoded": False,
        "body": body,
    }


def meet(folder: Path, guests: int) -> str:
    """Wait until this many invocations run at once; `alone` if they never do."""
    (folder / str(os.getpid())).touch()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if len(list(folder.iterdir())) >= guests:
            return "met"
        time.sleep(0.01)
    return "alone"
