"""Health: the readiness endpoint. The bare event `{"healthcheck": true}` gets the same document."""

from __future__ import annotations

from flask import Blueprint, request

from app.capabilities import health as capability

bp = Blueprint("health", __name__)


@bp.get("/healthcheck")
def healthcheck() -> capability.Health:
    """Say that the function answers, and the version of datadog_lambda.

    Query: `versions`, with any value or none, asks for `versions` too.

    200: JSON, `{"status": "ok", "library": {"name": "python_lambda", "version": "<semver>"}}`, with
    `versions` also `"versions": {"ddtrace": {"version": "...", "path": "..."}, "datadog_lambda": {...}}`. The
    path is the folder from which the function has imported the package.
    Span: the bare event's has `_dd.appsec.unsupported_event_type` where AppSec is on.
    Note: behind the lambda proxy the path never reaches the function, because the proxy answers
    `Ok` itself. The Invoke API reaches it.
    """
    return capability.health_with_versions() if "versions" in request.args else capability.health()
