"""Users: the endpoints that tell the tracer who the user is."""

from __future__ import annotations

from flask import Blueprint, Response

from app.capabilities import users as capability
from app.capabilities.errors import MissingSdk
from app.web.inputs import argument, flag, optional, required
from app.web.responses import bad_request, plain_text

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


@bp.get("/user_login_failure_event")
def user_login_failure_event() -> Response:
    """Report a failed login.

    Argument: `event_user_id`, the user's id, `system_tests_user` if it is missing; `event_user_exists`,
    `true` or `false`, `true` if it is missing.

    200: `text/plain`, `OK`.
    400: `event_user_exists` is not valid.
    Span: `appsec.events.users.login.failure.{track,usr.id,usr.exists,metadata0,metadata1}`.
    """
    user_id = optional("event_user_id", "system_tests_user")
    capability.login_failed(user_id, exists=flag("event_user_exists", True))
    return plain_text("OK")


@bp.get("/custom_event")
def custom_event() -> Response:
    """Report an event of the app's own.

    Argument: `event_name`, `system_tests_event` if it is missing.

    200: `text/plain`, `OK`.
    Span: `appsec.events.{event_name}.{track,metadata0,metadata1}`.
    """
    capability.custom_event(optional("event_name", "system_tests_event"))
    return plain_text("OK")


@bp.get("/identify")
def identify() -> Response:
    """Set the user of the trace: each field has its own name as value.

    200: `text/plain`, `OK`.
    Span: `usr.{id,email,name,session_id,role,scope}` on the root span.
    """
    capability.identify("usr.id")
    return plain_text("OK")


@bp.get("/identify-propagate")
def identify_propagate() -> Response:
    """Set the user of the trace, and send the user's id on to the services that are called.

    200: `text/plain`, `OK`.
    Span: on the root span those of `/identify`, and `_dd.p.usr.id`, the id in base64: `dXNyLmlk`.
    """
    capability.identify("usr.id", propagate=True)
    return plain_text("OK")


@bp.post("/user_login_success_event_v2")
def user_login_success_event_v2() -> Response:
    """Report a successful login through the second version of the SDK.

    Body: JSON, `{"login": str, "user_id": str, "metadata": {...}}`; `login` is required.

    200: `text/plain`, `OK`.
    400: a member is missing or wrong; the text names it.
    403: the WAF's answer where a rule blocks this user.
    420: `KO`; the tracer is too old for this SDK.
    Span: `appsec.events.users.login.success.{track,usr.login,usr.id}` and the metadata,
    `_dd.appsec.events.users.login.success.sdk`, `_dd.appsec.user.collection_mode` `sdk`, `usr.id`.
    """
    login, user_id = required("login"), optional("user_id") or None
    capability.login_succeeded_v2(login, user_id, metadata())
    return plain_text("OK")


@bp.post("/user_login_failure_event_v2")
def user_login_failure_event_v2() -> Response:
    """Report a failed login through the second version of the SDK.

    Body: JSON, `{"login": str, "exists": "true" | "false", "metadata": {...}}`; `login` is required;
    `exists` may be a bool, and is `true` if it is missing.

    200: `text/plain`, `OK`.
    400: a member is missing or wrong; the text names it.
    420: `KO`; the tracer is too old for this SDK.
    Span: `appsec.events.users.login.failure.{track,usr.login,usr.exists}` and the metadata,
    `_dd.appsec.events.users.login.failure.sdk`.
    """
    login, exists = required("login"), flag("exists", True)
    capability.login_failed_v2(login, exists=exists, metadata=metadata())
    return plain_text("OK")


@bp.app_errorhandler(MissingSdk)
def missing_sdk(error: MissingSdk) -> Response:
    """420, as the test suite wants it where a tracer lacks the second version of the SDK."""
    return plain_text("KO", 420)


def metadata() -> dict[str, object] | None:
    """The argument `metadata`, an object of a JSON body; None where it is missing."""
    value = argument("metadata")
    if value is None or isinstance(value, dict):
        return value
    raise bad_request("argument metadata must be an object, in a JSON body")
