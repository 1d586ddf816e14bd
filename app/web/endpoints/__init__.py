"""The weblog's endpoints: one Blueprint a capability, and one list of them.

Each view's docstring is its contract. `docs/endpoints.md` is made from the docstrings by
`python -m scripts.endpoints_page`.
"""

from __future__ import annotations

from flask import Blueprint

from app.web.endpoints import (
    api_security,
    core,
    downstream,
    health,
    login,
    logs,
    processes,
    rasp,
    sessions,
    telemetry,
    tracing,
    users,
    waf,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    core.bp,
    health.bp,
    tracing.bp,
    logs.bp,
    telemetry.bp,
    processes.bp,
    waf.bp,
    users.bp,
    login.bp,
    sessions.bp,
    api_security.bp,
    rasp.bp,
    downstream.bp,
)
