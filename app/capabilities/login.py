"""Logs users in, and tells the tracer of it as an instrumented framework would.

ddtrace instruments no login of Flask's (of all frameworks only Django's), so the app itself
makes the calls that its Django integration makes. They report in the mode of
`DD_APPSEC_AUTO_USER_INSTRUMENTATION_MODE`: that is what "automated" means here.
"""

from __future__ import annotations

from dataclasses import dataclass

from ddtrace.appsec.trace_utils import track_user_login_failure_event, track_user_login_success_event
from ddtrace.contrib.trace_utils import set_user
from ddtrace.trace import tracer


@dataclass(frozen=True)
class User:
    """Somebody who may log in."""

    name: str
    id: str
    email: str
    password: str = "1234"  # noqa: S105 - the password that the test suite uses


USERS = {
    user.name: user
    for user in (
        User("test", "social-security-id", "testuser@ddog.com"),
        User("testuuid", "591dc126-8431-4d0f-9509-b23318d3dce4", "testuseruuid@ddog.com"),
    )
}


def log_in(name: str, password: str) -> User | None:
    """The user with this name and password, or None; the tracer gets the automated event of either.

    Raises the tracer's blocking exception where a rule blocks the user.
    """
    user = USERS.get(name)
    if user and user.password == password:
        track_user_login_success_event(tracer, user_id=user.id, login=name, login_events_mode="auto")
        return user
    # An unknown user has no id, so the name stands for it, as in Django's integration.
    user_id = user.id if user else name
    track_user_login_failure_event(
        tracer, user_id=user_id, exists=user is not None, login=name, login_events_mode="auto"
    )
    return None


def recognise(name: str) -> None:
    """Tell the tracer that this user, who logged in earlier, makes the request.

    An unknown name is ignored. Raises the tracer's blocking exception where a rule blocks the user.
    """
    if user := USERS.get(name):
        set_user(tracer, user_id=user.id, email=user.email, mode="auto")


@dataclass(frozen=True)
class SdkEvent:
    """A login event that the caller wants reported through the tracer's SDK, beside the automated one."""

    succeeded: bool
    user_id: str
    email: str | None
    exists: bool

    def report(self) -> None:
        """Report it; raises the tracer's blocking exception where a rule blocks the user."""
        if self.succeeded:
            track_user_login_success_event(tracer, user_id=self.user_id, email=self.email, login=self.user_id)
        else:
            track_user_login_failure_event(
                tracer, user_id=self.user_id, email=self.email, exists=self.exists, login=self.user_id
            )
