"""How the parts of an invocation are put together, and what is kept of it."""

from __future__ import annotations

import itertools
import json

import pytest

from tests.trace_view.parts import (
    NOW,
    SECOND,
    began,
    exchange,
    function_span,
    invocation,
    metric,
    span,
    traces,
)
from trace_view.entry import EMPTY, Entry
from trace_view.store import Store, parsed


class Kept(Store):
    """A store that notes what has changed, and settles at once what the test asks it to."""

    def __init__(self, **limits: int) -> None:
        self.changes: list[str] = []
        super().__init__(lambda entry: self.changes.append(entry.request_id), clock=lambda: NOW, **limits)

    def settle(self) -> None:
        """Keep all records as text, as the view does after the checks."""
        for entry in list(self):
            self.freeze(entry, json.dumps(entry.record))

    def one(self, request_id: str) -> Entry:
        """The invocation, which is there."""
        entry = self.get(request_id)
        assert entry is not None
        return entry


PARTS = {
    "began": began("a", source="lambda_proxy", event='{"e": 1}'),
    "invocation": invocation(
        "a",
        source="lambda_proxy",
        event='{"e": 1}',
        result='{"statusCode": 200}',
        cold_start=None,
        log=["line"],
    ),
    "exchange": exchange("a"),
    "traces": traces(function_span("a", 7, cold_start="true"), span("flask.request", 7)),
    "metric": metric("m:1|d", 0.5),
}


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("order", list(itertools.permutations(PARTS)), ids="-".join)
def test_parts_make_one_record_in_whatever_order_they_come(order: tuple[str, ...], settled: bool) -> None:
    store = Kept()
    for name in order:
        store.add([PARTS[name]])
        if settled:
            store.settle()
    assert store.one("a").is_whole or settled
    assert store.one("a").record == {
        **EMPTY,
        "request_id": "a",
        "source": "lambda_proxy",
        "front_door": "function-url",
        "request": PARTS["exchange"]["request"],
        "event": {"e": 1},
        "result": {"statusCode": 200},
        "response": PARTS["exchange"]["response"],
        "started": NOW,
        "ended": NOW + SECOND,
        "cold_start": True,
        "log": ["line"],
        "metrics": ["m:1|d"],
        "traces": PARTS["traces"]["traces"],
    }
    assert len(store) == 1
    assert set(store.changes) == {"a"}


def test_an_invocation_is_whole_when_its_trace_has_come_and_what_its_source_promises() -> None:
    store = Kept()
    store.add([invocation("a")])
    assert not store.one("a").is_whole
    store.add([traces(function_span("a", 7))])
    assert store.one("a").is_whole
    store.add([invocation("b", 2, source="lambda_proxy"), traces(function_span("b", 8, 2.1))])
    assert not store.one("b").is_whole
    store.add([exchange("b", 2)])
    assert store.one("b").is_whole


def test_what_runs_is_a_row_until_its_end_replaces_it() -> None:
    store = Kept()
    store.add([began("a", event='{"e": 1}')])
    (row,) = store.page(50, None, "running")[0]
    assert (row["request_id"], row["started"], row["ended"], row["running"]) == ("a", NOW, None, True)
    assert store.one("a").record["event"] == {"e": 1}
    # The front door may give up before.
    store.add([exchange("a", ended=NOW + SECOND), began("a")])
    assert (store.one("a").record["ended"], store.one("a").record["running"]) == (None, True)
    # While it runs, what carries no id is its.
    store.add([metric("m:1|d", 500), invocation("a", ended=NOW + 600 * SECOND)])
    (row,) = store.page(50, None, "")[0]
    assert (row["ended"], row["running"]) == (NOW + 600 * SECOND, False)
    assert store.one("a").record["metrics"] == ["m:1|d"]
    assert not store.page(50, None, "running")[0]


def test_what_is_heard_of_again_runs_again() -> None:
    store = Kept()
    store.add([began("a")])
    store.one("a").change({"running": False, "incomplete": "nothing was heard of it"})
    store.settle()
    # What has no id is not its own as long as it is not known to run.
    store.add([metric("m:1|d", 500)])
    assert store.one("a").record["metrics"] == []
    store.add([began("a")])
    record = store.one("a").record
    assert (record["running"], record["incomplete"], record["metrics"]) == (True, None, ["m:1|d"])


def test_each_attempt_has_a_row_from_its_beginning_on() -> None:
    store = Kept()
    store.add([began("a"), invocation("a"), began("a", 60), traces(function_span("a", 8, 60.5))])
    assert [(entry.request_id, entry.is_running) for entry in store] == [("a.2", True), ("a", False)]
    assert [len(entry.record["traces"]) for entry in store] == [1, 0]
    store.add([began("a", 60), invocation("a", 60)])
    assert [(entry.request_id, entry.is_running) for entry in store] == [("a.2", False), ("a", False)]


def test_a_record_of_a_file_does_not_run() -> None:
    store = Kept()
    store.put({**EMPTY, "request_id": "a", "started": NOW, "running": True})
    assert not store.one("a").record["running"]


def test_a_trace_without_the_function_belongs_to_the_one_with_its_id_or_of_its_time() -> None:
    store = Kept()
    store.add([invocation("a"), invocation("b", 2)])
    store.add([traces(function_span("a", 7)), traces(function_span("b", 8, 2.1))])
    # The same trace at the time of the other; a trace of its own; the same trace at no time of any.
    store.add([traces(span("same", 7, 2.5)), traces(span("own", 9, 2.6)), traces(span("late", 8, 70))])
    names = {
        entry.request_id: [one["name"] for trace in entry.record["traces"] for one in trace]
        for entry in store
    }
    assert names == {"a": ["aws.lambda", "same"], "b": ["aws.lambda", "own", "late"]}


def test_a_trace_of_several_invocations_goes_to_the_one_that_ran() -> None:
    store = Kept()
    store.add([invocation("a"), invocation("b", 2)])
    store.add([traces(function_span("a", 7)), traces(function_span("b", 7, 2.1)), traces(span("s", 7, 2.2))])
    assert [len(store.one(name).record["traces"]) for name in "ab"] == [1, 2]


def test_what_comes_before_its_invocation_waits_for_it() -> None:
    store = Kept()
    store.add([metric("m:1|d", 5.5), traces(span("own", 9, 5.5))])
    assert len(store) == 0
    store.add([invocation("a", 5)])
    assert store.one("a").record["metrics"] == ["m:1|d"]
    assert [one["name"] for trace in store.one("a").record["traces"] for one in trace] == ["own"]


def test_telemetry_after_an_invocation_belongs_to_the_last_one() -> None:
    store = Kept()
    message = {"part": "telemetry", "time": NOW - 5 * SECOND, "message": {"request_type": "app-started"}}
    store.add([invocation("a", -9), message])
    # It may yet belong to an invocation that has not ended.
    assert store.one("a").record["telemetry"] == []
    store.add([invocation("b")])
    assert store.one("a").record["telemetry"] == [{"request_type": "app-started"}]


def test_a_repeated_asynchronous_invocation_is_a_record_of_its_own() -> None:
    store = Kept()
    store.add([invocation("a"), traces(function_span("a", 7))])
    store.settle()
    # The trace of the second attempt comes first.
    store.add([traces(function_span("a", 8, 60.5))])
    store.settle()
    store.add([invocation("a", 60), invocation("a", 180)])
    store.add([traces(function_span("a", 9, 180.5))])
    assert [entry.request_id for entry in store] == ["a.3", "a.2", "a"]
    assert [[one["trace_id"] for one in entry.record["traces"][0]] for entry in store] == [[9], [8], [7]]


def test_the_last_thousand_of_twenty_thousand_are_kept() -> None:
    store = Kept()
    sizes = []
    for first in range(0, 20_000, 20):
        parts = []
        for number in range(first, first + 20):
            request_id, start = f"i{number}", number * 2
            parts += [
                invocation(request_id, start),
                traces(function_span(request_id, number + 1, start + 0.1)),
            ]
            # Something of no invocation, too.
            parts += [metric("m:1|d", start - 0.5), traces(span("lost", -number, start + 1.5))]
        store.add(parts)
        for number in range(first, first + 20):
            store.freeze(store.one(f"i{number}"), json.dumps(store.one(f"i{number}").record))
        store.changes.clear()
        if first % 5000 == 4980:
            sizes.append((len(store), store._bytes // 1000, len(store._loose)))
    assert [entry.request_id for entry in store] == [f"i{number}" for number in range(19_999, 18_999, -1)]
    assert [size[0] for size in sizes] == [1000] * 4
    # Only the numbers in the records have grown, by a digit.
    assert sizes[3][1] <= sizes[0][1] + 20
    assert all(waiting <= 200 for _, _, waiting in sizes)
    # Nothing keeps what was dropped.
    assert store.get("i5") is None
    assert sum(len(value) for value in vars(store).values() if isinstance(value, dict)) == 1000


def test_large_records_push_out_older_ones() -> None:
    store = Kept(kept_bytes=100_000)
    for number in range(20):
        store.add([invocation(f"i{number}", number, event=json.dumps("x" * 20_000))])
        store.settle()
    assert [entry.request_id for entry in store] == ["i19", "i18", "i17", "i16"]
    store.add([invocation("large", 30, event=json.dumps("x" * 200_000))])
    store.settle()
    assert [entry.request_id for entry in store] == ["large"]


def test_pages_and_the_filter() -> None:
    store = Kept()
    store.add([invocation(f"i{number}", number) for number in range(5)])
    store.add([exchange("i3"), traces(function_span("i4", 0xABC, 4.1))])

    def page(limit: int = 50, before: int | None = None, text: str = "") -> tuple[list[str], int | None]:
        rows, following = store.page(limit, before, text)
        return [row["request_id"] for row in rows], following

    first, cursor = page(2)
    assert (first, cursor) == (["i4", "i3"], 4)
    assert page(2, cursor) == (["i2", "i1"], 2)
    assert page(2, 2) == (["i0"], None)
    assert page(5) == (["i4", "i3", "i2", "i1", "i0"], None)
    assert page(text="get /X?y") == (["i3"], None)
    assert page(text="abc") == page(text="2748") == (["i4"], None)
    assert page(text="i3 function-url") == (["i3"], None)
    assert page(text="i3 i4") == ([], None)


@pytest.mark.parametrize(
    ("text", "value"),
    [('{"a": NaN}', {"a": "NaN"}), ("Task timed out", "Task timed out"), ("[" * 10_000, "[" * 10_000)],
)
def test_what_is_not_json_stays_text(text: str, value: object) -> None:
    assert parsed(text) == value


@pytest.mark.parametrize(
    "part", [{}, {"part": "x"}, {"part": "invocation"}, {"part": "traces", "time": 1}, 3]
)
def test_what_is_no_part_is_refused(part: object) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Kept().add([part])  # type: ignore[list-item]
