"""The access log: what it makes of what the programs tell. tests/run/test_answers.py has the real ones."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from invoke_api.access_log import SETTING, mark
from scripts.access_log import COLD_START, AccessLog
from tests.support.processes import wait_for

ID = "f6c225d5-ed65-4117-80ee-7a8d12722840"
ARRIVED = 1_700_000_000.25


class Log:
    """An access log, and the lines that it has written."""

    def __init__(self, *, shows_emulator: bool = False) -> None:
        self.lines: list[Any] = []
        self.log = AccessLog(
            lambda line: self.lines.append(json.loads(line)), as_json=True, shows_emulator=shows_emulator
        )
        self.mark = mark(self.log.environment[SETTING])

    def tell(self, teller: str, request_id: str | None = ID, **facts: object) -> None:
        """What a program writes; nothing of it is shown."""
        told = {"teller": teller, "request_id": request_id, **facts}
        assert self.log.take(f"{self.mark}{json.dumps(told)}") is None

    def invoked(self, *, status: int = 200, by_proxy: bool = False, error: str | None = None) -> None:
        self.tell(
            "invoke_api",
            time=ARRIVED,
            duration_ms=2.5,
            status=status,
            function_error=error,
            by_proxy=by_proxy,
        )

    def answered(self, request_id: str | None = ID, status: int = 200) -> None:
        self.tell(
            "proxy",
            request_id,
            time=ARRIVED - 1,
            duration_ms=1003,
            front_door="function-url",
            method="GET",
            path="/x?y",
            status=status,
        )

    def traced(self) -> None:
        self.tell("trace", trace_id="123", source="sqs", source_arn="arn:q")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_an_http_request_has_one_line_when_all_is_known(order: tuple[int, ...]) -> None:
    log = Log()
    tells = (
        lambda: log.invoked(by_proxy=True, error="Unhandled"),
        lambda: log.answered(status=502),
        log.traced,
    )
    for place in order:
        assert log.lines == []
        tells[place]()
    (line,) = log.lines
    assert datetime.fromisoformat(line.pop("time")).timestamp() == ARRIVED - 1
    assert line == {
        "source": "function-url",
        "source_arn": None,
        "method": "GET",
        "path": "/x?y",
        "status": 502,
        "function_error": "Unhandled",
        "duration_ms": 1003,
        "cold_start": False,
        "request_id": ID,
        "trace_id": "123",
    }


def test_an_event_has_the_source_of_its_trace() -> None:
    log = Log()
    log.traced()
    log.invoked()
    (line,) = log.lines
    assert (line["source"], line["source_arn"], line["path"], line["status"]) == ("sqs", "arn:q", None, 200)


def test_without_a_trace_the_line_comes_later() -> None:
    log = Log()
    log.invoked()
    assert log.lines == []
    (line,) = wait_for(lambda: log.lines, what="the line")
    assert (line["source"], line["trace_id"], line["request_id"]) == ("event", None, ID)


def test_what_waits_is_written_at_the_end() -> None:
    log = Log()
    log.invoked()
    log.log.finish()
    assert len(log.lines) == 1


def test_a_request_that_is_not_invoked() -> None:
    log = Log()
    log.answered(None, 400)
    log.invoked(status=429)
    assert [(line["status"], line["request_id"]) for line in log.lines] == [(400, None), (429, ID)]


def test_a_cold_start_is_that_of_the_next_invocation_that_runs() -> None:
    log = Log()
    log.log.take(f"21 Nov 2026 17:01:12,263 {COLD_START}type: on-demand, phase: init)")
    log.invoked(status=404)
    for _ in range(2):
        log.traced()
        log.invoked()
    assert [line["cold_start"] for line in log.lines] == [False, True, False]


def test_text_without_a_line_s_end_is_shown() -> None:
    log = Log()
    facts = {"teller": "trace", "request_id": ID}
    assert log.log.take(f"printed{log.mark}{json.dumps(facts)}") == "printed"


def test_a_line_of_somebody_else_is_shown_as_it_is() -> None:
    log = Log()
    for line in ("\x1eother {}", "START RequestId", "[INFO] a message", "", "END"):
        assert log.log.take(line) == line


EMULATORS = (
    f"START RequestId: {ID} Version: $LATEST",
    f"END RequestId: {ID}",
    f"REPORT RequestId: {ID}\tDuration: 27.21 ms\tBilled Duration: 28 ms\t",
    "21 Nov 2026 17:01:12,263 [INFO] (rapid) INIT RTDONE(status: success)",
)


@pytest.mark.parametrize("line", EMULATORS)
def test_the_emulator_s_own_lines(line: str) -> None:
    assert Log().log.take(line) is None
    assert Log().log.take(f"printed{line}") == "printed"
    assert Log(shows_emulator=True).log.take(line) == line


def test_the_emulator_s_warnings_are_shown() -> None:
    line = "21 Nov 2026 17:04:05,785 [WARNING] (rapid) Process runtime-3 exited: exit status 1"
    assert Log().log.take(line) == line


def test_the_text_has_no_control_characters() -> None:
    lines: list[str] = []
    log = AccessLog(lines.append, as_json=False, shows_emulator=False)
    facts = {"teller": "trace", "request_id": ID, "source": "sqs", "source_arn": "a\x1b[31m\nb"}
    log.take(f"{mark(log.environment[SETTING])}{json.dumps(facts)}")
    invoked = {"time": ARRIVED, "duration_ms": 2.5, "status": 200, "function_error": None, "by_proxy": False}
    log.take(
        f"{mark(log.environment[SETTING])}{json.dumps({'teller': 'invoke_api', 'request_id': ID, **invoked})}"
    )
    (line,) = lines
    assert line.split(" ", 1)[1] == rf"sqs a\u001b[31m\nb 200 2.5ms request={ID} trace=-"
