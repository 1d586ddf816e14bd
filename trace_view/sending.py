"""Sends events and requests to the function: through the Invoke API, or through a front door."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from trace_view.errors import ApiError
from trace_view.settings import Settings

Json = dict[str, Any]

LONGEST_LINE = 64 * 1024 * 1024


@dataclass(frozen=True)
class Sent:
    """What was sent: the invocation's id, and the part of its record that is known here."""

    request_id: str
    part: Json | None = None


class Sender:
    """Sends to the function that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._front_doors = FrontDoors()

    async def send(self, document: object) -> Sent:
        """Send what the document describes, and wait for the answer; raises ApiError."""
        if isinstance(document, dict) and document.keys() == {"event"}:
            return await self._send_event(document["event"])
        if isinstance(document, dict) and {"request"} <= document.keys() <= {"request", "front_door"}:
            return await self._send_request(document)
        raise ApiError(
            400,
            'this does not say what to send; valid are {"event": JSON} and {"request": {"method", "target",'
            ' "headers", "body", "base64"}, "front_door": NAME}',
        )

    async def start(self) -> None:
        """Start what plays the front doors: the first request need not wait for that."""
        await self._front_doors.start()

    async def close(self) -> None:
        """End what plays the front doors."""
        await self._front_doors.close()

    async def _send_event(self, event: object) -> Sent:
        try:
            # An invocation may take as long as Lambda allows, and longer with a debugger.
            async with (
                ClientSession(timeout=ClientTimeout(total=None)) as session,
                session.post(self._settings.invoke_api, data=json.dumps(event)) as response,
            ):
                answer = await response.read()
        except ClientError as error:
            raise ApiError(502, f"the Invoke API does not answer: {error}") from error
        request_id = response.headers.get("x-amzn-RequestId")
        # 500: the function's process ended in the middle of the invocation.
        if request_id is None or response.status not in (200, 500):
            status = response.status if 400 <= response.status < 500 else 502
            text = answer[:500].decode(errors="replace")
            raise ApiError(status, f"the Invoke API answers {response.status}: {text}")
        return Sent(request_id)

    async def _send_request(self, document: Json) -> Sent:
        started = time.time_ns()
        found = await self._front_doors.send(document)
        if "error" in found:
            raise ApiError(400, found["error"])
        if found["request_id"] is None:
            response = found["response"]
            raise ApiError(
                400,
                f"the front door answers by itself, without an invocation: {response['status']}"
                f" {response['body']:.500}",
            )
        part = {
            "part": "exchange",
            **found,
            "source": "lambda_proxy",
            "started": started,
            "ended": time.time_ns(),
        }
        return Sent(found["request_id"], part)


class FrontDoors:
    """The process that plays any front door for a request: `python -m lambda_proxy send`."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._starting = asyncio.Lock()
        self._numbers = itertools.count()
        self._answers: dict[int, asyncio.Future[Json]] = {}

    async def send(self, document: Json) -> Json:
        """Send a request; `request_id`, `request` and `response`, or `error`."""
        process = await self._running()
        number = next(self._numbers)
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            if process.stdin is not None:
                process.stdin.write(json.dumps({**document, "id": number}).encode() + b"\n")
                await process.stdin.drain()
            return await answer
        except ConnectionError as error:
            raise ApiError(502, f"the process that plays the front doors has ended: {error}") from error
        finally:
            del self._answers[number]

    async def start(self) -> None:
        """Start the process."""
        await self._running()

    async def close(self) -> None:
        """End the process."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def _running(self) -> asyncio.subprocess.Process:
        async with self._starting:
            if self._process is None or self._process.returncode is not None:
                isolated = ["-I"] if sys.flags.isolated else []
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, *isolated, "-m", "lambda_proxy", "send"),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    limit=LONGEST_LINE,
                )
                self._reading = asyncio.create_task(self._read(self._process))
            return self._process

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        while process.stdout is not None and (line := await process.stdout.readline()):
            found = json.loads(line)
            if (answer := self._answers.get(found.pop("id"))) is not None and not answer.done():
                answer.set_result(found)
        await process.wait()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionError("it was sent, but there is no answer"))
