"""Responses that many views give."""

from __future__ import annotations

from flask import Response


def plain_text(text: str, status: int = 200) -> Response:
    """A `text/plain` response without a charset parameter, as the other weblogs send it."""
    return Response(text, status, content_type="text/plain")
