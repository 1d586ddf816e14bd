"""What differs between two records: what `trace_checks` compares, and event and response as well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from trace_checks.comparison import differences, flat
from trace_checks.differences import Difference, state
from trace_checks.volatile import Reader

Json = dict[str, Any]


# Ids and times that the front doors make.
_OWN = (
    (re.compile(r"[A-Za-z0-9_-]{15}="), "<id>"),
    (re.compile(r"\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}"), "<time>"),
)


def compared(a: Json, b: Json) -> list[Json]:
    """The differences, each with `kind`, `place`, `name`, `a` and `b`, without ids, times and the like."""
    # Under two tracers the event is the same, and what stands in it counts. Here each has its own.
    hidden = {"event": None, "telemetry": None}
    one, other = a | hidden, b | hidden
    reader = Reader()
    found = [
        *_parts("event", flat(a["event"]), flat(b["event"]), reader),
        *differences(one, other),
        *_parts("response", _response(a), _response(b), reader),
    ]
    return [asdict(difference) for difference in found]


def _parts(place: str, a: Json, b: Json, reader: Reader) -> Iterator[Difference]:
    for name in {**a, **b}:
        in_a, in_b = name in a, name in b
        # A header's name is the end of its path.
        key = name.rpartition(".")[2]
        if not (in_a and in_b and reader.same(key, _without_own(a[name]), _without_own(b[name]))):
            yield Difference(f"{place}-{state(in_a=in_a, in_b=in_b)}", place, name, a.get(name), b.get(name))


def _without_own(value: object) -> object:
    for pattern, stands in _OWN:
        if isinstance(value, str) and pattern.fullmatch(value):
            return stands
    return value


def _response(record: Json) -> Json:
    response = record["response"]
    if not response:
        return {}
    headers = [(name.lower(), value) for name, value in response["headers"]]
    return {"status": response["status"], **dict(headers), "body": response["body"]}
