"""What differs between two runs of the same tracer: the one list of rules by which it is left out.

A rule replaces a value, or a part of it, before two values are compared. Values that are equal as they are
never meet a rule, and what stands in the event itself is left as it is.
"""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64decode
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Volatile:
    """A rule: where it holds, what it replaces, and why."""

    reason: str
    name: str | None = None
    """The whole name of a tag, a metric, a header or a member, as a pattern; None for any text."""
    value: str = "(?s:.*)"
    """What of the value is replaced."""
    becomes: str = "<any>"


# Also in the middle of a line that the function writes.
_EMULATOR = r"(\d\d? [A-Z][a-z]{2} \d{4} [\d:,.]+ \[[A-Z]+\] \(rapid\)|(START|END|REPORT) RequestId:)[^\n]*\n"

VOLATILE = (
    # By name: the whole value is another each time.
    Volatile(
        "a process has an id of its own", name="process_id|runtime-id|.*\\bpid|thread\\.id|thread\\.name"
    ),
    Volatile("a call has an id of its own", name=r"aws\.requestid"),
    Volatile("times depend on what else the machine does", name=r"_dd\.appsec\.(waf|rasp)\.duration(_ext)?"),
    Volatile("it counts the requests so far", name=r"_dd\.appsec\.rc_products"),
    Volatile("the versions are what is compared", name=r"dd_trace|datadog_lambda|.*library\.version"),
    Volatile(
        "the body is compared itself; its ids are not always as long",
        name=r"(?i).*content[-_]length(\.\d+)?",
    ),
    Volatile(
        "frames of a stack move with each line that is added", name=r".*frames\[\d+\]\.(id|line|column)"
    ),
    Volatile(
        "the upper half of a trace id of its own holds the time", name=r"_dd\.p\.tid", value="[0-9a-f]{8}0{8}"
    ),
    Volatile("it is made of an address in memory", name=r"_dd\.debug\.error\.exception_hash"),
    Volatile("a pathway has the time in it", name=r".*dd-pathway-ctx(-base64)?"),
    Volatile("each broker has an id of its own", name=r"kafka\.cluster_id", value="mockCluster[0-9a-f]+"),
    Volatile(
        "a message without a key goes to any of the four partitions",
        name=r"kafka\.partition",
        value=r"[0-3](\.0)?",
    ),
    Volatile(
        "each partition counts its own messages; ddtrace says -1 for the first one",
        name=r"kafka\.message_offset",
        value=r"(-1|\d+)(\.0)?",
    ),
    Volatile(
        "a server's port is whichever is free", name=r"network\.destination\.port", value=r"\d{5}(\.0)?"
    ),
    # In any text.
    Volatile(
        "where packages are installed",
        value=r"(/[^\s\"':,()]+)?/(site-packages|layer/python)/",
        becomes="<packages>/",
    ),
    Volatile("where Python is installed", value=r"/[^\s\"',()]+/bin/python[\d.]*", becomes="<python>"),
    Volatile(
        "where a checkout or a layer is",
        value=r"/[^\s\"':,()<>]+/(?=(ddtrace|datadog_lambda)/)",
        becomes="<packages>/",
    ),
    Volatile(
        "the versions are what is compared",
        value=r"(?<=datadog_lambda:)v[^,|\s]+|(?<=dd_lambda_layer:datadog-)python\w+\.[^,|\s]+",
        becomes="<version>",
    ),
    Volatile("lines move with each line that is added", value=r"\bline \d+", becomes="line <n>"),
    Volatile(
        "the moment",
        value=r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d?([.,]\d+)?(Z|[+-]\d\d:?\d\d)?",
        becomes="<time>",
    ),
    # Python's Lambda runtime writes 2026-11-21T17:00:45.39Z for 45.039, hence no fixed number of digits.
    Volatile("the moment", value=r"\d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d[.,]\d+", becomes="<time>"),
    Volatile("the moment", value=r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT", becomes="<time>"),
    Volatile(
        "the moment, in seconds or milliseconds since 1970",
        value=r"\b1[78]\d{8}(\.\d+|\d{3})?\b",
        becomes="<time>",
    ),
    Volatile("the moment of a metric", value=r"(?<=\|T)\d+$", becomes="<time>"),
    Volatile("how long it took", value=r"\d+(\.\d+)? ?(ns|us|µs|ms|s|seconds)\b", becomes="<duration>"),
    Volatile("memory depends on what ran before", value=r"Used: \d+ MB", becomes="Used: <memory>"),
    Volatile(
        "an id",
        value=r"(?i)\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b",
        becomes="<id>",
    ),
    Volatile(
        "the end of a trace's id, in a statement that PostgreSQL tells a part of",
        value=r"(?<=\.\.\.)[0-9a-f]{1,31}(?=-[0-9a-f]{16}-\d\d'\*/)",
        becomes="<id>",
    ),
    Volatile("an id of a span or a trace in hexadecimal", value=r"\b(0x)?[0-9a-f]{16}\b", becomes="<id>"),
    Volatile("an id of a span or a trace, or nanoseconds since 1970", value=r"\b\d{14,20}\b", becomes="<id>"),
    Volatile("OpenTelemetry's random value of a trace", value=r"(?<=\brv:)[0-9a-f]+", becomes="<id>"),
    Volatile("an address in memory", value=r"\b0x[0-9a-f]+\b", becomes="<address>"),
    Volatile("a port is whichever is free", value=r"(?<=localhost:|127\.0\.0\.1:)\d+", becomes="<port>"),
    Volatile("a port is whichever is free", value=r"(?<=0\.0\.1', port=)\d+", becomes="<port>"),
    Volatile("a process has an id of its own", value=r"(?<=pid )\d+|(?<=/proc/)\d+", becomes="<pid>"),
    Volatile("a temporary file has a name of its own", value=r"(?<=/tmp/)[\w./-]+", becomes="<file>"),
)

NOT_COMPARED = (
    Volatile("a thread of the tracer writes it when it gets to it", value="debugger::unsupported_agent"),
    Volatile(
        "where nobody takes metrics, it is a matter of time whether the sender hears of it",
        value="Error submitting packet",
    ),
    Volatile(
        "the emulator writes them itself, some of them when the answer is already there",
        value=_EMULATOR,
    ),
)
"""Lines of the log that are left out altogether."""

SPANS_NOT_COMPARED = (
    Volatile(
        "how often a consumer asks until a message is there is a matter of time",
        name=r"kafka\.received_message",
        value="False",
    ),
)
"""Spans that are left out, by a tag."""


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
        if value is None or isinstance(value, bool):
            return value
        return self.text(value if isinstance(value, str) else json.dumps(value))

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


def compared_lines(log: Sequence[str]) -> list[str]:
    """The lines of the log that are compared."""
    text = re.sub(_EMULATOR, "", "".join(f"{line}\n" for line in log))
    return [
        line
        # awslambdaric puts \r between the lines of a traceback.
        for line in re.split(r"[\r\n]+", text)
        if line.strip() and not any(pattern.search(line) for pattern in _LEFT_OUT)
    ]


def left_out(span: Mapping[str, Any]) -> bool:
    """Whether the span is not compared."""
    tags = span.get("meta") or {}
    return any(
        re.fullmatch(rule.name or "", name) and re.fullmatch(rule.value, str(value))
        for rule in SPANS_NOT_COMPARED
        for name, value in tags.items()
    )


def readable(name: str, value: object) -> object:
    """The value in plain, where it is packed: a schema of API Security, a trace context in base64."""
    if isinstance(value, str) and name.startswith("_dd.appsec.s."):
        # A compressed value has the time in it.
        with suppress(ValueError, OSError, EOFError):
            return json.dumps(json.loads(gzip.decompress(b64decode(value))), sort_keys=True)
    if isinstance(value, str) and name.endswith("_datadog"):
        with suppress(ValueError):
            return json.dumps(json.loads(b64decode(value)), sort_keys=True)
    if isinstance(value, str) and value[:1] in ("[", "{"):
        # Members may come in any order.
        with suppress(ValueError):
            return json.dumps(json.loads(value), sort_keys=True)
    return value


def flat(value: object, path: str = "") -> dict[str, Any]:
    """The leaves of a JSON value by their path, such as `body.items[0].id`."""
    if isinstance(value, dict) and value:
        parts = [flat(part, f"{path}.{name}" if path else str(name)) for name, part in value.items()]
    elif isinstance(value, list) and value:
        parts = [flat(part, f"{path}[{number}]") for number, part in enumerate(value)]
    else:
        return {path: readable(path, value)}
    return {name: leaf for part in parts for name, leaf in part.items()}
