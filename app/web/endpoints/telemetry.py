"""Telemetry: the endpoints that change something that the tracer's telemetry then reports.

Each changes something once in the life of a function: later calls answer the same and report nothing.
Telemetry is on with AppSec, or with `DD_INSTRUMENTATION_TELEMETRY_ENABLED=true`.
"""

from __future__ import annotations

from flask import Blueprint, Response

from app.capabilities import telemetry as capability
from app.web.responses import plain_text

bp = Blueprint("telemetry", __name__)


@bp.get("/load_dependency")
def load_dependency() -> Response:
    """Import a package, `datadog`, which was not imported before.

    200: `text/plain`, `Loaded a dependency`.
    Span: none of its own. Telemetry sends `app-dependencies-loaded` with the package.
    """
    capability.load_dependency()
    return plain_text("Loaded a dependency")


@bp.get("/enable_integration")
def enable_integration() -> Response:
    """Import a module that the tracer instruments, `sqlite3`.

    200: `text/plain`, `OK`.
    Span: none of its own. Telemetry sends `app-integrations-change` with the integration.
    """
    capability.enable_integration()
    return plain_text("OK")


@bp.get("/enable_product")
def enable_product() -> Response:
    """Switch a product of the tracer on, LLM Observability, and off again.

    200: `text/plain`, `OK`.
    Span: none of its own. Telemetry sends `app-product-change`.
    """
    capability.enable_product()
    return plain_text("OK")
