"""`python -m lambda_proxy send`: sends the requests on standard input, each through any front door."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import sys
from collections.abc import Mapping
from typing import Any

from lambda_proxy.discovery import update
from lambda_proxy.emulators import Emulators
from lambda_proxy.event_command import SampleError, make_request
from lambda_proxy.exchange import handle
from lambda_proxy.front_doors import BY_NAME, FrontDoor
from lambda_proxy.messages import Request
from lambda_proxy.recording import Noted, message
from lambda_proxy.settings import Settings

# A body of ten million bytes, in base64, fits.
LONGEST_LINE = 32 * 1024 * 1024


async def send_lines(settings: Settings) -> None:
    """Answer each line, several at a time, until there are no more."""
    reader = asyncio.StreamReader(LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    emulators = Emulators()
    await update(emulators, settings)
    answers = set()
    try:
        while line := await reader.readline():
            answers.add(answer := asyncio.create_task(_answer(line, settings, emulators)))
            answer.add_done_callback(answers.discard)
        await asyncio.gather(*answers)
    finally:
        emulators.close()


async def _answer(line: bytes, settings: Settings, emulators: Emulators) -> None:
    document: Any = None
    try:
        document = json.loads(line)
        found = await _send(document, settings, emulators)
    except SampleError as error:
        found = {"error": str(error)}
    except ValueError as error:
        found = {"error": f"the line is not JSON: {error}"}
    given = document.get("id") if isinstance(document, dict) else None
    # In one piece: several answers may be ready at once.
    sys.stdout.write(f"{json.dumps({'id': given, **found})}\n")
    sys.stdout.flush()


async def _send(document: object, settings: Settings, emulators: Emulators) -> Mapping[str, Any]:
    front_door, request = _read(document, settings)
    noted = Noted(emulators)
    response = await handle(front_door, noted, request)
    return {
        "request_id": noted.request_id or None,
        "front_door": front_door.event_type,
        "request": {"method": request.method, "target": request.target, **message(request)},
        "response": {"status": response.status, **message(response)},
    }


def _read(document: object, settings: Settings) -> tuple[FrontDoor, Request]:
    """The front door and the request that a line describes; SampleError names the member that is wrong."""
    if not isinstance(document, dict) or not isinstance(document.get("request"), dict):
        raise SampleError('valid is {"front_door": NAME, "request": {...}}')
    name = document.get("front_door") or settings.event_type
    if not isinstance(name, str) or name not in BY_NAME:
        raise SampleError(f"front_door is {name!r}; valid are: {', '.join(BY_NAME)}")
    request = {"method": "", "target": "/", "body": "", "headers": []} | document["request"]
    for member in ("method", "target", "body"):
        if not isinstance(request[member], str):
            raise SampleError(f"{member} is {request[member]!r:.100}; valid is a string")
    headers = request["headers"]
    if not isinstance(headers, list) or not all(map(_is_header, headers)):
        raise SampleError(f"headers is {headers!r:.100}; valid is a list of [name, value]")
    body = _body(request["body"], is_base64=bool(request.get("base64")))
    pairs = [(name, value) for name, value in headers]
    front_door = BY_NAME[name](settings.options)
    return front_door, make_request(settings, request["method"], request["target"], pairs, body)


def _is_header(header: object) -> bool:
    return (
        isinstance(header, list)
        and len(header) == 2
        and all(isinstance(text, str) and not set("\r\n\0") & set(text) for text in header)
    )


def _body(text: str, *, is_base64: bool) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if is_base64 else text.encode()
    except (binascii.Error, UnicodeEncodeError) as error:
        raise SampleError(f"body cannot be sent: {error}") from error
