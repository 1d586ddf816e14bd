"""Logs: the endpoints that log, so that the tracer connects the lines with the trace."""

from __future__ import annotations

from flask import Blueprint, Response

from app.capabilities import logs as capability
from app.web.inputs import choice, flag, optional
from app.web.responses import plain_text

bp = Blueprint("logs", __name__)


@bp.get("/log/library")
def log_library() -> Response:
    """Log a message on standard output.

    Argument: `msg`, the message, `msg` if it is missing; `level`, one of `debug`, `info`, `warn`,
    `warning`, `error`, `critical`, `info` if it is missing; `structured`, `true` for a line of JSON or
    `false` for Lambda's text line, `true` if it is missing.

    200: `text/plain`, `OK`.
    400: a level or a truth value is not valid; the text lists the valid ones.
    Span: none of its own. The JSON line has `dd.trace_id`, `dd.span_id`, `dd.service`, `dd.env` and
    `dd.version`; the text line has the two ids.
    Setting: `DD_LOGS_INJECTION=false` leaves them out.
    """
    message, structured = optional("msg", "msg"), flag("structured", True)
    capability.log(message, choice("level", capability.LEVELS, "info"), structured=structured)
    return plain_text("OK")


@bp.get("/log/levels")
def log_levels() -> Response:
    """Log a message on standard output five times: `debug`, `info`, `warning`, `error`, `critical`.

    Argument: `msg`, the message, `msg` if it is missing; `structured`, as that of `/log/library`.

    200: `text/plain`, `OK`.
    400: `structured` is not a truth value.
    Span: none of its own. Each line has the ids that a line of `/log/library` has.
    Setting: `DD_LOGS_INJECTION=false` leaves them out.
    """
    capability.log_at_every_level(optional("msg", "msg"), structured=flag("structured", True))
    return plain_text("OK")
