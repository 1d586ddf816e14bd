"""Makes the Flask app: registers the Blueprints and the error answers, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from werkzeug.routing import Rule

from app.clients.errors import ServiceError
from app.clients.packages import MissingPackage
from app.settings import Settings
from app.web.endpoints import BLUEPRINTS
from app.web.responses import missing_package, service_error


class LateRule(Rule):
    """A route whose URL builder is compiled when it is first used.

    Werkzeug compiles it when the route is made. For all routes together that takes most of the time
    of `create_app`, which every cold start pays, and only `url_for` uses it.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_now = super()._compile_builder

        def build(rule: Rule, **values: object) -> tuple[str, str]:
            return compile_now(append_unknown)(rule, **values)

        return build


def create_app(settings: Settings) -> Flask:
    """The weblog, ready to answer. Views find the settings with `app.web.inputs.settings()`."""
    app = Flask("app.web", static_folder=None)
    app.url_rule_class = LateRule
    app.config["WEBLOG"] = settings
    # An unhandled exception has to reach datadog_lambda, as in a function without a framework:
    # the invocation fails, and the span says why.
    app.config["PROPAGATE_EXCEPTIONS"] = True
    # `/params/x` and `/params/x/` are one endpoint, because a front door may redirect to either one.
    # No path is redirected, because the tracer would then see another request than the client sent.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    # Keys stay in the order in which they are written, as in the bare health document.
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    app.register_error_handler(MissingPackage, missing_package)
    app.register_error_handler(ServiceError, service_error)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
