"""How a stream's batch is delivered: the order of invocations for each way in which they can fail.

https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from event_sources.arn import Arn
from event_sources.delivery import Delivery, Record, parts
from event_sources.function import PAYLOAD_LIMIT, Answer
from event_sources.mapping import Mapping

SOURCE = Arn.parse("arn:aws:kinesis:us-east-1:123456789012:stream/weblog")
NOW = 1000.0


@dataclass
class Delivered:
    """What a delivery did: the batches it invoked with, as words, and what it gave up."""

    batches: list[str] = field(default_factory=list)
    given_up: list[tuple[str, str, int]] = field(default_factory=list)
    finished: bool = False


def word(records: Sequence[Record]) -> str:
    return "".join(record.identifier for record in records)


def deliver(
    letters: str,
    answer: Callable[[str], Answer],
    *,
    ages: Sequence[float] = (),
    pauses: int = 100,
    clock: Callable[[], float] = lambda: NOW,
    **mapping: Any,
) -> Delivered:
    """Deliver a batch with one record a letter; `pauses` is how often it may be tried again."""
    done = Delivered()
    left = [pauses]

    def invoke(records: Sequence[Record]) -> Answer:
        done.batches.append(word(records))
        return answer(word(records))

    def pause(_: int) -> bool:
        left[0] -= 1
        return left[0] >= 0

    delivery = Delivery(
        mapping=Mapping(SOURCE, **mapping),
        invoke=invoke,
        give_up=lambda records, condition, times: done.given_up.append((word(records), condition, times)),
        pause=pause,
        now=clock,
    )
    times = [NOW - age for age in ages] or [NOW] * len(letters)
    records = [Record({}, letter, time) for letter, time in zip(letters, times, strict=True)]
    done.finished = delivery.deliver(records)
    return done


def fail_on(letter: str) -> Callable[[str], Answer]:
    """A function that raises when the record is in the batch."""
    return lambda batch: Answer(error="Unhandled") if letter in batch else Answer()


def report(letters: str) -> Callable[[str], Answer]:
    """A function that reports the records that failed."""
    return lambda batch: Answer(
        {"batchItemFailures": [{"itemIdentifier": letter} for letter in batch if letter in letters]}
    )


@pytest.mark.parametrize(
    ("answer", "mapping", "batches", "given_up"),
    [
        pytest.param(fail_on("x"), {}, ["abcd"], [], id="success"),
        pytest.param(
            fail_on("c"),
            {"retries": 2},
            ["abcd", "abcd", "abcd"],
            [("abcd", "RetryAttemptsExhausted", 3)],
            id="the whole batch is tried again, then given up",
        ),
        pytest.param(
            fail_on("c"), {"retries": 0}, ["abcd"], [("abcd", "RetryAttemptsExhausted", 1)], id="no retries"
        ),
        pytest.param(
            fail_on("c"),
            {"retries": 0, "bisect": True},
            ["abcd", "ab", "cd", "c", "d"],
            [("c", "RetryAttemptsExhausted", 3)],
            id="bisecting finds the bad record",
        ),
        pytest.param(
            fail_on("c"),
            {"retries": 1, "bisect": True},
            ["abcd", "ab", "cd", "c", "c", "d"],
            [("c", "RetryAttemptsExhausted", 4)],
            id="dividing does not count as a retry",
        ),
        pytest.param(
            report("c"),
            {"retries": 1, "report_failures": True},
            ["abcd", "cd"],
            [("cd", "RetryAttemptsExhausted", 2)],
            id="from the first failure on",
        ),
        pytest.param(
            report("c"),
            {"retries": 0, "report_failures": True, "bisect": True},
            ["abcd", "cd", "c", "d"],
            [("c", "RetryAttemptsExhausted", 3)],
            id="divided at the first failure",
        ),
        pytest.param(
            report("db"),
            {"retries": 0, "report_failures": True, "bisect": True},
            ["abcd", "bcd", "b", "cd", "d"],
            [("b", "RetryAttemptsExhausted", 3), ("d", "RetryAttemptsExhausted", 4)],
            id="the lowest of several failures",
        ),
        pytest.param(
            report("c"), {"retries": 0}, ["abcd"], [], id="a report counts only where the mapping asks for it"
        ),
        pytest.param(
            lambda batch: Answer({"batchItemFailures": [{"itemIdentifier": ""}]}),
            {"retries": 0, "report_failures": True},
            ["abcd"],
            [("abcd", "RetryAttemptsExhausted", 1)],
            id="a report that cannot be understood",
        ),
    ],
)
def test_failures(
    answer: Callable[[str], Answer],
    mapping: dict[str, Any],
    batches: list[str],
    given_up: list[tuple[str, str, int]],
) -> None:
    assert deliver("abcd", answer, **mapping) == Delivered(batches, given_up, finished=True)


def test_without_a_limit_it_is_tried_until_the_end() -> None:
    assert deliver("ab", fail_on("a"), pauses=5) == Delivered(["ab"] * 6, [], finished=False)


def test_order_is_kept_when_it_succeeds_at_last() -> None:
    answers = iter([Answer(error="Unhandled"), Answer(error="Unhandled"), Answer()])
    assert deliver("ab", lambda batch: next(answers)) == Delivered(["ab"] * 3, [], finished=True)


def test_records_that_are_too_old_are_given_up_without_an_invocation() -> None:
    done = deliver("abcd", fail_on("x"), ages=[90, 61, 60, 0], record_age=60)
    assert done == Delivered(["cd"], [("ab", "RecordAgeExceeded", 0)], finished=True)


def test_a_batch_grows_old_while_it_is_tried() -> None:
    clock = iter([NOW, NOW + 40, NOW + 80])
    done = deliver("ab", fail_on("a"), ages=[0, 0], record_age=60, clock=lambda: next(clock))
    assert done == Delivered(["ab", "ab"], [("ab", "RecordAgeExceeded", 2)], finished=True)


def test_parts_are_as_large_as_they_may_be() -> None:
    records = [Record({"data": "x" * (PAYLOAD_LIMIT // 4)}, str(number), 0) for number in range(7)]
    divided = list(parts(records))
    assert [record for part in divided for record in part] == records
    assert [len(part) for part in divided] == [3, 3, 1]
    sizes = [len(json.dumps({"Records": [record.event for record in part]})) for part in divided]
    assert max(sizes) <= PAYLOAD_LIMIT


@pytest.mark.parametrize(
    ("result", "failed"),
    [
        (None, ""),
        ({}, ""),
        ({"batchItemFailures": []}, ""),
        ({"batchItemFailures": None}, ""),
        ({"batchItemFailures": [{"itemIdentifier": "b"}]}, "b"),
        ({"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "a"}]}, "ab"),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, "abc"),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, "abc"),
        ({"batchItemFailures": [{"itemIdentifier": "not there"}]}, "abc"),
        ({"batchItemFailures": [{"itemIdentifier": ["b"]}]}, "abc"),
        ({"batchItemFailures": [{"identifier": "b"}]}, "abc"),
        ({"batchItemFailures": ["b"]}, "abc"),
        ({"batchItemFailures": "b"}, "abc"),
        ({"batchItemFailures": 1}, "abc"),
        ("a string", "abc"),
        ([], ""),
    ],
)
def test_what_a_result_says(result: object, failed: str) -> None:
    assert Answer(result).failed("abc", report_failures=True) == set(failed)
    assert Answer(result).failed("abc", report_failures=False) == set()
    assert Answer(result, error="Unhandled").failed("abc", report_failures=True) == set("abc")
