"""The weblog's endpoints: one Blueprint a capability, and one list of them.

Each view's docstring is its contract. `docs/endpoints.md` is made from the docstrings by
`python -m scripts.endpoints_page`.
"""

from __future__ import annotations

from flask import Blueprint

from app.web.endpoints import core, databases, downstream, health, messaging, rasp, sessions, users, waf

BLUEPRINTS: tuple[Blueprint, ...] = (
    core.bp,
    health.bp,
    waf.bp,
    users.bp,
    sessions.bp,
    rasp.bp,
    downstream.bp,
    databases.bp,
    messaging.bp,
)
