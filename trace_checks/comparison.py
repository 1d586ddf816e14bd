"""Compares two records of an invocation, of the same work under two tracers, and names what differs.

Ids, times and the like are left out by the rules of `trace_checks.volatile`. What only follows from another
difference is not told: the tags of a trace that is lost, the result of an invocation that failed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import Any

from trace_checks.differences import Difference, state
from trace_checks.record import Record, parent_id
from trace_checks.span_comparison import span_differences
from trace_checks.volatile import Reader, compared_lines, flat

__all__ = ["Difference", "differences"]

# datadog_lambda counts errors and failed messages in metrics of these names.
_OF_INVOCATION = "aws.lambda.enhanced."


def differences(a: Record, b: Record) -> list[Difference]:
    """What differs from A to B: spans, result, log, metrics and telemetry, in this order.

    What a record lacks counts as empty. `telemetry`, which only records of a comparison have, is an object
    of facts, each by its name.
    """
    reader = Reader("".join(json.dumps(record.get("event")) for record in (a, b)))
    found = list(span_differences(a, b, reader))
    metrics = list(_sent_metrics(a, b, reader))
    if bool(a.get("function_error")) != bool(b.get("function_error")):
        # A failed invocation has another status and result, a traceback in the log, and is counted.
        found = [one for one in found if not one.kind.startswith(("error-", "status"))]
        metrics = [one for one in metrics if not one.name.startswith(_OF_INVOCATION)]
        found += _exception(a, b)
    else:
        found += _result(a, b, reader)
        found += _log(a, b, reader)
    found += metrics
    found += _facts("telemetry", a.get("telemetry") or {}, b.get("telemetry") or {}, reader)
    return found


def _exception(a: Record, b: Record) -> Iterator[Difference]:
    kind, failed = ("exception-new", b) if b.get("function_error") else ("exception-swallowed", a)
    result = failed.get("result")
    name = result.get("errorType") if isinstance(result, dict) else None
    yield Difference(kind, "result", str(name), a.get("result"), b.get("result"))


def _result(a: Record, b: Record, reader: Reader) -> Iterator[Difference]:
    headers_a, parts_a = _read_result(a.get("result"))
    headers_b, parts_b = _read_result(b.get("result"))
    for found in _facts("result", parts_a, parts_b, reader):
        if found.name == "statusCode":
            yield Difference("status", "result", "statusCode", found.a, found.b)
        elif a.get("function_error"):
            yield Difference("exception-changed", "result", found.name, found.a, found.b)
        else:
            yield found
    yield from _headers(headers_a, headers_b, reader)


def _headers(a: Mapping[str, Any], b: Mapping[str, Any], reader: Reader) -> Iterator[Difference]:
    others = {name.lower(): name for name in b if name not in a}
    for name, value in a.items():
        other = name if name in b else others.pop(name.lower(), None)
        if other is None:
            yield Difference("header-missing", "result", name, value, None)
            continue
        if other != name:
            yield Difference("header-case", "result", name, name, other)
        if not reader.same(name, value, b[other]):
            yield Difference("header-changed", "result", name, value, b[other])
    for name in others.values():
        yield Difference("header-new", "result", name, None, b[name])


def _log(a: Record, b: Record, reader: Reader) -> Iterator[Difference]:
    lines_a, lines_b = _lines(a, reader), _lines(b, reader)
    for kind, one, other in (("missing", lines_a, lines_b), ("new", lines_b, lines_a)):
        for text, line in _left(one, other):
            values = (line, None)
            yield Difference(f"log-{kind}", "log", text, *(values if kind == "missing" else values[::-1]))


def _lines(record: Record, reader: Reader) -> list[tuple[str, str]]:
    """The log's lines, each without what is volatile and as it is."""
    spans = [span for trace in record.get("traces") or [] for span in trace]
    ids = {
        str(each)
        for span in spans
        for each in (span["span_id"], span["trace_id"], parent_id(span))
        # Small numbers are no ids of a tracer, and stand in many places.
        if each > 9999
    }
    return [(reader.text(line, ids), line) for line in compared_lines(record.get("log") or [])]


def _sent_metrics(a: Record, b: Record, reader: Reader) -> Iterator[Difference]:
    """Each line says name, value, type and tags; a name may be sent several times."""
    all_a, all_b = (
        [(_metric_text(line, reader), line) for line in record.get("metrics") or []] for record in (a, b)
    )
    only_a, only_b = ([line for _, line in _left(*pair)] for pair in ((all_a, all_b), (all_b, all_a)))
    for name in dict.fromkeys(map(_metric_name, [*only_a, *only_b])):
        lines_a, lines_b = (
            [line for line in only if _metric_name(line) == name] for only in (only_a, only_b)
        )
        for line_a, line_b in zip_longest(lines_a, lines_b):
            kind = state(in_a=line_a is not None, in_b=line_b is not None)
            yield Difference(f"sent-metric-{kind}", "metrics", name, line_a, line_b)


def _metric_name(line: str) -> str:
    return re.split(r"[:|]", line, maxsplit=1)[0]


def _metric_text(line: str, reader: Reader) -> str:
    """The line without what is volatile, its tags in order."""
    parts = (
        f"#{','.join(sorted(part[1:].split(',')))}" if part.startswith("#") else part
        for part in line.split("|")
    )
    return reader.text("|".join(parts))


def _left(these: Sequence[tuple[str, str]], those: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The lines that only the first ones have; each as it is compared, and as it is."""
    examples = dict(these)
    left = Counter(text for text, _ in these) - Counter(text for text, _ in those)
    return [(text, examples[text]) for text in left.elements()]


def _facts(place: str, a: Mapping[str, Any], b: Mapping[str, Any], reader: Reader) -> Iterator[Difference]:
    for name in {**a, **b}:
        in_a, in_b = name in a, name in b
        if not (in_a and in_b and reader.same(name, a[name], b[name])):
            yield Difference(f"{place}-{state(in_a=in_a, in_b=in_b)}", place, name, a.get(name), b.get(name))


def _read_result(result: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """The response headers, and all other members by their path; a body of JSON is taken apart, too."""
    if not isinstance(result, dict) or "statusCode" not in result:
        return {}, flat(result, "result")
    headers: dict[str, Any] = {}
    for key in ("headers", "multiValueHeaders", "cookies"):
        value = result.get(key)
        headers |= value if isinstance(value, dict) else {key: value} if value is not None else {}
    others = {
        name: value
        for name, value in result.items()
        if name not in ("headers", "multiValueHeaders", "cookies")
    }
    body = others.get("body")
    if isinstance(body, str) and body[:1] in ("{", "["):
        with suppress(ValueError):
            others["body"] = json.loads(body)
    return headers, flat(others)
