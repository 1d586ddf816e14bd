"""Exception replay: the endpoints that fail, each in another way, so that the tracer captures variables."""

from __future__ import annotations

from flask import Blueprint, Response

from app.capabilities import exception_replay as capability
from app.web.inputs import optional, whole_number
from app.web.responses import plain_text

bp = Blueprint("exception_replay", __name__)

# What comes where the capability, against its contract, did not raise.
_NOTHING = "No exception"


@bp.get("/exceptionreplay/simple")
@bp.get("/debugger/exceptionreplay/simple")
def simple() -> Response:
    """Fail with an exception.

    500: the front door's answer to a function that failed with `Exception`, `simple exception`.
    Setting: `DD_EXCEPTION_REPLAY_ENABLED`.
    Span: `error.debug_info_captured` on the span that failed, and a snapshot for each frame.
    """
    capability.simple()
    return plain_text(_NOTHING)


@bp.get("/exceptionreplay/recursion")
@bp.get("/debugger/exceptionreplay/recursion")
def recursion() -> Response:
    """Fail in the last of nested calls of one function.

    Argument: `depth`, how many calls, 0 to 500, required.

    400: `depth` is missing or not such a number.
    500: as above; the message is `recursion exception depth` and the depth.
    Setting: `DD_EXCEPTION_REPLAY_ENABLED`.
    Span: as above.
    """
    capability.recursion(whole_number("depth", most=500))
    return plain_text(_NOTHING)


@bp.get("/exceptionreplay/inner")
def inner() -> Response:
    """Fail with an exception that another one caused.

    500: as above; the message is `outer exception`.
    Setting: `DD_EXCEPTION_REPLAY_ENABLED`.
    Span: as above.
    """
    capability.inner()
    return plain_text(_NOTHING)


@bp.get("/exceptionreplay/rps")
def rps() -> Response:
    """Fail with an exception whose class depends on the argument.

    Argument: `shape`, `rock`, `paper` or `scissors`.

    200: `text/plain`, `No exception`, where `shape` is missing or another.
    500: as above; the type is `ExceptionReplayRock`, `...Paper` or `...Scissors`.
    Setting: `DD_EXCEPTION_REPLAY_ENABLED`.
    Span: as above.
    """
    capability.rps(optional("shape"))
    return plain_text(_NOTHING)


@bp.get("/exceptionreplay/multiframe")
def multiframe() -> Response:
    """Fail three calls deep.

    500: as above; the message is `multiple stack frames exception`.
    Setting: `DD_EXCEPTION_REPLAY_ENABLED`.
    Span: as above.
    """
    capability.multiframe()
    return plain_text(_NOTHING)


@bp.get("/exceptionreplay/async")
def asynchronous() -> Response:
    """Fail in a coroutine.

    500: as above; the message is `async exception`.
    Setting: `DD_EXCEPTION_REPLAY_ENABLED`.
    Span: as above.
    """
    capability.asynchronous()
    return plain_text(_NOTHING)
