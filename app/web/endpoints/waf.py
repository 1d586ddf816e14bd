"""WAF: any request, a custom event, a status and headers of the client's choice."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from app.capabilities import waf as capability
from app.web.responses import bad_request, check_headers, json_document, plain_text

bp = Blueprint("waf", __name__)

_EVERY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


@bp.route("/waf", methods=_EVERY_METHOD)
@bp.route("/waf/<path:path>", methods=_EVERY_METHOD)
def waf(path: str = "") -> Response:
    """Accept any request: any method, path, query, headers, cookies, body and content type.

    Path parameters: `path`, what follows `/waf/`.
    Body: any. It is not read, so that none can break the endpoint.

    200: `text/plain`, `Hello world!` and a line feed.
    Span: the WAF saw every address of the request. On a match `appsec.event`, the triggers in the
    meta_struct `appsec`, fingerprints `_dd.appsec.fp.*`, and `appsec.blocked` where a rule blocks.
    """
    return plain_text("Hello world!\n")


# The form with a slash at the end needs a rule of its own here: Werkzeug does not try it behind two
# variable segments where one may hold slashes.
@bp.route("/tag_value/<path:tag_value>/<int:status_code>/", methods=["GET", "POST", "OPTIONS"])
@bp.route("/tag_value/<path:tag_value>/<int:status_code>", methods=["GET", "POST", "OPTIONS"])
def tag_value(tag_value: str, status_code: int) -> Response:
    """Report a custom event, and answer with the status and the headers that the caller wants.

    Path parameters: `tag_value`, the event's value; `status_code`, 200 to 599.
    Query: every pair becomes a response header.
    Body: a form or JSON, used with POST and a `tag_value` that begins with `payload_in_response_body`.

    `status_code`: `text/plain`, `Value tagged`. With such a body JSON, `{"payload": <the parsed
    body>}`, null where it cannot be parsed.
    400: HTTP does not have this status or this header; the text names it.
    Span: `appsec.events.system_tests_appsec_event.{track,value}`, `_dd.appsec.s.{req,res}.*`.
    """
    if not 200 <= status_code <= 599:
        raise bad_request(f"status_code must be 200 to 599, it is {status_code}")
    check_headers(request.args.items(multi=True))
    capability.report_value(tag_value)
    if request.method == "POST" and tag_value.startswith("payload_in_response_body"):
        response = json_document({"payload": parsed_body()}, status_code)
    else:
        response = plain_text("Value tagged", status_code)
    for name in request.args:
        response.headers.setlist(name, request.args.getlist(name))
    return response


def parsed_body() -> object:
    """The request's body, parsed from JSON or a form; None where it is neither, or malformed."""
    if request.is_json:
        return request.get_json(silent=True)
    return plain_form(request.form) if request.form else None


def plain_form(form: MultiDict[str, str]) -> dict[str, str | list[str]]:
    """A form as a plain object: one value of a name as a string, several as a list."""
    return {name: values[0] if len(values) == 1 else values for name, values in form.lists()}
