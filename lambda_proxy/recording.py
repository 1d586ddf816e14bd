"""Tells the trace view of each exchange: the HTTP request, the invocation's id, and the HTTP response."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping, Sequence
from typing import Any

from invoke_api.outcome import Answer
from invoke_api.view_sender import ViewSender
from lambda_proxy.exchange import Invoker, handle
from lambda_proxy.front_doors import FrontDoor
from lambda_proxy.messages import Header, Request, Response


class Noted:
    """An invoker that keeps the request id of the invocation it made."""

    def __init__(self, invoker: Invoker) -> None:
        self._invoker = invoker
        self.request_id = ""

    async def invoke(self, payload: bytes, *, timeout: float = 0) -> Answer:
        """As the invoker itself."""
        answer = await self._invoker.invoke(payload, timeout=timeout)
        self.request_id = answer.request_id
        return answer


async def handle_and_tell(
    front_door: FrontDoor, invoker: Invoker, request: Request, sender: ViewSender
) -> Response:
    """Return the response to the request, and tell of it if the function was invoked."""
    started = time.time_ns()
    noted = Noted(invoker)
    response = await handle(front_door, noted, request)
    ended = time.time_ns()

    def part() -> Mapping[str, Any]:
        return {
            "part": "exchange",
            "request_id": noted.request_id,
            "front_door": front_door.event_type,
            "request": {"method": request.method, "target": request.target, **message(request)},
            "response": {"status": response.status, **message(response)},
            "started": started,
            "ended": ended,
        }

    # A bare emulator gives its invocations no id.
    if noted.request_id:
        sender.tell(part, len(request.body) + len(response.body))
    return response


def message(one: Request | Response) -> Mapping[str, Any]:
    """Headers and body; the body in base64 where it is no text."""
    headers: Sequence[Header] = one.headers
    try:
        body, is_text = one.body.decode(), b"\0" not in one.body
    except UnicodeDecodeError:
        is_text = False
    return {
        "headers": [list(header) for header in headers],
        "body": body if is_text else base64.b64encode(one.body).decode(),
        "base64": not is_text,
    }
