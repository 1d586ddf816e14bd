"""The endpoints that call another service, so that the tracer sees the request and the response."""

from __future__ import annotations

from flask import Blueprint, Request, Response, jsonify, request

from app.downstream import call
from app.settings import settings

bp = Blueprint("downstream", __name__)


@bp.route("/external_request", methods=["GET", "POST", "PUT", "TRACE"])
def external_request() -> Response:
    """Call the internal server's mirror with this request's method and body, and report its answer.

    Query: `status`, the status that the mirror shall answer, 200 unless given; `url_extra`, put
    behind its path; every other pair becomes a header of the call. Body and `Content-Type` are
    passed on.

    200: JSON, `{"status", "headers", "payload"}`, the mirror's answer, whatever its status; or
    `{"status", "error"}` when it has no JSON body, `status` null when there was no answer at all.
    Span: the WAF saw the call and its response, `_dd.appsec.trace.{req,res}_*`; a client span.
    """
    arguments = request.args.to_dict()
    status, extra = arguments.pop("status", "200"), arguments.pop("url_extra", "")
    url = f"{settings.internal_server_url}/mirror/{status}{extra}"
    return jsonify(call(request.method, url, headers_of(request, arguments), request.get_data() or None))


def headers_of(request: Request, arguments: dict[str, str]) -> dict[str, str]:
    """The headers of the call: the query's pairs, and this request's Content-Type if it has a body."""
    if request.content_type and request.get_data():
        return {**arguments, "Content-Type": request.content_type}
    return arguments
