"""The endpoints that feed the WAF: any request, a custom event, a status and headers of one's choice."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ddtrace.appsec.trace_utils import track_custom_event
from ddtrace.trace import tracer
from flask import Blueprint, Request, Response, abort, jsonify, request
from werkzeug.datastructures import MultiDict

from app.responses import plain_text

bp = Blueprint("waf", __name__)

_EVERY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t -~\x80-\xff]*")


@bp.route("/waf", methods=_EVERY_METHOD)
@bp.route("/waf/<path:path>", methods=_EVERY_METHOD)
def waf(path: str = "") -> Response:
    """Accept any request: any method, path, query, headers, cookies, body and content type.

    The body is not read, so none can break it. Path parameter `path`: what follows `/waf/`.

    200: `text/plain`, `Hello world!` and a line feed.
    Span: the WAF saw every address of the request; on a match `appsec.event`, the triggers in
    the meta_struct `appsec`, fingerprints `_dd.appsec.fp.*`, and `appsec.blocked` where a rule blocks.
    """
    return plain_text("Hello world!\n")


# The slash form needs a rule of its own here: Werkzeug does not try it behind two variable segments
# of which one may hold slashes.
@bp.route("/tag_value/<path:tag_value>/<int:status_code>/", methods=["GET", "POST", "OPTIONS"])
@bp.route("/tag_value/<path:tag_value>/<int:status_code>", methods=["GET", "POST", "OPTIONS"])
def tag_value(tag_value: str, status_code: int) -> Response:
    """Report a custom event, and answer with the status and the headers that the caller wants.

    Path parameters: `tag_value`, the event's value; `status_code`, 200 to 599. Query: every pair
    becomes a response header. Body, with POST and a `tag_value` that begins with
    `payload_in_response_body`: a form or JSON.

    `status_code`: `text/plain`, `Value tagged`; or JSON, `{"payload": <the parsed body>}`, null
    where there is none.
    400: the status or a header is one that HTTP does not have; the text names it.
    Span: `appsec.events.system_tests_appsec_event.{track,value}`, `_dd.appsec.s.{req,res}.*`.
    """
    if not 200 <= status_code <= 599:
        abort(plain_text(f"status_code must be 200 to 599, it is {status_code}\n", 400))
    check_headers(request.args.items(multi=True))
    track_custom_event(tracer, "system_tests_appsec_event", {"value": tag_value})
    if request.method == "POST" and tag_value.startswith("payload_in_response_body"):
        response = jsonify(payload=parsed_body(request))
        response.status_code = status_code
    else:
        response = plain_text("Value tagged", status_code)
    for name in request.args:
        response.headers.setlist(name, request.args.getlist(name))
    return response


def parsed_body(request: Request) -> object:
    """The request's body parsed from JSON or a form, None when it is neither or malformed."""
    if request.is_json:
        return request.get_json(silent=True)
    return plain(request.form) if request.form else None


def plain(form: MultiDict[str, str]) -> dict[str, str | list[str]]:
    """A form as a plain object: a value that came once as a string, one that came often as a list."""
    return {name: values[0] if len(values) == 1 else values for name, values in form.lists()}


def check_headers(pairs: Iterable[tuple[str, str]]) -> None:
    """Abort with 400, naming the pair, where it cannot be a response header."""
    for name, value in pairs:
        if not _HEADER_NAME.fullmatch(name):
            abort(plain_text(f"{name!r} is no header name\n", 400))
        if not _HEADER_VALUE.fullmatch(value):
            abort(plain_text(f"the header {name} cannot be {value!r}\n", 400))
