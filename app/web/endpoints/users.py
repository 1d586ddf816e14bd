"""Users: the endpoints that tell the tracer who the user is."""

from __future__ import annotations

from flask import Blueprint, Response

from app.capabilities import users as capability
from app.web.inputs import optional, required
from app.web.responses import plain_text

bp = Blueprint("users", __name__)


@bp.get("/users")
def users() -> Response:
    """Set the user of the trace; the WAF may block that user.

    Argument: `user`, the user's id, required.

    200: `text/plain`, `OK`.
    400: no `user`.
    403: the WAF's answer where a rule blocks this user.
    Span: `usr.id` and, as fixed values, `usr.{email,name,session_id,role,scope}`.
    """
    capability.identify(required("user"))
    return plain_text("OK")


@bp.get("/user_login_success_event")
def user_login_success_event() -> Response:
    """Report a successful login.

    Argument: `event_user_id`, the user's id, `system_tests_user` if it is missing.

    200: `text/plain`, `OK`.
    Span: `usr.id`, `appsec.events.users.login.success.{track,metadata0,metadata1}`, and the
    fingerprint `_dd.appsec.fp.session`.
    """
    capability.login_succeeded(optional("event_user_id", "system_tests_user"))
    return plain_text("OK")
