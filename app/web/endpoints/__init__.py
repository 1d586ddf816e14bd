"""The weblog's endpoints: one Blueprint a capability, and one list of them.

Each view's docstring is its contract. `docs/endpoints.md` is made from the docstrings by
`python -m scripts.endpoints_page`.
"""

from __future__ import annotations

from flask import Blueprint

from app.web.endpoints import (
    ai_guard,
    core,
    data_streams,
    distributed,
    downstream,
    exception_replay,
    graphql,
    health,
    llm,
    otel,
    payments,
    rasp,
    s3,
    sessions,
    users,
    waf,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    core.bp,
    health.bp,
    waf.bp,
    users.bp,
    sessions.bp,
    rasp.bp,
    downstream.bp,
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
