"""Puts the records together: each process of the system sends the part of an invocation that it knows.

A part is a JSON object with the member `part`, which is one of these; times are nanoseconds since 1970:

    invocation  the Invoke API's: request_id, source, event and result (as text), function_error, started,
                ended, cold_start, log
    exchange    the lambda proxy's: request_id, front_door, request, response, started, ended
    traces      the trace agent's: time, traces
    metric      the trace agent's: time, line
    telemetry   the trace agent's: time, message
    lost        of any process: process, count - so many parts did not come

Parts come in any order. An invocation's own carry its id; a trace has it in `aws.lambda`. What carries no id
belongs to the invocation with the same trace id, or to the one that ran at that time.
"""

from __future__ import annotations

import json
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from time import time_ns
from typing import Any

from trace_view.summary import searched, summary

Json = dict[str, Any]

KEPT = 1000
"""So many invocations are kept, the newest ones."""
KEPT_BYTES = 256 * 1024 * 1024
"""And so many bytes of them: an event may have six million."""
KEPT_LOOSE = 1000
"""So many parts wait for the invocation that they belong to."""
SETTLE = 2_000_000_000
"""After so many nanoseconds, all parts of what ran at a time have come."""
KEPT_TELEMETRY = 50
"""So many messages an invocation."""

EMPTY: Json = {
    "request_id": None,
    "source": "invoke_api",
    "front_door": None,
    "request": None,
    "event": None,
    "result": None,
    "function_error": None,
    "response": None,
    "started": None,
    "ended": None,
    "cold_start": None,
    "log": [],
    "metrics": [],
    "traces": [],
    "complete": False,
    "checks": [],
    "telemetry": [],
    "incomplete": None,
}


@dataclass(eq=False)
class Entry:
    """One invocation: its record, kept as JSON text, and what is looked at without parsing it."""

    number: int
    """Counts the invocations, from 1."""
    request_id: str
    text: str = ""
    row: Json = field(default_factory=dict)
    searched: str = ""
    trace_ids: set[int | None] = field(default_factory=set)
    started: int | None = None
    ended: int | None = None
    has: set[str] = field(default_factory=set)
    """The parts that came."""
    version: int = 0
    """Grows with each change."""
    is_settled: bool = False
    """Whether it was checked after the last change."""

    def record(self) -> Json:
        """A copy of the record."""
        record: Json = json.loads(self.text)
        return record

    def keep(self, record: Json) -> None:
        """Replace the record."""
        self.text = json.dumps(record)
        self.row = summary(record)
        self.searched = searched(record, self.row)
        self.started, self.ended = record["started"], record["ended"]
        self.trace_ids = {span.get("trace_id") for trace in record["traces"] for span in trace}
        self.version += 1

    def ran_at(self, time: int) -> bool:
        """Whether the invocation ran at that time."""
        return (
            self.started is not None and self.started <= time and (self.ended is None or time <= self.ended)
        )

    @property
    def is_whole(self) -> bool:
        """Whether all that is to be expected has come."""
        parts = {"invocation", "traces"} if "invocation" in self.has else {"exchange", "traces"}
        if self.row.get("source") == "lambda_proxy":
            parts.add("exchange")
        return parts <= self.has


class Store:
    """The last invocations, newest first; `changed` is called with each entry that changes."""

    def __init__(self, changed: Callable[[Entry], None], kept: int = KEPT) -> None:
        self.lost: dict[str, int] = {}
        """How many parts each process could not send."""
        self.agent_time: int | None = None
        """When the trace agent last had something."""
        self._changed = changed
        self._kept = kept
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._bytes = 0
        self._count = 0
        self._loose: deque[Json] = deque(maxlen=KEPT_LOOSE)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return reversed(self._entries.values())

    def get(self, request_id: str) -> Entry | None:
        """The invocation of that id, if it is kept."""
        return self._entries.get(request_id)

    def before(self, entry: Entry) -> Entry | None:
        """The invocation that started last before this one."""
        earlier = [
            other
            for other in self._entries.values()
            if other.started is not None and entry.started is not None and other.started < entry.started
        ]
        return max(earlier, key=lambda other: other.started or 0, default=None)

    def page(self, limit: int, before: int | None, text: str) -> tuple[list[Json], int | None]:
        """Rows, newest first, of those with all words of `text`; and the cursor of the next page."""
        words = text.lower().split()
        found = [
            entry
            for entry in self
            if (before is None or entry.number < before) and all(word in entry.searched for word in words)
        ]
        rows = [entry.row for entry in found[:limit]]
        return rows, found[limit - 1].number if len(found) > limit else None

    def add(self, parts: Iterable[Json]) -> None:
        """Take parts. What is not a part raises ValueError, KeyError or TypeError."""
        touched: dict[str, Json] = {}
        for part in parts:
            self._take(part, touched)
        if touched:
            # What waited may belong to one of those that have come.
            loose, self._loose = list(self._loose), deque(maxlen=KEPT_LOOSE)
            for part in loose:
                self._take(part, touched)
        for request_id, record in touched.items():
            self._keep(request_id, record)
        for request_id in touched:
            if request_id in self._entries:
                self._changed(self._entries[request_id])

    def put(self, record: Json) -> None:
        """Take a whole record, such as one of a file."""
        record = EMPTY | record
        entry = self._entry(str(record["request_id"]))
        entry.has |= {"invocation", "exchange"} | ({"traces"} if record["traces"] else set())
        self._keep(entry.request_id, record)
        self._changed(entry)

    def change(self, entry: Entry, members: Json) -> None:
        """Set members of the record, if it is still kept."""
        if self._entries.get(entry.request_id) is entry:
            self._keep(entry.request_id, entry.record() | members)

    def _take(self, part: Json, touched: dict[str, Json]) -> None:
        kind = part["part"]
        if kind == "lost":
            self.lost[part["process"]] = self.lost.get(part["process"], 0) + part["count"]
        elif kind in ("invocation", "exchange"):
            record = self._touch(part["request_id"], kind, touched)
            members = {name: value for name, value in part.items() if name in EMPTY}
            if kind == "exchange" and record["started"] is not None:
                # The Invoke API knows better when the function ran.
                del members["started"], members["ended"]
            if kind == "invocation":
                members["event"], members["result"] = parsed(part["event"]), parsed(part["result"])
                if record["cold_start"] is not None:
                    del members["cold_start"]
            record |= members
            self._entries[part["request_id"]].started = record["started"]
            self._entries[part["request_id"]].ended = record["ended"]
        elif kind == "traces":
            self.agent_time = part["time"]
            for trace in part["traces"]:
                self._take_trace(trace, part, touched)
        elif kind in ("metric", "telemetry"):
            self.agent_time = part["time"]
            self._take_timed(part, touched)
        else:
            raise ValueError(
                f"part is {kind!r}; valid are: invocation, exchange, traces, metric, telemetry, lost"
            )

    def _take_trace(self, trace: list[Json], part: Json, touched: dict[str, Json]) -> None:
        functions = [span for span in trace if span.get("name") == "aws.lambda"]
        ids = [(span.get("meta") or {}).get("request_id") for span in functions]
        if ids and ids[0]:
            record = self._touch(ids[0], "traces", touched)
            cold = (functions[0].get("meta") or {}).get("cold_start")
            if cold is not None:
                record["cold_start"] = cold == "true"
            record["traces"].append(trace)
            self._entries[ids[0]].trace_ids |= {span.get("trace_id") for span in trace}
            return
        entry = self._owner(trace)
        if entry is None:
            self._loose.append({**part, "traces": [trace]})
            return
        self._touch(entry.request_id, "further traces", touched)["traces"].append(trace)

    def _owner(self, trace: list[Json]) -> Entry | None:
        """The invocation of a trace that has no id: by the trace's id, then by the time."""
        if not trace:
            return None
        start = min(span.get("start", 0) for span in trace)
        trace_ids = {span.get("trace_id") for span in trace}
        same = [entry for entry in self if not trace_ids.isdisjoint(entry.trace_ids)]
        at_the_time = [entry for entry in same or self if entry.ran_at(start)]
        return next(iter(at_the_time or same), None)

    def _take_timed(self, part: Json, touched: dict[str, Json]) -> None:
        """A metric or a message of telemetry belongs to what ran then, or else to what had run last."""
        entry = next((one for one in self if one.ran_at(part["time"])), None)
        if entry is None and time_ns() > part["time"] + SETTLE:
            earlier = [one for one in self if one.started is not None and one.started <= part["time"]]
            entry = max(earlier, key=lambda one: one.started or 0, default=None)
        if entry is None:
            # It may belong to an invocation of which nothing has come yet.
            self._loose.append(part)
            return
        record = self._touch(entry.request_id, part["part"], touched)
        if part["part"] == "metric":
            record["metrics"].append(part["line"])
        elif len(record["telemetry"]) < KEPT_TELEMETRY:
            record["telemetry"].append(part["message"])

    def _touch(self, request_id: str, part: str, touched: dict[str, Json]) -> Json:
        entry = self._entry(request_id)
        entry.has.add(part)
        if request_id not in touched:
            touched[request_id] = entry.record() if entry.text else EMPTY | json.loads(json.dumps(EMPTY))
            touched[request_id]["request_id"] = request_id
        return touched[request_id]

    def _entry(self, request_id: str) -> Entry:
        if request_id not in self._entries:
            self._count += 1
            self._entries[request_id] = Entry(self._count, request_id)
        return self._entries[request_id]

    def _keep(self, request_id: str, record: Json) -> None:
        entry = self._entries.get(request_id)
        if entry is None:
            # So much came at once that it has gone again.
            return
        self._bytes -= len(entry.text)
        entry.keep(record)
        self._bytes += len(entry.text)
        while len(self._entries) > self._kept or (self._bytes > KEPT_BYTES and len(self._entries) > 1):
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= len(oldest.text)


def parsed(text: str | None) -> object:
    """The JSON in this text; the text itself where it is none. NaN, which is not JSON, becomes a string."""
    if text is None:
        return None
    try:
        document: object = json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return text
    return document
