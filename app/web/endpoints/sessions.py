"""Sessions: the endpoints that feed the tracer's session fingerprint."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.capabilities import sessions as capability
from app.web.inputs import required
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


@bp.get("/session/user")
def session_user() -> Response:
    """Report that a user has logged in, in the session that the request belongs to.

    Argument: `sdk_user`, the user's id, required.
    Header: the cookie `session_id` of `/session/new`; without one nothing is reported.

    200: `text/plain`, `OK`.
    400: no `sdk_user`.
    Span: `usr.id`, `usr.session_id`, and the fingerprint of user, cookies and session in
    `_dd.appsec.fp.session`.
    """
    user_id = required("sdk_user")
    if session_id := request.cookies.get("session_id"):
        capability.log_in(user_id, session_id)
    return plain_text("OK")
