"""The weblog's endpoints, one Blueprint per capability; each view's docstring is its contract."""

from __future__ import annotations

from flask import Blueprint

from app.routes import core, downstream, health, rasp, session, users, waf

BLUEPRINTS: tuple[Blueprint, ...] = (
    core.bp,
    health.bp,
    waf.bp,
    users.bp,
    session.bp,
    rasp.bp,
    downstream.bp,
)
