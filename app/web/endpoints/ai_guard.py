"""AI Guard: the tracer's SDK for Datadog's evaluation of what people and models say."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.capabilities import ai_guard as capability
from app.web.inputs import json_body
from app.web.responses import bad_request, json_document

bp = Blueprint("ai_guard", __name__)


@bp.post("/ai_guard/evaluate")
def evaluate() -> Response:
    """Have a conversation evaluated.

    Body: JSON, the list of messages.
    Header: `X-AI-Guard-Block`, `true` where a denial is to block, `false` if it is missing;
    `X-User-Id` and `X-Session-Id`, the user and the session of the trace.

    200: JSON, the evaluation: `action`, `reason`, `tags`, `sds`, `tag_probs`, `messages`.
    400: the body is not a JSON list with a message in it.
    403: JSON, `action`, `reason`, `tags`, `sds`, `tag_probs`: AI Guard denies it, and this blocks.
    500: JSON, `{"error", "type"}`: AI Guard did not answer, or there are no credentials.
    Setting: `DD_AI_GUARD_ENABLED`, `DD_AI_GUARD_ENDPOINT`, `DD_API_KEY`, `DD_APP_KEY`.
    Span: `ai_guard` with `ai_guard.action`, `ai_guard.target` and, where it blocks, `ai_guard.blocked`;
    `usr.id` and `session.id` on the root.
    """
    messages = json_body()
    if not isinstance(messages, list) or not messages:
        raise bad_request("the body must be a JSON list with a message in it")
    headers = request.headers
    block = headers.get("X-AI-Guard-Block", "false").lower() == "true"
    try:
        evaluation = capability.evaluate(
            messages, headers.get("X-User-Id"), headers.get("X-Session-Id"), block=block
        )
    except capability.Blocked as blocked:
        return json_document(blocked.document, 403)
    except Exception as error:  # noqa: BLE001 - the contract: whatever fails is reported to the client
        return json_document({"error": str(error), "type": type(error).__name__}, 500)
    return json_document(evaluation)
