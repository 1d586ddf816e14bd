"""Login: the endpoints where a user logs in or signs up, which the tracer reports by itself.

The users are `test` (`social-security-id`) and `testuuid` (`591dc126-8431-4d0f-9509-b23318d3dce4`), both
with the password `1234`. A login begins a session, in the cookie `weblog_session`: a later request with it
has the user in `usr.id`, and may be blocked by a rule about the user.
"""

from __future__ import annotations

from flask import Blueprint, Response, request, session
from flask.blueprints import BlueprintSetupState

from app.capabilities import login as capability
from app.capabilities import users
from app.web.inputs import choice, flag, optional, required
from app.web.responses import bad_request, plain_text

bp = Blueprint("login", __name__)

# Every function that runs the weblog accepts the sessions of the others, so all have the same key.
SECRET_KEY = "the weblog keeps no secrets"  # noqa: S105

# Not Flask's `session`: clients have cookies of that name from other servers, too.
SESSION_COOKIE = "weblog_session"

_NEW_USER_ID = "new-user"


@bp.record_once
def prepare_sessions(state: BlueprintSetupState) -> None:
    """Let Flask sign its session cookie."""
    state.app.secret_key = SECRET_KEY
    state.app.config["SESSION_COOKIE_NAME"] = SESSION_COOKIE


# The hook that ddtrace does not wrap in a span of its own. `before_app_request` would add one to each trace.
@bp.app_url_value_preprocessor
def recognise_user(endpoint: str | None, values: dict[str, object] | None) -> None:
    """Tell the tracer who makes a request with a session."""
    if SESSION_COOKIE in request.cookies and (name := session.get("user")):
        capability.recognise(name)


@bp.route("/login", methods=["GET", "POST"])
def login() -> Response:
    """Log a user in. The tracer gets an automated login event and, on demand, one through its SDK.

    Header: `Authorization: Basic ...` with name and password; it takes precedence over a form.
    Body: a form, `username` and `password`.
    Query: `sdk_event`, `success` or `failure`, reports such an event through the SDK, for the user
    `sdk_user`, required then, with the address `sdk_mail`; `sdk_user_exists`, `true` or `false`, `false`
    if it is missing; `sdk_trigger`, `before` or `after`, which are the same here: the SDK's event always
    comes after the automated one, because the tracer keeps only the later one.

    200: `text/plain`, `OK`, and the cookie `weblog_session`; also where `sdk_event` is `success`, then
    without a cookie if name and password are wrong.
    400: an argument is wrong or missing; the text names it.
    401: `text/plain`, `login failure`.
    403: the WAF's answer where a rule blocks this user.
    Span: `appsec.events.users.login.{success,failure}.{track,usr.login}`, `usr.exists` of a failure,
    `_dd.appsec.events.users.login.{success,failure}.auto.mode`, `_dd.appsec.usr.{id,login}`,
    `_dd.appsec.user.collection_mode`, `usr.id`.
    Setting: `DD_APPSEC_AUTO_USER_INSTRUMENTATION_MODE`, `identification`, `anonymization` or `disabled`;
    `DD_APPSEC_AUTOMATED_USER_EVENTS_TRACKING_ENABLED=false` is the same as `disabled`.
    """
    name, password = credentials()
    event = sdk_event()
    choice("sdk_trigger", ("before", "after"), "after")
    user = capability.log_in(name, password)
    if user:
        session["user"] = user.name
    if event:
        event.report()
    if user or (event and event.succeeded):
        return plain_text("OK")
    return plain_text("login failure", 401)


@bp.post("/signup")
def signup() -> Response:
    """Pretend to make a new user. No user is kept, so nobody can log in with it.

    Body: a form, `username` and `password`, both required.
    Query: `sdk_event=signup` reports the sign-up of `sdk_user`, required then, with the address
    `sdk_mail`, instead of that of the form's user.

    200: `text/plain`, `OK`.
    400: an argument is wrong or missing; the text names it.
    420: `KO`; the tracer is too old for this SDK.
    Span: `appsec.events.users.signup.{track,usr.login,usr.id}`, `usr.id`,
    `_dd.appsec.usr.{id,login}`. The id of the form's user is `new-user`. There is no automated event,
    because ddtrace knows no sign-up in Flask.
    """
    name, _ = required("username"), required("password")
    mail = optional("sdk_mail")
    metadata = {"usr.email": mail} if mail else None
    if request.args.get("sdk_event") is None:
        users.signed_up(name, _NEW_USER_ID, metadata)
    else:
        choice("sdk_event", ("signup",))
        users.signed_up(required("sdk_user"), required("sdk_user"), metadata)
    return plain_text("OK")


def credentials() -> tuple[str, str]:
    """Name and password, of the header or of the form; a 400 where there are none."""
    authorization = request.authorization
    if authorization is None and "Authorization" in request.headers:
        raise bad_request("the header Authorization must be `Basic` and the base64 of `name:password`")
    if authorization is None:
        return required("username"), required("password")
    if authorization.type != "basic":
        raise bad_request(f"the header Authorization must be of the type Basic, it is {authorization.type!r}")
    return authorization.username or "", authorization.password or ""


def sdk_event() -> capability.SdkEvent | None:
    """The event that the query asks for."""
    if "sdk_event" not in request.args:
        return None
    return capability.SdkEvent(
        succeeded=choice("sdk_event", ("success", "failure")) == "success",
        user_id=required("sdk_user"),
        email=optional("sdk_mail") or None,
        exists=flag("sdk_user_exists", False),
    )
