"""What an invocation is answered: results, function errors, logs.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest
import requests

from tests.invoke_api.conftest import ACT, Start
from tests.support.emulator import INVOCATIONS
from tests.support.invoke_api import InvokeApi, start_invoke_api
from tests.support.processes import ProcessStarter

pytestmark = pytest.mark.emulator


def test_result_is_byte_for_byte_the_function_s(api: InvokeApi) -> None:
    answer = api.invoke({"path": "/result", "body": '{"b": [1.50, "\\u00e9"], "a": null}'})
    assert (
        answer["Payload"]
        == requests.post(
            f"http://127.0.0.1:{api.emulator_port}{INVOCATIONS}",
            data='{"path": "/result", "body": "{\\"b\\": [1.50, \\"\\u00e9\\"], \\"a\\": null}"}',
            timeout=30,
        ).content
    )
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in answer


def test_without_a_client_library(api: InvokeApi) -> None:
    answer = requests.post(api.url, data='{"path": "/x"}', timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert json.loads(answer.json()["body"]) == {"path": "/x"}


def test_no_payload_is_an_empty_event(api: InvokeApi) -> None:
    assert json.loads(json.loads(api.invoke()["Payload"])["body"]) == {}


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InvokeApi]:
    """One whose function may take two seconds."""
    starter = ProcessStarter(tmp_path_factory.mktemp("hasty"))
    yield start_invoke_api(starter, ACT, env={"AWS_LAMBDA_FUNCTION_TIMEOUT": "2"})
    starter.stop_all()


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        ("/sleep/60", "Sandbox.Timedout", "Task timed out after 2.00 seconds"),
        ("/exit", "Runtime.ExitError", "Runtime exited with error: exit status 3"),
        ("/exit/0", "Runtime.ExitError", "Runtime exited without providing a reason"),
    ],
)
def test_r117_a_timeout_and_an_exit_name_the_invocation(
    hasty: InvokeApi, path: str, kind: str, message: str
) -> None:
    answer = hasty.invoke({"path": path})
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert json.loads(answer["Payload"]) == {
        "errorType": kind,
        "errorMessage": f"RequestId: {request_id} Error: {message}",
    }
    # It is the function's own, as in its log.
    assert f"START RequestId: {request_id} " in hasty.process.output


def test_function_errors_are_marked(api: InvokeApi) -> None:
    for path, kind in (
        ("/raise/x", "ValueError"),
        (f"/large/{7 * 1024 * 1024}", "Function.ResponseSizeTooLarge"),
    ):
        answer = api.invoke({"path": path})
        assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled"), path
        assert json.loads(answer["Payload"])["errorType"] == kind
    assert "FunctionError" not in api.invoke({})


def test_log_result_holds_the_invocation_s_own_output(api: InvokeApi) -> None:
    assert "LogResult" not in api.invoke({"path": "/first"})
    log = base64.b64decode(api.invoke({"path": "/raise/hidden-not"}, LogType="Tail")["LogResult"]).decode()
    assert "ValueError: hidden-not" in log
    assert "REPORT RequestId" in log
    assert len(log) <= 4096


def test_r100_client_context_reaches_the_function(api: InvokeApi) -> None:
    context = base64.b64encode(b'{"custom": {"a": "b"}}').decode()
    answer = json.loads(api.invoke({"path": "/context"}, ClientContext=context)["Payload"])
    assert answer["custom"] == {"a": "b"}


@pytest.mark.parametrize(
    "name",
    [
        "function",
        "weblog",
        "function:$LATEST",
        "012345678912:function:weblog",
        "arn:aws:lambda:us-east-1:012345678912:function:weblog",
        "arn:aws:lambda:us-east-1:012345678912:function:weblog:$LATEST",
    ],
)
def test_names_of_the_function(api: InvokeApi, name: str) -> None:
    assert api.invoke({}, FunctionName=name)["StatusCode"] == 200


def test_r92_the_function_starts_with_the_first_invocation(start: Start) -> None:
    api = start()
    assert "INIT START" not in api.process.output
    api.invoke({})
    assert api.process.output.count("INIT START") == 1


def test_dry_run_runs_nothing(start: Start) -> None:
    api = start()
    assert api.invoke({}, InvocationType="DryRun")["StatusCode"] == 204
    assert "START RequestId" not in api.process.output
