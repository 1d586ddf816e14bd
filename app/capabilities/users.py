"""Tells the tracer who the user is."""

from __future__ import annotations

from ddtrace.appsec.trace_utils import track_user_login_success_event
from ddtrace.contrib.trace_utils import set_user
from ddtrace.trace import tracer


def identify(user_id: str) -> None:
    """Set the user of the trace; raises the tracer's blocking exception where a rule blocks the user."""
    set_user(
        tracer,
        user_id=user_id,
        email="usr.email",
        name="usr.name",
        session_id="usr.session_id",
        role="usr.role",
        scope="usr.scope",
    )


def login_succeeded(user_id: str) -> None:
    """Report a successful login of this user."""
    track_user_login_success_event(
        tracer, user_id=user_id, metadata={"metadata0": "value0", "metadata1": "value1"}
    )
