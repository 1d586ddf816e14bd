"""Sessions, for the tracer's session fingerprint."""

from __future__ import annotations

from secrets import token_hex

from ddtrace.appsec.trace_utils import track_user_login_success_event
from ddtrace.trace import tracer


def new_session() -> str:
    """The id of a new session, 32 hexadecimal digits."""
    return token_hex(16)


def log_in(user_id: str, session_id: str) -> None:
    """Report that this user has logged in, in this session."""
    track_user_login_success_event(tracer, user_id=user_id, session_id=session_id)
