"""The Flask app: makes it, registers the Blueprints, and nothing else."""

from __future__ import annotations

from flask import Flask

from app.routes import BLUEPRINTS


def create_app() -> Flask:
    """The weblog, ready to answer."""
    app = Flask(__name__, static_folder=None)
    # An unhandled exception has to reach datadog_lambda, as in a function without a framework:
    # the invocation fails, and the span tells why.
    app.config["PROPAGATE_EXCEPTIONS"] = True
    # `/params/x` and `/params/x/` are one endpoint, for a front door may redirect to either; and
    # no path is redirected, for the tracer would see another request than the one that was sent.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    # In the order in which they are written, as the bare health document is.
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
