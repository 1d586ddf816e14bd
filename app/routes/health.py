"""The readiness endpoint; the bare event `{"healthcheck": true}` gets the same document."""

from __future__ import annotations

from flask import Blueprint

from app.health import Health, health

bp = Blueprint("health", __name__)


@bp.get("/healthcheck")
def healthcheck() -> Health:
    """Tell that the function answers, and the version of datadog_lambda.

    200: JSON, `{"status": "ok", "library": {"name": "python_lambda", "version": "<semver>"}}`.
    """
    return health()
