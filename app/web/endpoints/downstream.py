"""Downstream calls: the endpoints that call another service, so that the tracer sees the call."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.capabilities.downstream import call
from app.web.inputs import settings
from app.web.responses import json_document

bp = Blueprint("downstream", __name__)


@bp.route("/external_request", methods=["GET", "POST", "PUT", "TRACE"])
def external_request() -> Response:
    """Call the internal server's mirror with this request's method and body, and report its answer.

    Query: `status`, the status that the mirror shall answer, 200 if it is missing; `url_extra`,
    added to the mirror's path; every other pair becomes a header of the call.
    Body: passed on, with its `Content-Type`.

    200: JSON, `{"status", "headers", "payload"}`: the mirror's answer, whatever its status. Or
    `{"status", "error"}` where it has no JSON body; `status` is null where no answer came.
    Span: the WAF saw the call and its response, `_dd.appsec.trace.{req,res}_*`; a client span.
    """
    arguments = request.args.to_dict()
    status, extra = arguments.pop("status", "200"), arguments.pop("url_extra", "")
    url = f"{settings().internal_server_url}/mirror/{status}{extra}"
    return json_document(call(request.method, url, passed_on(arguments), request.get_data() or None))


def passed_on(arguments: dict[str, str]) -> dict[str, str]:
    """The headers of the call: the query's pairs, and this request's Content-Type if it has a body."""
    if request.content_type and request.get_data():
        return {**arguments, "Content-Type": request.content_type}
    return arguments
