"""Metrics: the endpoint that sends a metric with datadog_lambda."""

from __future__ import annotations

from flask import Blueprint, Response

from app.capabilities import metrics as capability
from app.web.inputs import optional, whole_number
from app.web.responses import plain_text

bp = Blueprint("metrics", __name__)


@bp.get("/metric")
def metric() -> Response:
    """Send one value of a metric, as a distribution.

    Argument: `name`, the metric's name, `weblog.metric` if it is missing; `value`, a whole number
    from -1000000 to 1000000, 1 if it is missing; `tags`, a list such as `shop:north,size:2`, none if it is
    missing.

    200: `text/plain`, `OK`.
    400: `value` is not such a number.
    Metric: with an extension it goes to `DOGSTATSD_PORT` in the form `name:value|d|#tags`; under `./run.sh`
    the trace agent prints it. Without one datadog_lambda prints a line of JSON with `m`, `v`, `e` and `t`.
    Span: none of its own.
    """
    tags = [tag for tag in optional("tags").split(",") if tag]
    capability.send(optional("name", "weblog.metric"), whole_number("value", 1, least=-1_000_000), tags)
    return plain_text("OK")
