"""Tells the tracer who the user is, and what became of a login.

`login_*_v2` and `signed_up` use the second version of the tracer's SDK, the others the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from ddtrace.appsec.trace_utils import (
    track_custom_event,
    track_user_login_failure_event,
    track_user_login_success_event,
)
from ddtrace.contrib.trace_utils import set_user
from ddtrace.trace import tracer

from app.capabilities.errors import MissingSdk

_METADATA = {"metadata0": "value0", "metadata1": "value1"}


def identify(user_id: str, *, propagate: bool = False) -> None:
    """Set the user of the trace; raises the tracer's blocking exception where a rule blocks the user.

    `propagate` sends the user's id on to other services.
    """
    set_user(
        tracer,
        user_id=user_id,
        email="usr.email",
        name="usr.name",
        session_id="usr.session_id",
        role="usr.role",
        scope="usr.scope",
        propagate=propagate,
    )


def login_succeeded(user_id: str) -> None:
    """Report a successful login of this user."""
    track_user_login_success_event(tracer, user_id=user_id, metadata=_METADATA)


def login_failed(user_id: str, *, exists: bool) -> None:
    """Report a failed login of this user."""
    track_user_login_failure_event(tracer, user_id=user_id, exists=exists, metadata=_METADATA)


def custom_event(name: str) -> None:
    """Report an event of our own."""
    track_custom_event(tracer, name, _METADATA)


def login_succeeded_v2(login: str, user_id: str | None, metadata: Mapping[str, object] | None) -> None:
    """Report a successful login; raises MissingSdk with an old tracer."""
    _sdk().track_login_success(login=login, user_id=user_id, metadata=metadata)


def login_failed_v2(login: str, *, exists: bool, metadata: Mapping[str, object] | None) -> None:
    """Report a failed login; raises MissingSdk with an old tracer."""
    _sdk().track_login_failure(login=login, exists=exists, metadata=metadata)


def signed_up(login: str, user_id: str, metadata: Mapping[str, object] | None) -> None:
    """Report a sign-up; raises MissingSdk with an old tracer."""
    _sdk().track_signup(login=login, user_id=user_id, success=True, metadata=metadata)


def _sdk() -> ModuleType:
    try:
        from ddtrace.appsec import track_user_sdk
    except ImportError as error:
        raise MissingSdk from error
    return track_user_sdk
