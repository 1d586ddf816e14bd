"""Puts the records together: each process of the system sends the part of an invocation that it knows.

A part is a JSON object with the member `part`, which is one of these; times are nanoseconds since 1970:

    began       the Invoke API's, and again every few seconds while it runs: request_id, source, event (as
                text), started
    invocation  the Invoke API's, at the end: request_id, source, event and result (as text), function_error,
                started, ended, cold_start, log
    exchange    the lambda proxy's: request_id, front_door, request, response, started, ended
    traces      the trace agent's: time, traces
    metric      the trace agent's: time, line
    telemetry   the trace agent's: time, message
    lost        of any process: process, count - so many parts did not come

Parts come in any order. An invocation's own carry its id; a trace has it in `aws.lambda`. What carries no id
belongs to the invocation with the same trace id, or to the one that ran at that time.

AWS repeats an asynchronous invocation under the same id. Here the second one is `ID.2`, and so on.
"""

from __future__ import annotations

import json
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, count, islice, takewhile
from time import time_ns

from trace_view.entry import Entry, Json

KEPT = 1000
"""So many invocations are kept, the newest ones."""
KEPT_BYTES = 256 * 1024 * 1024
"""And so many bytes of them: an event may have six million."""
KEPT_LOOSE = 200
"""So many parts wait for the invocation that they belong to."""
KEPT_OF_ONE = 200
"""So many metrics, and so many messages of telemetry, of one invocation."""
NEAR = 100
"""Among the newest so many is the one before an invocation, and the one of a part without an id."""
WAITS = 60_000_000_000
"""What belongs to no invocation is dropped after so many nanoseconds."""


class Store:
    """The last invocations, newest first; `changed` is called with each entry to which parts have come."""

    def __init__(
        self,
        changed: Callable[[Entry], None],
        kept: int = KEPT,
        kept_bytes: int = KEPT_BYTES,
        clock: Callable[[], int] = time_ns,
    ) -> None:
        self.lost: dict[str, int] = {}
        """How many parts each process could not send."""
        self.agent_time: int | None = None
        """When the trace agent last had something."""
        self._changed = changed
        self._clock = clock
        self._kept = kept
        self._kept_bytes = kept_bytes
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
        """The invocation that started last before this one, if it is kept."""
        if entry.started is None:
            return None
        start = entry.started
        # They come nearly in the order in which they start.
        near = takewhile(lambda other: other.number > entry.number - NEAR, iter(self))
        earlier = (other for other in near if other.started is not None and other.started < start)
        return max(earlier, key=lambda other: other.started or 0, default=None)

    def page(self, limit: int, before: int | None, text: str) -> tuple[list[Json], int | None]:
        """Rows, newest first, of those with all words of `text`; and the cursor of the next page."""
        words = text.lower().split()
        found = [
            entry
            for entry in self
            if (before is None or entry.number < before) and (not words or entry.has_words(words))
        ]
        rows = [entry.row for entry in found[:limit]]
        return rows, found[limit - 1].number if limit and len(found) > limit else None

    def add(self, parts: Iterable[Json]) -> None:
        """Take parts. What is not a part raises ValueError, KeyError, TypeError or AttributeError."""
        touched: set[Entry] = set()
        try:
            for part in parts:
                self._take(part, touched)
            self._take_loose(touched)
        finally:
            for entry in touched:
                if entry.is_kept:
                    self._changed(entry)

    def put(self, record: Json) -> None:
        """Take a whole record, such as one of a file."""
        entry = self._entry(str(record["request_id"]))
        entry.has |= {"invocation", "exchange"} | ({"traces"} if record.get("traces") else set())
        entry.change({**record, "running": False})
        self._changed(entry)

    def freeze(self, entry: Entry, text: str) -> None:
        """Keep the record as this text from now on, if it is still kept; what is too much is dropped."""
        if not entry.is_kept:
            return
        self._bytes += entry.freeze(text)
        while self._bytes > self._kept_bytes and len(self._entries) > 1:
            self._drop_oldest()

    def _take_loose(self, touched: set[Entry]) -> None:
        """Look again at what waits: it may belong to one of those to which something has come."""
        waiting, self._loose = self._loose, deque(maxlen=KEPT_LOOSE)
        come = list(touched)
        now = self._clock()
        for part in waiting:
            if part["part"] == "traces":
                if now < part["time"] + WAITS:
                    self._take_trace(part["traces"][0], part["time"], touched, come)
            else:
                self._take_timed(part, touched)

    def _newest(self) -> list[Entry]:
        return list(islice(self, NEAR))

    def _take(self, part: Json, touched: set[Entry]) -> None:
        kind = part["part"]
        if kind == "lost":
            self.lost[part["process"]] = self.lost.get(part["process"], 0) + part["count"]
        elif kind == "began":
            entry = self._touch(self._name(part), kind, touched)
            if "invocation" not in entry.has:
                members = {"source": part["source"], "started": part["started"], "incomplete": None}
                entry.change({**members, "event": parsed(part["event"]), "running": True})
        elif kind == "invocation":
            self._take_invocation(part, touched)
        elif kind == "exchange":
            entry = self._touch(part["request_id"], kind, touched)
            members = {name: part[name] for name in ("front_door", "request", "response")}
            # The Invoke API knows better when the function ran.
            own = {} if entry.is_told_of else {name: part[name] for name in ("started", "ended")}
            entry.change({"source": "lambda_proxy", **members, **own})
        elif kind == "traces":
            self.agent_time = max(self.agent_time or 0, part["time"])
            for trace in part["traces"]:
                self._take_trace(trace, part["time"], touched)
        elif kind in ("metric", "telemetry"):
            self.agent_time = max(self.agent_time or 0, part["time"])
            self._take_timed(part, touched)
        else:
            valid = "began, invocation, exchange, traces, metric, telemetry, lost"
            raise ValueError(f"part is {kind!r}; valid are: {valid}")

    def _take_invocation(self, part: Json, touched: set[Entry]) -> None:
        entry = self._touch(self._name(part), "invocation", touched)
        members = {
            name: part[name] for name in ("source", "function_error", "started", "ended", "cold_start", "log")
        }
        if entry.cold_start is not None:
            # The trace says so.
            del members["cold_start"]
        texts = {name: parsed(part[name]) for name in ("event", "result")}
        entry.change({**members, **texts, "running": False})

    def _name(self, part: Json) -> str:
        """The id under which the attempt that began then is kept, or will be."""
        first: str = part["request_id"]
        for name in chain([first], (f"{first}.{number}" for number in count(2))):
            entry = self._entries.get(name)
            if entry is None or not entry.is_told_of or entry.started == part["started"]:
                break
        return name

    def _take_trace(
        self, trace: list[Json], time: int, touched: set[Entry], among: list[Entry] | None = None
    ) -> None:
        """Find the invocation that a trace belongs to, `among` these only; else let it wait."""
        if not trace:
            return
        functions = [span for span in trace if span.get("name") == "aws.lambda"]
        meta = (functions[0].get("meta") or {}) if functions else {}
        request_id = meta.get("request_id")
        if request_id:
            entry = self._attempt(request_id, functions[0]["start"])
        else:
            entry = _owner(trace, self._newest() if among is None else among)
        if entry is None:
            self._loose.append({"part": "traces", "time": time, "traces": [trace]})
            return
        self._touch(entry.request_id, "traces" if request_id else "further traces", touched)
        if "cold_start" in meta:
            entry.change({"cold_start": meta["cold_start"] == "true"})
        entry.append("traces", trace)
        entry.trace_ids |= {span.get("trace_id") for span in trace}

    def _attempt(self, request_id: str, start: int) -> Entry | None:
        """Which invocation of that id a function's span belongs to; None for one that is yet to come."""
        first = self._entry(request_id)
        attempts = [first]
        while (further := self._entries.get(f"{request_id}.{len(attempts) + 1}")) is not None:
            attempts.append(further)
        ran = (one for one in attempts if one.ran_at(start) or not one.is_told_of)
        found = next(ran, None)
        return first if found is None and "traces" not in first.has else found

    def _take_timed(self, part: Json, touched: set[Entry]) -> None:
        """A metric or a message of telemetry belongs to what ran then, or else to what had run last."""
        time = part["time"]
        entries = [one for one in self._newest() if one.started is not None]
        entry = next((one for one in entries if one.ran_at(time)), None)
        is_old = self._clock() > time + WAITS
        # Invocations are told in their order: when a later one has come, all earlier ones have.
        if entry is None and (is_old or any((one.started or 0) > time for one in entries)):
            earlier = (one for one in entries if (one.started or 0) <= time)
            entry = max(earlier, key=lambda one: one.started or 0, default=None)
        if entry is None:
            # It may belong to an invocation of which nothing has come yet.
            if not is_old:
                self._loose.append(part)
            return
        self._touch(entry.request_id, part["part"], touched)
        name, what = ("metrics", part["line"]) if part["part"] == "metric" else ("telemetry", part["message"])
        entry.append(name, what, KEPT_OF_ONE)

    def _touch(self, request_id: str, part: str, touched: set[Entry]) -> Entry:
        entry = self._entry(request_id)
        if entry not in touched:
            touched.add(entry)
            self._bytes -= entry.thaw()
        entry.has.add(part)
        return entry

    def _entry(self, request_id: str) -> Entry:
        if request_id not in self._entries:
            self._count += 1
            self._entries[request_id] = Entry(self._count, request_id)
            if len(self._entries) > self._kept:
                self._drop_oldest()
        return self._entries[request_id]

    def _drop_oldest(self) -> None:
        _, oldest = self._entries.popitem(last=False)
        self._bytes -= oldest.size
        oldest.drop()


def _owner(trace: list[Json], entries: list[Entry]) -> Entry | None:
    """The invocation of a trace that has no request id: by the trace's id, then by the time."""
    start = min(span.get("start", 0) for span in trace)
    trace_ids = {span.get("trace_id") for span in trace}
    same = [entry for entry in entries if not trace_ids.isdisjoint(entry.trace_ids)]
    at_the_time = (entry for entry in same or entries if entry.ran_at(start))
    return next(at_the_time, same[0] if same else None)


def parsed(text: str | None) -> object:
    """The JSON in this text; the text itself where it is none. NaN, which is not JSON, becomes a string."""
    if text is None:
        return None
    try:
        document: object = json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return text
    return document
