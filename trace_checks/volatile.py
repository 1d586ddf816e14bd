"""What differs between two runs of the same tracer: the one list of rules by which it is left out.

A rule replaces a value, or a part of it, before two values are compared. Values that are equal as they are
never meet a rule, and what stands in the event itself is left as it is.
"""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64decode
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True)
class Volatile:
    """A rule: where it holds, what it replaces, and why."""

    reason: str
    name: str | None = None
    """The whole name of a tag, a metric, a header or a member, as a pattern; None for any text."""
    value: str = "(?s:.*)"
    """What of the value is replaced."""
    becomes: str = "<any>"


VOLATILE = (
    # By name: the whole value is another each time.
    Volatile(
        "a process has an id of its own", name="process_id|runtime-id|.*\\bpid|thread\\.id|thread\\.name"
    ),
    Volatile("times depend on what else the machine does", name=r"_dd\.appsec\.(waf|rasp)\.duration(_ext)?"),
    Volatile("it counts the requests so far", name=r"_dd\.appsec\.rc_products"),
    Volatile("the versions are what is compared", name=r"dd_trace|datadog_lambda|.*library\.version"),
    Volatile(
        "the body itself is compared, and its ids are not always as long", name="(?i).*content[-_]length"
    ),
    Volatile(
        "frames of a stack move with each line that is added", name=r".*frames\[\d+\]\.(id|line|column)"
    ),
    Volatile(
        "the upper half of a trace id of its own holds the time", name=r"_dd\.p\.tid", value="[0-9a-f]{8}0{8}"
    ),
    # In any text.
    Volatile(
        "where packages are installed",
        value=r"(/[^\s\"':,()]+)?/(site-packages|layer/python)/",
        becomes="<packages>/",
    ),
    Volatile("lines move with each line that is added", value=r"\bline \d+", becomes="line <n>"),
    Volatile(
        "the moment",
        value=r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d?([.,]\d+)?(Z|[+-]\d\d:?\d\d)?",
        becomes="<time>",
    ),
    # Python's Lambda runtime writes 2026-11-21T17:00:45.39Z for 45.039, hence no fixed number of digits.
    Volatile("the moment", value=r"\d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d[.,]\d+", becomes="<time>"),
    Volatile(
        "the moment, in seconds or milliseconds since 1970",
        value=r"\b1[78]\d{8}(\.\d+|\d{3}|\d{6}|\d{9})?\b",
        becomes="<time>",
    ),
    Volatile("how long it took", value=r"\d+(\.\d+)? ?(ns|us|µs|ms|s|seconds)\b", becomes="<duration>"),
    Volatile("memory depends on what ran before", value=r"Used: \d+ MB", becomes="Used: <memory>"),
    Volatile(
        "an id",
        value=r"(?i)\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b",
        becomes="<id>",
    ),
    Volatile("an id of a span or a trace in hexadecimal", value=r"\b(0x)?[0-9a-f]{16}\b", becomes="<id>"),
    Volatile("an id of a span or a trace", value=r"\b\d{14,20}\b", becomes="<id>"),
    Volatile("OpenTelemetry's random value of a trace", value=r"(?<=\brv:)[0-9a-f]+", becomes="<id>"),
    Volatile("an address in memory", value=r"\b0x[0-9a-f]+\b", becomes="<address>"),
    Volatile("a port is whichever is free", value=r"(?<=localhost:|127\.0\.0\.1:)\d+", becomes="<port>"),
    Volatile("a port is whichever is free", value=r"(?<=0\.0\.1', port=)\d+", becomes="<port>"),
    Volatile("a process has an id of its own", value=r"(?<=pid )\d+|(?<=/proc/)\d+", becomes="<pid>"),
    Volatile("a temporary file has a name of its own", value=r"(?<=/tmp/)[\w./-]+", becomes="<file>"),
)

NOT_COMPARED = (
    Volatile(
        "nobody takes metrics at the fixed port; whether the sender hears of it is a matter of time",
        value="Error submitting packet",
    ),
)
"""Lines of the log that are left out altogether."""


@dataclass(frozen=True)
class Reader:
    """Replaces what is volatile, but not what stands in the events."""

    events: str = ""

    def same(self, name: str, a: object, b: object) -> bool:
        """Whether the two values of that name are equal but for what is volatile."""
        return a == b or self.normal(name, a) == self.normal(name, b)

    def normal(self, name: str, value: object) -> object:
        """The value without what is volatile."""
        for rule, by_name, pattern in _NAMED:
            if by_name.fullmatch(name) and pattern.fullmatch(str(value)):
                return rule.becomes
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return self.text(str(value)) if isinstance(value, str) or is_number else value

    def text(self, text: str, known: Collection[str] = ()) -> str:
        """The text without what is volatile; `known` are ids, which are volatile wherever they stand."""
        for word in known:
            text = text.replace(word, "<id>")
        for rule, pattern in _ANYWHERE:
            becomes = rule.becomes
            text = pattern.sub(lambda found, to=becomes: self._kept(found.group(), to), text)  # type: ignore[misc]
        return text

    def _kept(self, found: str, becomes: str) -> str:
        return found if len(found) > 4 and found in self.events else becomes


_NAMED = [(rule, re.compile(rule.name), re.compile(rule.value)) for rule in VOLATILE if rule.name]
_ANYWHERE = [(rule, re.compile(rule.value)) for rule in VOLATILE if not rule.name]
_LEFT_OUT = [re.compile(rule.value) for rule in NOT_COMPARED]


def is_compared(line: str) -> bool:
    """Whether a line of the log is compared at all."""
    return bool(line.strip()) and not any(pattern.search(line) for pattern in _LEFT_OUT)


def readable(name: str, value: object) -> object:
    """The value in plain, where it is packed: a schema of API Security, a trace context in base64."""
    if isinstance(value, str) and name.startswith("_dd.appsec.s."):
        # A compressed value has the time in it.
        with suppress(ValueError, OSError, EOFError):
            return json.dumps(json.loads(gzip.decompress(b64decode(value))), sort_keys=True)
    if isinstance(value, str) and name.endswith("_datadog"):
        with suppress(ValueError):
            return json.dumps(json.loads(b64decode(value)), sort_keys=True)
    return value
