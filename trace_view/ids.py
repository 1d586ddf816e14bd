"""Writes ids of traces and spans as text: JavaScript's numbers cannot hold all of their digits."""

from __future__ import annotations

from typing import Any

_IDS = frozenset({"trace_id", "span_id", "parent_id", "trace_id_high"})


def as_text(record: dict[str, Any]) -> dict[str, Any]:
    """The record with the ids in its spans, their links and its checks as decimal text."""
    return record | {
        "traces": [[_converted(span) for span in trace] for trace in record["traces"]],
        "checks": [_converted(check) for check in record["checks"]],
    }


def _converted(holder: dict[str, Any]) -> dict[str, Any]:
    converted = {
        name: str(value) if name in _IDS and isinstance(value, int) else value
        for name, value in holder.items()
    }
    if isinstance(links := holder.get("span_links"), list):
        converted["span_links"] = [_converted(link) if isinstance(link, dict) else link for link in links]
    return converted
