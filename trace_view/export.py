"""Writes an invocation as a command or a test that does the same again."""

from __future__ import annotations

from typing import Any

from trace_view.settings import Settings

FORMATS = ("curl", "event", "pytest")


def exported(kind: str, record: dict[str, Any], settings: Settings) -> str:
    """The text; `kind` is one of FORMATS."""
    return ""
