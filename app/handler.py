"""The Lambda handler: finds out what kind of event came in, and has it answered.

datadog_lambda wraps `lambda_handler` (`DD_LAMBDA_HANDLER=app.handler.lambda_handler`), awslambdaric
calls the wrapper.
"""

from __future__ import annotations

from app.events import http_event
from app.events.types import Event, Result
from app.health import Health, health
from app.tracing import configure_tracer
from app.weblog import create_app
from app.wsgi import respond

configure_tracer()
app = create_app()


def lambda_handler(event: Event, context: object) -> Result | Health:
    """Answer one event.

    `{"healthcheck": true}` gets the bare health document; an HTTP event of one of the five types
    gets the Flask app's response in the shape of its type. Raises UnknownEvent or InvalidEvent for
    anything else, and whatever a view raises: the invocation fails, the function stays up.
    """
    if event == {"healthcheck": True}:
        return health()
    return respond(app, http_event(event), context)
