"""The weblog's endpoints: one Blueprint a capability, and one list of them.

Each view's docstring is its contract. `docs/endpoints.md` is made from the docstrings by
`python -m scripts.endpoints_page`.
"""

from __future__ import annotations

from flask import Blueprint

from app.web.endpoints import (
    ai_guard,
    api_security,
    core,
    data_streams,
    databases,
    distributed,
    downstream,
    exception_replay,
    graphql,
    health,
    llm,
    login,
    logs,
    messaging,
    metrics,
    otel,
    payments,
    processes,
    rasp,
    s3,
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
    metrics.bp,
    telemetry.bp,
    processes.bp,
    waf.bp,
    users.bp,
    login.bp,
    sessions.bp,
    api_security.bp,
    rasp.bp,
    downstream.bp,
    databases.bp,
    messaging.bp,
    distributed.bp,
    otel.bp,
    exception_replay.bp,
    data_streams.bp,
    s3.bp,
    payments.bp,
    llm.bp,
    graphql.bp,
    ai_guard.bp,
)
