"""Sends events and requests to the function: through the Invoke API, or through a front door."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import sys
import time
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError, ClientSession

from trace_view.errors import ApiError
from trace_view.front_doors import FRONT_DOORS, FrontDoor, find
from trace_view.settings import Settings

Json = dict[str, Any]

VALID = (
    'valid are {"event": JSON} and {"request": {"method", "target", "headers", "body", "base64"},'
    ' "front_door": NAME}'
)


@dataclass(frozen=True)
class Sent:
    """What was sent: the invocation's id, and what is known here of the exchange with a front door."""

    request_id: str
    part: Json | None = None


@dataclass(frozen=True)
class Request:
    """An HTTP request, as the body of `POST /api/invocations` describes it."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    front_door: FrontDoor

    @classmethod
    def read(cls, request: object, front_door: object) -> Request:
        """Read it; raises ApiError, which names the member that is wrong."""
        if not isinstance(request, dict):
            raise ApiError(400, f"request is {request!r:.100}; {VALID}")
        texts = {"method": "GET", "target": "/", "body": ""} | request
        for name in ("method", "target", "body"):
            if not isinstance(texts[name], str):
                raise ApiError(400, f"{name} is {texts[name]!r:.100}; valid is a string")
        headers = request.get("headers") or []
        if not isinstance(headers, list) or not all(
            isinstance(header, list) and len(header) == 2 and all(isinstance(text, str) for text in header)
            for header in headers
        ):
            raise ApiError(400, f"headers is {headers!r:.100}; valid is a list of [name, value]")
        door = find(str(front_door))
        if door is None:
            valid = ", ".join(door.name for door in FRONT_DOORS)
            raise ApiError(400, f"front_door is {front_door!r:.100}; valid are: {valid}")
        return cls(
            texts["method"],
            texts["target"],
            [(name, value) for name, value in headers],
            _body(texts["body"], is_base64=bool(request.get("base64"))),
            door,
        )

    def arguments(self) -> list[str]:
        """The options of `python -m lambda_proxy send` and `event`, the body without."""
        return [
            f"--type={self.front_door.name}",
            f"--method={self.method}",
            f"--path={self.target}",
            *(f"--header={name}: {value}" for name, value in self.headers),
        ]


@dataclass(frozen=True)
class Sender:
    """Sends to the function that the settings name."""

    settings: Settings

    async def send(self, document: object) -> Sent:
        """Send what the document describes, and wait for the answer; raises ApiError."""
        if isinstance(document, dict) and document.keys() == {"event"}:
            return await self._send_event(document["event"])
        if (
            isinstance(document, dict)
            and "request" in document
            and document.keys() <= {"request", "front_door"}
        ):
            door = document.get("front_door") or self.settings.front_door
            return await self._send_request(Request.read(document["request"], door))
        raise ApiError(400, f"this says not what to send; {VALID}")

    async def _send_event(self, event: object) -> Sent:
        try:
            async with (
                ClientSession() as session,
                session.post(self.settings.invoke_api, data=json.dumps(event)) as response,
            ):
                answer = await response.read()
        except ClientError as error:
            raise ApiError(502, f"the Invoke API does not answer: {error}") from error
        request_id = response.headers.get("x-amzn-RequestId")
        # A function that ended in the middle is an invocation, too.
        if request_id is None or response.status not in (200, 500):
            status = response.status if 400 <= response.status < 500 else 502
            text = answer[:500].decode(errors="replace")
            raise ApiError(status, f"the Invoke API answers {response.status}: {text}")
        return Sent(request_id)

    async def _send_request(self, request: Request) -> Sent:
        """Send it through a front door: `lambda_proxy` plays any of them for one request."""
        isolated = ["-I"] if sys.flags.isolated else []
        command = [sys.executable, *isolated, "-m", "lambda_proxy", "send", *request.arguments(), "--data=@-"]
        started = time.time_ns()
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except (OSError, ValueError) as error:
            raise ApiError(400, f"the request cannot be handed to the lambda proxy: {error}") from error
        try:
            output, problem = await process.communicate(request.body)
        finally:
            if process.returncode is None:
                process.kill()
        if process.returncode:
            raise ApiError(400, problem.decode(errors="replace").strip().removeprefix("lambda_proxy: "))
        found = json.loads(output)
        if found["request_id"] is None:
            response = found["response"]
            raise ApiError(
                400,
                "no invocation: the front door answers this request by itself, with"
                f" {response['status']} {response['body']:.500}",
            )
        part = {
            "part": "exchange",
            "request_id": found["request_id"],
            "front_door": request.front_door.name,
            "request": found["request"],
            "response": found["response"],
            "started": started,
            "ended": time.time_ns(),
        }
        return Sent(found["request_id"], part)


def _body(text: str, *, is_base64: bool) -> bytes:
    if not is_base64:
        return text.encode(errors="surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ApiError(400, f"body is not base64: {error}") from error
