"""Takes one request through a front door and an invocation to its response."""

from __future__ import annotations

import json
import logging
from typing import Protocol

from invoke_api.outcome import EVENT_LIMIT, Answer
from lambda_proxy.arrival import Arrival
from lambda_proxy.failures import Failure, InvocationError, read_result
from lambda_proxy.front_doors import FrontDoor
from lambda_proxy.front_doors.results import ResultError
from lambda_proxy.messages import Request, Response

log = logging.getLogger("lambda_proxy")

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

# What carries no request of a client: it never reaches the function, whatever the front door.
HEALTHCHECK = Response(200, [("Content-Type", "text/plain; charset=utf-8")], b"Ok")


class Invoker(Protocol):
    """What invokes the function."""

    async def invoke(self, payload: bytes, *, timeout: float = 0) -> Answer:
        """Return the answer to this event, or InvocationError."""


async def handle(front_door: FrontDoor, invoker: Invoker, request: Request) -> Response:
    """Return the response to any request: always one that the front door would have given."""
    if request.method == "GET" and request.path == "/healthcheck":
        return HEALTHCHECK
    arrival = Arrival.now()
    refusal = front_door.refusal(request, arrival)
    if refusal is not None:
        log.info("%s %s: refused with %d", request.method, request.path, refusal.status)
        return refusal
    try:
        return await _invoke(front_door, invoker, request, arrival)
    except InvocationError as error:
        response = front_door.failure(error.failure, arrival)
        reason = front_door.reasons.get(error.failure)
        status = f"{response.status} {reason}" if reason else response.status
        log.warning("%s %s: %s, %s", request.method, request.path, status, error)
        return response


async def _invoke(front_door: FrontDoor, invoker: Invoker, request: Request, arrival: Arrival) -> Response:
    payload = encode(front_door.event(request, arrival)).encode()
    if log.isEnabledFor(logging.DEBUG):
        log.debug("event: %s", payload.decode())
    if len(payload) > EVENT_LIMIT:
        raise InvocationError(Failure.EVENT_TOO_LARGE, f"{len(payload)} bytes")
    answer = await invoker.invoke(payload, timeout=front_door.timeout)
    if log.isEnabledFor(logging.DEBUG):
        log.debug("result: %d %s", answer.status, answer.body.decode("utf-8", "replace"))
    if len(answer.body) > front_door.max_result:
        raise InvocationError(Failure.RESULT_TOO_LARGE, f"{len(answer.body)} bytes")
    try:
        return front_door.response(request, read_result(answer), arrival)
    except ResultError as error:
        raise InvocationError(Failure.INVALID_RESULT, str(error)) from error
