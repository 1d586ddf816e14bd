"""The endpoints that tell the tracer who the user is."""

from __future__ import annotations

from ddtrace.appsec.trace_utils import track_user_login_success_event
from ddtrace.contrib.trace_utils import set_user
from ddtrace.trace import tracer
from flask import Blueprint, Response, request

from app.arguments import required_argument
from app.responses import plain_text

bp = Blueprint("users", __name__)


@bp.get("/users")
def users() -> Response:
    """Set the user of the trace; the WAF may block that user.

    Query: `user`, the user's id, required.

    200: `text/plain`, `OK`.
    400: no `user`.
    403: the WAF's answer when a rule blocks this user.
    Span: `usr.id` and, as fixed values, `usr.{email,name,session_id,role,scope}`.
    """
    set_user(
        tracer,
        user_id=required_argument(request, "user"),
        email="usr.email",
        name="usr.name",
        session_id="usr.session_id",
        role="usr.role",
        scope="usr.scope",
    )
    return plain_text("OK")


@bp.get("/user_login_success_event")
def user_login_success_event() -> Response:
    """Report a successful login.

    Query: `event_user_id`, the user's id, `system_tests_user` unless given.

    200: `text/plain`, `OK`.
    Span: `usr.id`, `appsec.events.users.login.success.{track,metadata0,metadata1}`, and the
    fingerprint `_dd.appsec.fp.session`.
    """
    track_user_login_success_event(
        tracer,
        user_id=request.args.get("event_user_id", "system_tests_user"),
        metadata={"metadata0": "value0", "metadata1": "value1"},
    )
    return plain_text("OK")
