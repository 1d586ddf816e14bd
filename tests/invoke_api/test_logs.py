"""The lines that the function wrote during an invocation, taken out of the emulator's output."""

from __future__ import annotations

import pytest

from invoke_api.logs import KEPT, MOST_BYTES, Log, Logs

REPORT = "REPORT RequestId: {}\tDuration: 1.01 ms\tBilled Duration: 2 ms\t"
COLD = "REPORT RequestId: {}\tInit Duration: 0.05 ms\tDuration: 309.03 ms\t"


def output(request_id: str, *lines: str, report: str = REPORT) -> list[str]:
    """What the emulator writes of an invocation."""
    start, end = f"START RequestId: {request_id} Version: $LATEST", f"END RequestId: {request_id}"
    return [start, *lines, end, report.format(request_id)]


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_each_invocation_has_its_own_lines_however_they_arrive(size: int) -> None:
    first = ["written while it started", *output("a", "one", "twö", "", report=COLD)]
    second = output("b", "three\r  four\r", "REPORT RequestId: x is no report")
    written = "".join(f"{line}\n" for line in first + second).encode()
    logs = Logs()
    for start in range(0, len(written), size):
        logs.feed(written[start : start + size])
    assert (logs.has("a"), logs.has("b"), logs.has("c")) == (True, True, False)
    assert logs.pop("a") == Log(first, cold_start=True)
    assert logs.pop("b") == Log(
        [second[0], "three", "  four", "REPORT RequestId: x is no report", *second[-2:]], cold_start=False
    )
    assert not logs.has("a")


def test_without_a_report_there_is_what_was_written_so_far() -> None:
    logs = Logs()
    logs.feed(b"START RequestId: a Version: $LATEST\nstill running\nand ")
    assert logs.pop("a") == Log(["START RequestId: a Version: $LATEST", "still running"], cold_start=None)


def test_only_so_much_is_kept() -> None:
    logs = Logs()
    line = b"x" * 1023 + b"\n"
    for _ in range(2 * MOST_BYTES // 1024):
        logs.feed(line)
    logs.feed(REPORT.format("a").encode() + b"\n")
    lines = logs.pop("a").lines
    assert len(lines) == MOST_BYTES // 1024 + 2
    assert lines[-1] == f"({MOST_BYTES // 1024} more lines are left out)"
    for number in range(KEPT + 1):
        logs.feed(REPORT.format(number).encode() + b"\n")
    assert (logs.has("0"), logs.has("1")) == (False, True)
    # A line without an end does not grow for ever.
    for _ in range(3):
        logs.feed(b"x" * MOST_BYTES)
    assert len(logs._rest) <= MOST_BYTES
