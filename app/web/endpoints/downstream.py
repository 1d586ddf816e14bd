"""Downstream calls: the endpoints that call another service, so that the tracer sees the call."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.capabilities import downstream as capability
from app.web.calls_back import proxies_for
from app.web.inputs import required, settings, whole_number
from app.web.responses import bad_request, json_document, plain_text

bp = Blueprint("downstream", __name__)

_METHODS = ["GET", "POST", "PUT", "TRACE"]
_BODY_LIMITS = ("invalid_content_type", "content_length_missing", "content_length_too_big")
_RETURN_HEADERS = "http://localhost:7777/returnheaders"


@bp.route("/external_request", methods=_METHODS)
def external_request() -> Response:
    """Call the internal server's mirror with this request's method and body, and report its answer.

    Query: `status`, the status that the mirror answers, 200 if it is missing; `url_extra`,
    added to the mirror's path; every other pair becomes a header of the call.
    Body: passed on, with its `Content-Type`.

    200: JSON, `{"status", "headers", "payload"}`: the mirror's answer, whatever its status. Or
    `{"status", "error"}` where it has no JSON body; `status` is null where no answer came.
    Span: the WAF saw the call and its response, `_dd.appsec.trace.{req,res}_*`; a client span.
    """
    arguments = request.args.to_dict()
    status, extra = arguments.pop("status", "200"), arguments.pop("url_extra", "")
    return called(f"/mirror/{status}{extra}", arguments)


@bp.route("/external_request/body_limit/<failure_reason>", methods=_METHODS)
def external_request_body_limit(failure_reason: str) -> Response:
    """Call the internal server for a response whose body the WAF must not read, and report it.

    Path parameter: `failure_reason`, one of `invalid_content_type`, `content_length_missing`,
    `content_length_too_big`.
    Query: every pair becomes a header of the call.
    Body: passed on, with its `Content-Type`.

    200: JSON, as that of `/external_request`; `payload` is null where the body has more than 1 MiB.
    404: JSON, `{"error"}` with the known reasons, where `failure_reason` is another.
    Span: `_dd.appsec.downstream_request` is 1, a client span, and, with a tracer that has them, the tags
    `_dd.appsec.downstream_request.response_body_ignored.*`.
    """
    if failure_reason not in _BODY_LIMITS:
        known = ", ".join(_BODY_LIMITS)
        return json_document(
            {"error": f"failure_reason must be one of {known}; it is {failure_reason!r}"}, 404
        )
    return called(f"/downstream_response/{failure_reason}", request.args.to_dict())


@bp.get("/external_request/redirect")
def external_request_redirect() -> Response:
    """Call the internal server, which redirects, follow it to the end, and report the last answer.

    Argument: `totalRedirects`, how often the internal server redirects to itself before it redirects
    to its mirror, 0 to 20, 0 if it is missing.
    Query: every other pair becomes a header of the call.

    200: JSON, as that of `/external_request`.
    400: `totalRedirects` is not such a number.
    Span: `_dd.appsec.downstream_request` is `totalRedirects` plus 2.
    """
    redirects = whole_number("totalRedirects", 0, most=20)
    headers = request.args.to_dict()
    headers.pop("totalRedirects", None)
    return called(f"/redirect?totalRedirects={redirects}", headers)


@bp.get("/make_distant_call")
def make_distant_call() -> Response:
    """Call a URL, and tell which headers were sent and received.

    Argument: `url`, required. `http://localhost:7777` and `http://weblog:7777` are this weblog: it
    answers in the same process.

    200: JSON, `{"url", "status_code", "request_headers", "response_headers"}`.
    400: no `url`, or one that cannot be called.
    502: `text/plain`, why no answer came.
    Span: a client span, and the headers that propagate its trace.
    """
    return distant_call(required("url"))


@bp.route("/requestdownstream", methods=["GET", "POST", "OPTIONS"])
def request_downstream() -> Response:
    """Call this weblog's `/returnheaders`.

    200: JSON, the headers that it received.
    Span: a client span, and a second trace of the call, with the same trace id.
    """
    return json_document(capability.returned_headers(_RETURN_HEADERS, proxies_for(_RETURN_HEADERS)))


@bp.route("/vulnerablerequestdownstream", methods=["GET", "POST", "OPTIONS"])
def vulnerable_request_downstream() -> Response:
    """Make a weak hash, a vulnerability that the tracer does not look for in Lambda, and do the same.

    200: JSON, the headers that it received.
    Span: as with `/requestdownstream`.
    """
    capability.weak_hash("something to hash")
    return json_document(capability.returned_headers(_RETURN_HEADERS, proxies_for(_RETURN_HEADERS)))


@bp.route("/returnheaders", methods=["GET", "POST", "OPTIONS"])
def return_headers() -> Response:
    """Answer with the request's headers.

    200: JSON, an object of header names and values.
    """
    return json_document(dict(request.headers))


@bp.get("/inferred-proxy/span-creation")
def inferred_proxy() -> Response:
    """Answer a request whose `x-dd-proxy*` headers tell of an API gateway in front.

    Argument: `status_code`, 200 to 599, 200 if it is missing.

    200: `text/plain`, `ok`, with the status `status_code`.
    400: `status_code` is not such a number.
    Setting: `DD_TRACE_INFERRED_PROXY_SERVICES_ENABLED`.
    Span: `aws.apigateway` with `component` `aws-apigateway`, made from these headers.
    """
    return plain_text("ok", whole_number("status_code", 200, least=200, most=599))


def called(path: str, headers: dict[str, str]) -> Response:
    """Call this path of the internal server with the request's method and body, and report the answer."""
    body = request.get_data() or None
    if request.content_type and body:
        headers = {**headers, "Content-Type": request.content_type}
    url = settings().internal_server_url + path
    return json_document(capability.call(request.method, url, headers, body))


def distant_call(url: str) -> Response:
    """The response of every endpoint that makes a call and tells of its headers."""
    try:
        return json_document(capability.distant_call(url, proxies_for(url)))
    except capability.InvalidCall as error:
        raise bad_request(f"argument url: {error}") from error
    except capability.NoAnswer as error:
        return plain_text(f"{error}\n", 502)
