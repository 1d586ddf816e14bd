"""One id: of the answer, of the invocation in the function's log, and of its `aws.lambda` span, as in AWS."""

from __future__ import annotations

import json

import pytest
import requests

from tests.support.emulator import INVOCATIONS
from tests.support.function import Functions
from tests.support.processes import wait_for

pytestmark = pytest.mark.emulator


def test_answer_log_and_span_have_the_same_id(functions: Functions) -> None:
    function = functions()
    function.agent.clear()
    url = f"http://127.0.0.1:{function.port}{INVOCATIONS}"
    answer = requests.post(url, data=json.dumps({"healthcheck": True}), timeout=60)
    request_id = answer.headers["x-amzn-RequestId"]
    function.process.wait_for_output(f"START RequestId: {request_id} ")
    (trace,) = wait_for(function.agent.traces, what="the trace")
    (span,) = (span for span in trace if span["name"] == "aws.lambda")
    assert span["meta"]["request_id"] == request_id
