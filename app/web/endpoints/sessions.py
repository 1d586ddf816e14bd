"""Sessions: the endpoints that feed the tracer's session fingerprint."""

from __future__ import annotations

from flask import Blueprint, Response

from app.capabilities import sessions as capability
from app.web.responses import plain_text

bp = Blueprint("sessions", __name__)


@bp.get("/session/new")
def session_new() -> Response:
    """Begin a session.

    200: `text/plain`, the new session's id, which is also in the cookie `session_id`.
    Span: the next request that brings the cookie has it in `_dd.appsec.fp.session`.
    """
    session_id = capability.new_session()
    response = plain_text(session_id)
    response.set_cookie("session_id", session_id)
    return response
