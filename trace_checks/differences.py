"""What may differ between two records of an invocation: every kind of difference, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KINDS: Mapping[str, str] = {
    "start-failed": "the function does not start",
    "start-repaired": "the function starts, which it did not",
    "trace-lost": "no trace arrives any more, as when a span is left open",
    "trace-new": "a trace arrives where none did",
    "span-missing": "a span is missing",
    "span-new": "there is a further span",
    "span-doubled": "a span is there once more than before",
    "span-renamed": "a span has another name",
    "span-moved": "a span has another parent",
    "context-ignored": "the trace context that came with the event is not continued",
    "context-new": "a trace context is continued that was not",
    "context-changed": "another trace or parent is continued",
    "service": "a span's service is another",
    "resource": "a span's resource is another",
    "type": "a span's type is another",
    "tag-missing": "a tag is missing",
    "tag-new": "there is a further tag",
    "tag-renamed": "a tag has another name",
    "tag-changed": "a tag has another value",
    "metric-missing": "a numeric tag is missing",
    "metric-new": "there is a further numeric tag",
    "metric-changed": "a numeric tag has another value",
    "status": "the HTTP status is another",
    "error-missing": "a span's error is missing",
    "error-new": "a span has an error that had none",
    "error-changed": "a span's error is another",
    "link-missing": "a span link or pointer is missing",
    "link-new": "there is a further span link or pointer",
    "event-missing": "a span event is missing",
    "event-new": "there is a further span event",
    "appsec-context-missing": "the span that had the AppSec context has none",
    "appsec-context-moved": "the AppSec context is on another span",
    "appsec-context-doubled": "one more span has an AppSec context of its own",
    "waf-report-missing": "the WAF does not report a rule that it did",
    "waf-report-new": "the WAF reports a further rule",
    "waf-report-changed": "the WAF reports something else of a rule",
    "struct-missing": "a part of structured span data is missing",
    "struct-new": "there is a further part of structured span data",
    "struct-changed": "a part of structured span data is another",
    "exception-swallowed": "the invocation succeeds where it failed",
    "exception-new": "the invocation fails where it succeeded",
    "exception-changed": "the invocation fails with another error",
    "header-case": "a response header has other upper and lower case letters",
    "header-missing": "a response header is missing",
    "header-new": "there is a further response header",
    "header-changed": "a response header has another value",
    "result-missing": "a part of the result is missing",
    "result-new": "there is a further part of the result",
    "result-changed": "a part of the result is another",
    "log-missing": "a log line is missing",
    "log-new": "there is a further log line",
    "sent-metric-missing": "a metric is not sent any more",
    "sent-metric-new": "a further metric is sent",
    "sent-metric-changed": "a metric is sent with another value, type or tag",
    "telemetry-missing": "telemetry does not tell something any more",
    "telemetry-new": "telemetry tells something more",
    "telemetry-changed": "telemetry tells something else",
}
"""Every kind of difference, seen from A to B."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same under A and B."""

    kind: str
    """One of KINDS."""
    place: str
    """The span, as the names from the root down to it; or `trace`, `result`, `log` ..."""
    name: str
    """What of it: the tag, the header, the member, the line, or the span's own name."""
    a: Any
    """What it is under A; None where it is missing."""
    b: Any
    """What it is under B; None where it is missing."""

    @property
    def subject(self) -> str:
        """The last part of the place: the span's own name."""
        return self.place.rpartition(" > ")[2]

    @property
    def way(self) -> tuple[str, str, str]:
        """What is the same for the same difference in other invocations."""
        return self.kind, self.subject, self.name

    def as_json(self) -> dict[str, Any]:
        """For a report or an API."""
        return {
            "kind": self.kind,
            "sentence": KINDS[self.kind],
            "place": self.place,
            "name": self.name,
            "a": self.a,
            "b": self.b,
        }


def state(*, in_a: bool, in_b: bool) -> str:
    """The end of a kind's name: what has become of something."""
    return "changed" if in_a and in_b else "missing" if in_a else "new"
