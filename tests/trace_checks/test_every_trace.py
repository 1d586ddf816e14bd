"""Every trace that a test sees is checked."""

from __future__ import annotations

import pytest

from tests.support.function import Function, Functions

ODD_HANDLER = """
from ddtrace.trace import tracer

from app.handler import lambda_handler as answer


def lambda_handler(event, context):
    if "note" in event:
        tracer.current_span().set_tag("note", "None")
    return answer({"healthcheck": True}, context)
"""


@pytest.fixture
def function(functions: Functions) -> Function:
    """A function with AppSec; where the event has a `note`, its span has a tag with the value None."""
    folder = functions.starter.folder
    (folder / "noting.py").write_text(ODD_HANDLER)
    return functions(PYTHONPATH=str(folder), DD_LAMBDA_HANDLER="noting.lambda_handler")


@pytest.mark.emulator
def test_a_new_violation_fails_the_test(function: Function) -> None:
    function.traced({})
    with pytest.raises(AssertionError, match=r"^no-none: aws\.lambda: aws\.lambda: note is 'None'$"):
        function.traced({"note": True})


@pytest.mark.emulator
def test_a_mark_that_is_no_longer_right_fails_the_test(function: Function) -> None:
    function.traced({"note": True}, breaks=["no-none"])
    function.traced({"note": True}, may_break=["no-none"])
    function.traced({}, may_break=["no-none"])
    with pytest.raises(AssertionError, match=r"^no longer broken: no-none$"):
        function.traced({}, breaks=["no-none"])
