"""Takes one request through a front door and an invocation, to its response."""

from __future__ import annotations

import base64
import logging
import secrets
import time
from dataclasses import dataclass
from typing import Protocol

import orjson

from invoke_api.access_log import tell
from invoke_api.outcome import EVENT_LIMIT, Answer
from lambda_proxy.arrival import Arrival
from lambda_proxy.failures import Failure, InvocationError, read_result
from lambda_proxy.front_doors import FrontDoor
from lambda_proxy.front_doors.results import ResultError
from lambda_proxy.messages import Request, Response

log = logging.getLogger("lambda_proxy")

# Stands for a body in base64 while the rest of the event is encoded; no client can guess it.
_BODY = secrets.token_hex(16)


def encode(front_door: FrontDoor, request: Request, arrival: Arrival) -> bytes:
    """Return the request's event in compact JSON, with characters above ASCII as they are.

    A body in base64 joins the event at the end: each copy of a large one takes longer than all the rest.
    """
    event = front_door.event(request, arrival, binary=lambda _: _BODY)
    text = orjson.dumps(event)
    if not event["isBase64Encoded"]:
        return text
    head, _, tail = text.partition(_BODY.encode())
    return b"".join((head, base64.b64encode(request.body), tail))


# The proxy's own healthcheck, which does not invoke the function.
HEALTHCHECK = Response(200, [("Content-Type", "text/plain; charset=utf-8")], b"Ok")


class Invoker(Protocol):
    """What invokes the function."""

    async def invoke(self, payload: bytes, *, timeout: float = 0) -> Answer:
        """Return the answer to this event; InvocationError if there is none.

        `timeout` is in seconds; 0 waits without end.
        """


@dataclass
class Invoked:
    """What becomes known about the invocation while a request is handled."""

    request_id: str | None = None
    """The invocation's, from the Invoke API; None where there was none, or in front of a bare emulator."""


async def handle(front_door: FrontDoor, invoker: Invoker, request: Request) -> Response:
    """Return the response to the request; each failure becomes the answer of the front door to it."""
    started = time.time()
    invoked = Invoked()
    response = await _handle(front_door, invoker, request, invoked)
    tell(
        "proxy",
        invoked.request_id,
        time=started,
        duration_ms=round((time.time() - started) * 1000, 1),
        front_door=front_door.event_type,
        method=request.method,
        path=request.target,
        status=response.status,
    )
    return response


async def _handle(front_door: FrontDoor, invoker: Invoker, request: Request, invoked: Invoked) -> Response:
    if request.method == "GET" and request.path == "/healthcheck":
        return HEALTHCHECK
    arrival = Arrival.now()
    refusal = front_door.refusal(request, arrival)
    if refusal is not None:
        log.info("%s %s: refused with %d", request.method, request.path, refusal.status)
        return refusal
    try:
        return await _invoke(front_door, invoker, request, arrival, invoked)
    except InvocationError as error:
        return _logged(front_door, request, front_door.failure(error.failure, arrival), error)
    except ResultError as error:
        malformed = InvocationError(Failure.INVALID_RESULT, str(error))
        return _logged(front_door, request, front_door.malformed(error, arrival), malformed)


async def _invoke(
    front_door: FrontDoor, invoker: Invoker, request: Request, arrival: Arrival, invoked: Invoked
) -> Response:
    payload = encode(front_door, request, arrival)
    if log.isEnabledFor(logging.DEBUG):
        log.debug("event: %s", payload.decode())
    if len(payload) > EVENT_LIMIT:
        raise InvocationError(Failure.EVENT_TOO_LARGE, f"{len(payload)} bytes")
    answer = await invoker.invoke(payload, timeout=front_door.timeout)
    invoked.request_id = answer.request_id or None
    if log.isEnabledFor(logging.DEBUG):
        log.debug("result: %d %s", answer.status, answer.body.decode("utf-8", "replace"))
    if len(answer.body) > front_door.max_result:
        raise InvocationError(Failure.RESULT_TOO_LARGE, f"{len(answer.body)} bytes")
    return front_door.response(request, read_result(answer), arrival)


def _logged(front_door: FrontDoor, request: Request, response: Response, error: InvocationError) -> Response:
    """Return the response to a failure, after a line about it in the log."""
    reason = front_door.reasons.get(error.failure)
    status = f"{response.status} {reason}" if reason else response.status
    log.warning("%s %s: %s, %s", request.method, request.path, status, error)
    return response
