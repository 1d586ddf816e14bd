"""Finds the WAF's report in a span: the tracer sends it as a structure, or as JSON in a tag."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]


def rules(spans: Iterable[Json]) -> list[str]:
    """The ids of the rules that matched, each one once, in the order in which they were reported."""
    found = [
        trigger["rule"]["id"]
        for span in spans
        for trigger in triggers(span)
        if isinstance(trigger, dict) and isinstance(trigger.get("rule"), dict) and "id" in trigger["rule"]
    ]
    return list(dict.fromkeys(map(str, found)))


def triggers(span: Json) -> list[Any]:
    """The matches in the span's report; none where it has no report."""
    report = (span.get("meta_struct") or {}).get("appsec")
    if report is None and (text := (span.get("meta") or {}).get("_dd.appsec.json")):
        try:
            report = json.loads(text)
        except ValueError:
            return []
    found = report.get("triggers") if isinstance(report, dict) else None
    return found if isinstance(found, list) else []
