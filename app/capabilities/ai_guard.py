"""Asks Datadog's AI Guard about messages, through the tracer's SDK."""

from __future__ import annotations

from typing import Any

from ddtrace.trace import tracer


class Blocked(Exception):  # noqa: N818 - says what happened
    """AI Guard says that whatever the messages belong to must not go on; `document` says why."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(document["reason"])
        self.document = document


def evaluate(messages: list[Any], user: str | None, session: str | None, *, block: bool) -> dict[str, Any]:
    """AI Guard's evaluation of the messages: action, reason, tags and more.

    Raises Blocked where `block` is true and AI Guard denies them, and whatever the SDK raises where it
    has no credentials or gets no answer.
    """
    from ddtrace.aiguard import AIGuardAbortError, Options, new_ai_guard_client

    if root := tracer.current_root_span():
        for name, value in (("usr.id", user), ("session.id", session), ("usr.session_id", session)):
            if value:
                root.set_tag(name, value)
    try:
        return dict(new_ai_guard_client().evaluate(messages, Options(block=block)))
    except AIGuardAbortError as error:
        # A BaseException of the tracer, but one that its SDK means callers to catch.
        document = {"action": error.action, "reason": error.reason, "tags": error.tags}
        raise Blocked({**document, "sds": error.sds, "tag_probs": error.tag_probs}) from error
