"""Distributed tracing: decisions that travel with the trace."""

from __future__ import annotations

from flask import Blueprint, Response

from app.capabilities import distributed as capability
from app.web.endpoints.downstream import distant_call
from app.web.inputs import choice

bp = Blueprint("distributed", __name__)


@bp.get("/trace/manual_keep_drop")
def manual_keep_drop() -> Response:
    """Keep or drop the trace by hand, then call this weblog, so that the decision is seen to be passed on.

    Argument: `decision`, `keep` or `drop`, required.

    200: JSON, that of `/make_distant_call` with the URL `http://localhost:7777/`.
    400: `decision` is missing or another; nothing is called.
    Span: `_sampling_priority_v1` 2 or -1, in the headers of the call too.
    """
    capability.decide(choice("decision", ("keep", "drop")))
    return distant_call("http://localhost:7777/")
