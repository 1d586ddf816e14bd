"""LLM: OpenAI's client, against the OpenAI that a test scenario brings.

The package `openai` is optional; without it the endpoint answers 501.
"""

from __future__ import annotations

from flask import Blueprint, Response

from app.capabilities import llm as capability
from app.web.inputs import choice, required, settings
from app.web.responses import json_document

bp = Blueprint("llm", __name__)


@bp.get("/llm")
def llm() -> Response:
    """Ask a model for a text.

    Argument: `model`, its name, required; `operation`, required: `openai-latest-responses.create`,
    `openai-latest-chat.completions.create`, `openai-latest-completions.create`, or one of these three
    with `async` in the place of `latest`, which uses the asynchronous client.

    200: JSON, `{"model", "operation"}`.
    400: no `model`, no `operation`, or an unknown one.
    500: JSON, `{"error"}`, why OpenAI did not answer.
    501: `text/plain`, the package that is missing.
    Setting: `OPENAI_BASE_URL`, where OpenAI is.
    Span: `appsec.events.llm.call.provider` is `openai`, `appsec.events.llm.call.model` the model; the
    trace is kept.
    """
    model, operation = required("model"), choice("operation", capability.OPERATIONS)
    try:
        capability.create(settings().openai_base_url, operation, model)
    except capability.CallFailed as error:
        return json_document({"error": str(error)}, 500)
    return json_document({"model": model, "operation": operation})
