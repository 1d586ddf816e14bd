"""Asynchronous invocations: retries, and the record of an event that failed each time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.invoke_api.conftest import Start
from tests.support.processes import wait_for

pytestmark = pytest.mark.emulator


def test_r116_an_event_is_retried_twice_and_then_written_down(start: Start, tmp_path: Path) -> None:
    letters = tmp_path / "letters.jsonl"
    api = start(
        env={
            "AWS_LAMBDA_FUNCTION_NAME": "weblog",
            "LAMBDA_RETRY_DELAYS": "0,0",
            "LAMBDA_DEAD_LETTERS": str(letters),
        }
    )
    answer = api.invoke({"path": "/fine"}, InvocationType="Event")
    assert (answer["StatusCode"], answer["Payload"]) == (202, b"")
    api.invoke({"path": "/raise/always"}, InvocationType="Event")
    wait_for(letters.exists, what="the file of failed events")
    (line,) = wait_for(lambda: letters.read_text().splitlines(), what="its line")
    record = json.loads(line)
    response = record["responsePayload"]
    assert record == {
        "version": "1.0",
        "timestamp": record["timestamp"],
        "requestContext": {
            "requestId": response["requestId"],
            "functionArn": "arn:aws:lambda:us-east-1:012345678912:function:weblog:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"path": "/raise/always"},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {
            "errorMessage": "always",
            "errorType": "ValueError",
            "requestId": response["requestId"],
            "stackTrace": response["stackTrace"],
        },
    }
    assert f"START RequestId: {response['requestId']}" in api.process.output
    assert api.process.output.count("START RequestId") == 4


def test_r116_an_event_whose_function_exits_has_the_id_of_its_message(start: Start, tmp_path: Path) -> None:
    letters = tmp_path / "letters.jsonl"
    api = start(env={"LAMBDA_RETRY_DELAYS": "0", "LAMBDA_DEAD_LETTERS": str(letters)})
    api.invoke({"path": "/exit"}, InvocationType="Event")
    wait_for(lambda: letters.exists() and letters.read_text(), what="the record")
    record = json.loads(letters.read_text())
    assert record["requestContext"]["requestId"] in record["responsePayload"]["errorMessage"]
