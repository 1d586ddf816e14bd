"""The Invoke operation itself: from a request's parts to an answer, without any HTTP server."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass

from invoke_api.answers import ApiAnswer, ApiError, result_answer, throttled, timed_out
from invoke_api.asynchronous import AsynchronousInvocations
from invoke_api.names import LATEST, parse_name
from invoke_api.outcome import EVENT_LIMIT, parse_json
from invoke_api.queue import PASSED_ON, EmulatorGone, Invocation, InvocationQueue, QueueFull

# A header of this project: the client waits this many seconds, counted from when the function starts to
# run. The lambda proxy sends it, and so its front doors give up in time although the queue is here.
PATIENCE = "x-invoke-api-timeout"
LONGEST_PATIENCE = 10**6
# By this name in the header `Server` a client knows that the header above is understood.
SERVER = "invoke_api"
# Another one: with the value `true` the client says that it has made the payload with a JSON encoder, as the
# lambda proxy does. Large events are then not parsed again only to see that they are JSON.
ENCODED = "x-invoke-api-encoded"
# And one by which the lambda proxy and the event sources say that they are the client.
SOURCE = "x-invoke-api-source"
EVENT_LIMITS = {"RequestResponse": EVENT_LIMIT, "Event": 1024 * 1024, "DryRun": EVENT_LIMIT}


@dataclass(frozen=True)
class InvokeApi:
    """The Invoke API of one function, known by any of `names`."""

    names: frozenset[str]
    invocations: InvocationQueue
    asynchronous: AsynchronousInvocations

    def invoke(
        self, name: str, qualifier: str, headers: Mapping[str, str], payload: bytes, request_id: str
    ) -> ApiAnswer:
        """Serve one request; raises ApiError for what AWS refuses.

        The names of the headers are in lower case. The function gets `request_id` as that of the invocation.
        """
        self._check_name(name, qualifier)
        kind = headers.get("x-amz-invocation-type") or "RequestResponse"
        if kind not in EVENT_LIMITS:
            raise ApiError(400, "InvalidParameterValueException", f"Invalid invocation type: {kind}")
        if len(payload) > EVENT_LIMITS[kind]:
            raise too_large(kind)
        log_type = headers.get("x-amz-log-type") or "None"
        if log_type not in ("None", "Tail"):
            raise ApiError(400, "InvalidParameterValueException", f"Invalid log type: {log_type}")
        if kind != "RequestResponse" or headers.get(ENCODED) != "true":
            _check_json(payload)
        _check_client_context(headers.get("x-amz-client-context"))
        patience = _patience(headers.get(PATIENCE))
        invocation = Invocation(
            payload=payload or b"{}",
            request_id=request_id,
            source=headers.get(SOURCE, ""),
            headers={key: value for key in PASSED_ON if (value := headers.get(key))},
            wants_log=log_type == "Tail" and kind == "RequestResponse",
        )
        if kind == "DryRun":
            return ApiAnswer(204)
        try:
            if kind == "Event":
                self.asynchronous.submit(invocation)
                return ApiAnswer(202)
            self.invocations.submit(invocation)
        except QueueFull as error:
            raise throttled() from error
        return _answer(invocation, patience)

    def _check_name(self, text: str, qualifier: str) -> None:
        try:
            name = parse_name(text, qualifier)
        except ValueError as error:
            raise ApiError(400, "ValidationException", str(error)) from error
        if name.name not in self.names or name.qualifier != LATEST:
            suffix = "" if name.qualifier == LATEST else f":{name.qualifier}"
            raise ApiError(
                404,
                "ResourceNotFoundException",
                f"Function not found: arn:aws:lambda:us-east-1:012345678912:function:{name.name}{suffix};"
                f" this one is called: {', '.join(sorted(self.names))}",
            )


def too_large(kind: str = "RequestResponse") -> ApiError:
    """Return the error for a payload over the limit (R81)."""
    limit = EVENT_LIMITS.get(kind, EVENT_LIMIT)
    message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
    return ApiError(413, "RequestTooLargeException", message)


def _patience(text: str | None) -> float | None:
    """Read the seconds for which the client waits; None when it waits for ever."""
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < LONGEST_PATIENCE:
        message = f"{PATIENCE} is {text!r}; valid are seconds, more than 0"
        raise ApiError(400, "InvalidParameterValueException", message)
    return seconds


def _answer(invocation: Invocation, patience: float | None) -> ApiAnswer:
    try:
        if patience is not None:
            invocation.started.wait()
        answer = result_answer(invocation.answer.result(patience))
    except FutureTimeout:
        raise timed_out(patience or 0) from None
    except EmulatorGone as error:
        if error.started:
            raise ApiError(500, "ServiceException", str(error)) from error
        raise ApiError(503, "ServiceUnavailableException", str(error)) from error
    if not invocation.log:
        return answer
    log = base64.b64encode(invocation.log).decode()
    return ApiAnswer(answer.status, answer.body, {**answer.headers, "X-Amz-Log-Result": log})


def _check_json(payload: bytes) -> None:
    try:
        if payload:
            parse_json(payload)
    except ValueError as error:
        message = f"Could not parse payload into json: {error}"
        raise ApiError(400, "InvalidRequestContentException", message) from error


def _check_client_context(text: str | None) -> None:
    try:
        valid = not text or isinstance(parse_json(base64.b64decode(text, validate=True)), dict)
    except (binascii.Error, ValueError):
        valid = False
    if not valid:
        message = "Client context must be a valid Base64-encoded JSON object."
        raise ApiError(400, "InvalidRequestContentException", message)
