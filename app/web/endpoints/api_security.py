"""API Security: the endpoints on which it samples and names routes."""

from __future__ import annotations

from flask import Blueprint, Response

from app.capabilities import api_security as capability
from app.web.inputs import choice
from app.web.responses import bad_request, json_document, plain_text

bp = Blueprint("api_security", __name__)


@bp.get("/api_security/sampling/<int:i>")
def sampling_status(i: int) -> Response:
    """Answer with the status in the path.

    Path parameters: `i`, the status, 200 to 599.

    `i`: `text/plain`, `Hello!`.
    400: HTTP does not have this status.
    Span: `_dd.appsec.s.*`, once in 30 seconds for each method, route and status.
    Setting: `DD_API_SECURITY_SAMPLE_DELAY`, the seconds.
    """
    if not 200 <= i <= 599:
        raise bad_request(f"the status must be 200 to 599, it is {i}")
    return plain_text("Hello!", i)


@bp.get("/api_security_sampling/<int:i>")
def sampling(i: int) -> Response:
    """Answer on one route with many paths.

    Path parameters: `i`, a whole number.

    200: `text/plain`, `OK`.
    Span: `_dd.appsec.s.*`, once in 30 seconds for all these paths together.
    Setting: `DD_API_SECURITY_SAMPLE_DELAY`, the seconds.
    """
    return plain_text("OK")


@bp.get("/api_security/multi-params-in-segment/<id>.<format>")
def multi_params_in_segment(id: str, format: str) -> Response:  # noqa: A002 - the names are the contract's
    """Take two path parameters in one segment.

    Path parameters: `id` and `format`, with a dot between them.

    200: `text/plain`, `ok`.
    Span: `_dd.appsec.normalized_route` `/api_security/multi-params-in-segment/{id+format}`.
    """
    return plain_text("ok")


# Flask has no optional parameters, so the two forms are two routes.
@bp.get("/api_security/optional-params/<id>")
@bp.get("/api_security/optional-params/<id>.<format>")
def optional_params(id: str, format: str = "") -> Response:  # noqa: A002 - the names are the contract's
    """Take one path parameter, or two in one segment.

    Path parameters: `id`; and `format`, behind a dot, which may be missing.

    200: `text/plain`, `ok`.
    Span: `_dd.appsec.normalized_route` `/api_security/optional-params/{id}` or
    `/api_security/optional-params/{id+format}`.
    """
    return plain_text("ok")


@bp.get("/endpoint_fallback")
@bp.get("/endpoint_fallback.php")
def endpoint_fallback() -> Response:
    """Change what the tracer knows of the request's route, by which API Security samples.

    Argument: `case`, one of `with_route`, `with_endpoint`, `404`, `computed`; required.

    200: JSON, `{"case": ...}`.
    400: no `case`, or another one.
    404: the same, in the case `404`.
    Span: on `aws.lambda` `http.route` is `/users/{id}/profile`, or there is none and `http.endpoint` is
    `/api/products/{param:int}` or `/api/notfound/{param:int}`, or there is neither and `http.url` is
    `http://localhost:8080/endpoint_fallback_computed/users/123/orders/456`.
    """
    case = choice("case", capability.CASES)
    capability.set_route(case)
    return json_document({"case": case}, 404 if case == "404" else 200)
