"""The endpoints that fail: what reaches datadog_lambda, and what the tracer captures of it."""

from __future__ import annotations

import re

import pytest

from app.capabilities.exception_replay import SHAPES
from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES, HttpRequest
from tests.support.function import Functions, Trace
from tests.support.processes import wait_for

REST = EVENT_TYPES[0]

FAILURES = {
    "/exceptionreplay/simple": "simple exception",
    "/debugger/exceptionreplay/simple": "simple exception",
    "/exceptionreplay/recursion?depth=3": "recursion exception depth 3",
    "/debugger/exceptionreplay/recursion?depth=0": "recursion exception depth 0",
    "/exceptionreplay/inner": "outer exception",
    "/exceptionreplay/rps?shape=rock": "rock exception",
    "/exceptionreplay/rps?shape=paper": "paper exception",
    "/exceptionreplay/rps?shape=scissors": "scissors exception",
    "/exceptionreplay/multiframe": "multiple stack frames exception",
    "/exceptionreplay/async": "async exception",
}


@pytest.mark.parametrize("target", FAILURES)
def test_a_failure_reaches_datadog_lambda(handled: Handled, target: str) -> None:
    path, _, query = target.partition("?")
    with pytest.raises(Exception, match=f"^{re.escape(FAILURES[target])}$"):
        handled(path, query=query)


def test_the_classes_of_rps(handled: Handled) -> None:
    for shape, error in SHAPES.items():
        with pytest.raises(error):
            handled("/exceptionreplay/rps", query=f"shape={shape}")


@pytest.mark.parametrize("query", ["", "shape=", "shape=well"])
def test_no_exception(handled: Handled, query: str) -> None:
    response = handled("/exceptionreplay/rps", query=query)
    assert (response.status, response.body) == (200, b"No exception")


@pytest.mark.parametrize("depth", ["", "x", "-1", "501"])
def test_a_wrong_depth(handled: Handled, depth: str) -> None:
    response = handled("/exceptionreplay/recursion", query=f"depth={depth}")
    assert response.status == 400
    assert response.body.startswith(b"argument depth must be a whole number from 0 to 500")


def test_no_depth(handled: Handled) -> None:
    response = handled("/exceptionreplay/recursion")
    assert (response.status, b"argument depth is required" in response.body) == (400, True)


# The functions whose variables are captured, as far as they are this endpoint's own.
CAPTURED = {
    "/exceptionreplay/simple": {"simple"},
    "/exceptionreplay/recursion?depth=3": {"recursion"},
    "/exceptionreplay/inner": {"inner"},
    "/exceptionreplay/rps?shape=rock": {"rps"},
    "/exceptionreplay/multiframe": {"deep_function_a", "deep_function_b", "deep_function_c"},
    "/exceptionreplay/async": {"throw"},
}


@pytest.mark.emulator
@pytest.mark.parametrize("target", CAPTURED)
def test_what_is_captured(functions: Functions, target: str) -> None:
    function = functions(DD_EXCEPTION_REPLAY_ENABLED="true")
    path, _, query = target.partition("?")

    def captured() -> Trace | None:
        result, trace = function.traced(REST.event(HttpRequest(path=path, query=query)))
        assert (result["errorMessage"], trace.function["error"]) == (FAILURES[target], 1)
        return trace if trace.meta.get("error.debug_info_captured") == "true" else None

    # The tracer captures one exception a second, and each one once.
    trace = wait_for(captured, what="an exception that is captured")
    assert trace
    snapshots = {
        tag.split(".")[3] for tag in trace.meta if re.fullmatch(r"_dd\.debug\.error\.\d+\.snapshot_id", tag)
    }
    functions_captured = {trace.meta[f"_dd.debug.error.{number}.function"] for number in snapshots}
    assert functions_captured >= CAPTURED[target]
    assert trace.meta["_dd.debug.error.exception_capture_id"]
    assert trace.meta["error.message"] == FAILURES[target]
