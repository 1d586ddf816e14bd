"""The record of an invocation: what went in, what came out, and the spans that arrived.

The record is JSON, one object a line in a `.jsonl` file. Times are nanoseconds since 1970. What does
not apply is null or missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Span = dict[str, Any]
"""A span as the test agent gives it."""

Record = Mapping[str, Any]
"""`request_id`, `event`, `result`, `function_error`, `started`, `ended`, `log`, `traces`, ..."""


@dataclass(frozen=True)
class Settings:
    """What the function was started with, where a check needs to know it; None is not checked."""

    service: str | None = None
    """DD_SERVICE."""

    appsec: bool | None = None
    """DD_APPSEC_ENABLED. None: on where any span has one of its tags."""

    inferred_spans: bool = True
    """DD_TRACE_MANAGED_SERVICES."""


class Invocation:
    """A record with its parts at hand."""

    def __init__(self, record: Record, settings: Settings) -> None:
        self.record = record
        self.settings = settings
        self.event = record.get("event")
        self.result = record.get("result")
        self.failed = bool(record.get("function_error"))

    @cached_property
    def spans(self) -> list[Span]:
        """All spans that arrived, of whatever trace."""
        return [span for trace in self.record.get("traces") or [] for span in trace]

    @cached_property
    def by_id(self) -> dict[int, Span]:
        """The spans by their id."""
        return {span["span_id"]: span for span in self.spans}

    @cached_property
    def trace_ids(self) -> set[int]:
        """The ids of the traces. A trace may arrive in several parts, so the parts do not count."""
        return {span["trace_id"] for span in self.spans}

    @cached_property
    def functions(self) -> list[Span]:
        """The `aws.lambda` spans."""
        return [span for span in self.spans if span["name"] == "aws.lambda"]

    @property
    def function(self) -> Span | None:
        """The `aws.lambda` span, where there is exactly one."""
        return self.functions[0] if len(self.functions) == 1 else None

    @cached_property
    def inferred(self) -> list[Span]:
        """The inferred spans, of what came before the function."""
        return [span for span in self.spans if metric(span, "_dd._inferred_span")]

    @cached_property
    def before_handler(self) -> list[Span]:
        """The inferred spans and `aws.lambda`: what datadog_lambda makes before the handler runs."""
        return [*self.inferred, *self.functions]

    @cached_property
    def roots(self) -> list[Span]:
        """The spans whose parent is not among those that arrived."""
        return [span for span in self.spans if parent_id(span) not in self.by_id]

    @cached_property
    def appsec(self) -> bool:
        """Whether AppSec is on."""
        if self.settings.appsec is not None:
            return self.settings.appsec
        tags = ("_dd.appsec.enabled", "_dd.appsec.unsupported_event_type")
        return any(metric(span, tag) for span in self.spans for tag in tags)

    @property
    def status(self) -> int | None:
        """The status code in the result; None where there is none."""
        if self.failed or not isinstance(self.result, dict):
            return None
        try:
            return int(self.result["statusCode"])
        except (KeyError, TypeError, ValueError):
            return None

    def ancestors(self, span: Span) -> list[Span]:
        """The span's parent, its parent, and so on, as far as they arrived."""
        found: list[Span] = []
        while (parent := self.by_id.get(parent_id(span))) is not None and parent not in found:
            found.append(parent)
            span = parent
        return found


def meta(span: Span, name: str) -> str | None:
    """A string tag."""
    value: str | None = (span.get("meta") or {}).get(name)
    return value


def metric(span: Span, name: str) -> float | None:
    """A numeric tag."""
    value: float | None = (span.get("metrics") or {}).get(name)
    return value


def parent_id(span: Span) -> int:
    """The parent's id; 0 where the span has none."""
    return span.get("parent_id") or 0


def end(span: Span) -> int:
    """When the span ended, in nanoseconds since 1970."""
    ended: int = span["start"] + span["duration"]
    return ended


def pretty(value: object, indent: str = "", width: int = 110) -> str:
    """JSON in which as much as fits stands in one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) <= width or not isinstance(value, (dict, list)) or not value:
        return flat
    inner = indent + " "
    if isinstance(value, dict):
        members = [f"{json.dumps(key)}: {pretty(part, inner, width)}" for key, part in value.items()]
    else:
        members = [pretty(part, inner, width) for part in value]
    made = members[0]
    for member in members[1:]:
        line = made.rpartition("\n")[2]
        fits = "\n" not in member and len(inner) + len(line) + len(member) + 2 <= width
        made += f", {member}" if fits else f",\n{inner}{member}"
    return f"{{{made}}}" if isinstance(value, dict) else f"[{made}]"
