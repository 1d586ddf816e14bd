"""Every trace that a test sees is checked."""

from __future__ import annotations

import pytest

from tests.support.function import Functions

ODD_HANDLER = """
from ddtrace.trace import tracer

from app.handler import lambda_handler as answer


def lambda_handler(event, context):
    if "note" in event:
        tracer.current_span().set_tag("note", "None")
    return answer({"healthcheck": True}, context)
"""


@pytest.mark.emulator
def test_a_new_violation_fails_the_test(functions: Functions) -> None:
    folder = functions.starter.folder
    (folder / "noting.py").write_text(ODD_HANDLER)
    function = functions(PYTHONPATH=str(folder), DD_LAMBDA_HANDLER="noting.lambda_handler")
    function.traced({})
    with pytest.raises(AssertionError, match=r"^no-none: aws\.lambda: aws\.lambda: note is 'None'$"):
        function.traced({"note": True})
