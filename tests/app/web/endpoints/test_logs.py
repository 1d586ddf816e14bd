"""The endpoint that logs."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import uuid4

import pytest

from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES
from tests.support.function import Function, Functions
from tests.support.processes import wait_for

REST = EVENT_TYPES[0]


def test_log_library(handled: Handled) -> None:
    response = handled("/log/library")
    assert (response.status, response.headers["content-type"], response.body) == (200, ["text/plain"], b"OK")


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        (
            "level=loud",
            "argument level must be one of debug, info, warn, warning, error, critical; it is 'loud'\n",
        ),
        ("structured=maybe", "argument structured must be true or false; it is 'maybe'\n"),
    ],
)
def test_what_is_not_valid(handled: Handled, query: str, problem: str) -> None:
    response = handled("/log/library", query=query)
    assert (response.status, response.body.decode()) == (400, problem)


def logged(function: Function, query: str) -> tuple[str, Any]:
    """The line that the function then logs, and the trace."""
    message = uuid4().hex
    _, trace = function.request(REST, path="/log/library", query=f"msg={message}&{query}")

    def lines() -> list[str]:
        return [line for line in function.process.output.splitlines() if message in line]

    (line,) = wait_for(lines, what="the line in the log")
    return line, trace


@pytest.mark.emulator
class TestLines:
    """What is in the log, for a REST event."""

    def test_a_structured_line(self, functions: Functions) -> None:
        line, trace = logged(functions(), "")
        document = json.loads(line)
        assert document.keys() == {
            *("message", "level", "logger", "timestamp"),
            *("dd.trace_id", "dd.span_id", "dd.service", "dd.env", "dd.version"),
        }
        assert document["level"] == "INFO"
        assert document["dd.service"] == "weblog"
        assert int(document["dd.span_id"]) in {span["span_id"] for span in trace.spans}
        # 128 bits in hexadecimal digits; the lower half is the trace id of the spans.
        assert int(document["dd.trace_id"], 16) % 2**64 == trace.function["trace_id"]
        assert document["dd.trace_id"].startswith(trace.one("aws.apigateway")["meta"]["_dd.p.tid"])

    @pytest.mark.parametrize(
        ("level", "name"),
        [
            ("debug", "DEBUG"),
            ("info", "INFO"),
            ("warn", "WARNING"),
            ("warning", "WARNING"),
            ("error", "ERROR"),
            ("critical", "CRITICAL"),
        ],
    )
    def test_the_level(self, functions: Functions, level: str, name: str) -> None:
        line, _ = logged(functions(), f"level={level}")
        assert json.loads(line)["level"] == name
        line, _ = logged(functions(), f"structured=false&level={level}")
        assert line.startswith(f"[{name}]\t")

    def test_a_text_line(self, functions: Functions) -> None:
        line, trace = logged(functions(), "structured=false")
        ids = line.split("\t")[3].strip("[]").split()
        trace_id, span_id = (pair.partition("=") for pair in ids)
        assert (trace_id[0], span_id[0]) == ("dd.trace_id", "dd.span_id")
        assert int(trace_id[2], 16) % 2**64 == trace.function["trace_id"]
        assert int(span_id[2]) in {span["span_id"] for span in trace.spans}

    @pytest.mark.parametrize("structured", ["true", "false"])
    def test_every_level(self, functions: Functions, structured: str) -> None:
        function, message = functions(), uuid4().hex
        query = f"msg={message}&structured={structured}"
        response, trace = function.request(REST, path="/log/levels", query=query)
        assert (response.status, response.body) == (200, b"OK")

        def lines() -> list[str]:
            found = [line for line in function.process.output.splitlines() if message in line]
            return found if len(found) == 5 else []

        logged = wait_for(lines, what="five lines in the log")
        names = [re.search("DEBUG|INFO|WARNING|ERROR|CRITICAL", line) for line in logged]
        assert [name and name[0] for name in names] == ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
        for line in logged:
            ids = re.search(r"dd\.trace_id\W+([0-9a-f]{32})\b.*dd\.span_id\W+(\d+)", line)
            assert ids, line
            assert int(ids[1], 16) % 2**64 == trace.function["trace_id"]
            assert int(ids[2]) in {span["span_id"] for span in trace.spans}

    def test_without_injection(self, functions: Functions) -> None:
        function = functions(DD_LOGS_INJECTION="false")
        line, _ = logged(function, "")
        assert json.loads(line).keys() == {"message", "level", "logger", "timestamp"}
        line, _ = logged(function, "structured=false")
        assert "dd.trace_id" not in line
