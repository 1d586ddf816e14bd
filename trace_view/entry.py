"""One invocation in the store: its record, as an object while parts come, and as JSON text from then on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from trace_view.summary import searched, summary

Json = dict[str, Any]

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
    "running": False,
    "cold_start": None,
    "log": [],
    "metrics": [],
    "traces": [],
    "complete": False,
    "checks": [],
    "telemetry": [],
    "incomplete": None,
}
"""A record of which nothing is known."""

_LISTS = [name for name, value in EMPTY.items() if isinstance(value, list)]


class Entry:
    """One invocation. Its record takes a quarter of the memory as text."""

    def __init__(self, number: int, request_id: str) -> None:
        self.number = number
        """Counts the invocations, from 1."""
        self.request_id = request_id
        self.trace_ids: set[int | None] = set()
        self.has: set[str] = set()
        """The kinds of parts that came."""
        self.is_running = False
        """Whether it has begun, and is not known to have ended."""
        self.version = 0
        """Grows with each change."""
        self.is_settled = False
        """Whether it was checked after the last change."""
        self.is_kept = True
        """False from when it was dropped on."""
        self._record: Json | None = {**EMPTY, **{name: [] for name in _LISTS}, "request_id": request_id}
        self._text = ""
        self._row: Json | None = None
        self._searched: str | None = None
        self._times: tuple[int | None, int | None] = (None, None)

    @property
    def record(self) -> Json:
        """The record; whoever gets it must not change it."""
        if self._record is not None:
            return self._record
        record: Json = json.loads(self._text)
        return record

    @property
    def row(self) -> Json:
        """What `GET /api/invocations` answers of it."""
        if self._row is None:
            self._row = summary(self.record)
        return self._row

    @property
    def searched(self) -> str:
        """What a filter looks at, in lower case."""
        if self._searched is None:
            self._searched = searched(self.record, self.row)
        return self._searched

    @property
    def started(self) -> int | None:
        """When the function was invoked, if that is known."""
        return self._times[0]

    @property
    def cold_start(self) -> bool | None:
        """Whether the function had to start, if that is known."""
        return self._record["cold_start"] if self._record else None

    @property
    def size(self) -> int:
        """How many bytes are kept of it as text."""
        return len(self._text)

    @property
    def is_whole(self) -> bool:
        """Whether all that is to be expected has come."""
        is_from_proxy = self._record is not None and self._record["source"] == "lambda_proxy"
        return self.has >= (
            {"invocation", "traces", "exchange"} if is_from_proxy else {"invocation", "traces"}
        )

    @property
    def is_told_of(self) -> bool:
        """Whether the Invoke API has told of it."""
        return not self.has.isdisjoint(("began", "invocation"))

    def has_words(self, words: Iterable[str]) -> bool:
        """Whether a filter with these words, in lower case, lets it pass."""
        return all(word in self.searched for word in words)

    def ran_at(self, time: int) -> bool:
        """Whether the invocation ran at that time."""
        started, ended = self._times
        return (
            started is not None and started <= time and (self.is_running if ended is None else time <= ended)
        )

    def snapshot(self) -> Json:
        """The record as it is now: parts that come later do not change it."""
        record = self.record
        return {**record, **{name: list(record[name]) for name in _LISTS}}

    def change(self, members: Json) -> None:
        """Set members of the record."""
        record = self._changing()
        record |= members
        self._times = (record["started"], record["ended"])
        self.is_running = record["running"]
        self.trace_ids |= {span.get("trace_id") for trace in members.get("traces", ()) for span in trace}

    def append(self, name: str, item: object, most: int | None = None) -> None:
        """Append to a list of the record, unless it has `most` items."""
        items = self._changing()[name]
        if most is None or len(items) < most:
            items.append(item)

    def freeze(self, text: str) -> int:
        """Keep the record as this text, and its row; how many bytes that is more than before."""
        # A list of a thousand rows must not take a thousand records to be parsed.
        self._searched = self.searched
        more = len(text) - len(self._text)
        self._text, self._record = text, None
        return more

    def thaw(self) -> int:
        """Keep the record as an object; how many bytes of text that saves."""
        size = len(self._text)
        self._record = self.record
        self._text = ""
        return size

    def drop(self) -> None:
        """Let the record go, whoever may still know this entry."""
        self.is_kept = False
        self._record, self._text, self._row, self._searched = None, "null", None, None

    def _changing(self) -> Json:
        if self._record is None:
            raise RuntimeError("the record is kept as text")
        self.version += 1
        self.is_settled = False
        self._row = self._searched = None
        return self._record
