"""The Lambda handler: recognises the event and has its type answer it.

datadog_lambda wraps `lambda_handler` (`DD_LAMBDA_HANDLER=app.handler.lambda_handler`), and
awslambdaric calls the wrapper.
"""

from __future__ import annotations

from app.start_up import collection_paused

with collection_paused():
    from app.events import Result, Weblog, recognise
    from app.settings import Settings
    from app.tracing import OpenSpans, configure_tracer
    from app.web.factory import create_app

    settings = Settings.from_environment()
    configure_tracer()
    app = create_app(settings)

weblog = Weblog(settings, app)
open_spans = OpenSpans()


def lambda_handler(event: object, context: object) -> Result:
    """Answer one event with the result that its source expects.

    Raises UnknownEvent for an event of no known type, InvalidEvent for one with a broken part, and
    whatever a view raises: the invocation fails, and the function stays up.
    """
    found = recognise(event)
    open_spans.look(found.title)
    return found.answer(weblog, context)
