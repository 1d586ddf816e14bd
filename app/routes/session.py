"""A session, for the tracer's session fingerprint."""

from __future__ import annotations

from secrets import token_hex

from flask import Blueprint, Response

from app.responses import plain_text

bp = Blueprint("session", __name__)


@bp.get("/session/new")
def session_new() -> Response:
    """Begin a session.

    200: `text/plain`, the new session's id, which the cookie `session_id` has too.
    Span: the next request that brings the cookie has it in `_dd.appsec.fp.session`.
    """
    session_id = token_hex(16)
    response = plain_text(session_id)
    response.set_cookie("session_id", session_id)
    return response
