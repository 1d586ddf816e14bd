"""The Invoke API in front of a real emulator, with AWS's own client.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from tests.lambda_proxy.support import InvokeApi, start_invoke_api
from tests.support.emulator import INVOCATIONS, start_emulator
from tests.support.processes import ProcessStarter, free_port, port_is_open, wait_for

pytestmark = pytest.mark.emulator
ACT = "tests.lambda_proxy.functions.act"


Start = Callable[..., InvokeApi]


@pytest.fixture
def start(start_process: ProcessStarter) -> Start:
    """A factory of Invoke APIs that keep an emulator of their own."""

    def start(env: Mapping[str, str] | None = None) -> InvokeApi:
        return start_invoke_api(start_process, ACT, env=env)

    return start


def test_result_is_byte_for_byte_the_function_s(start: Start) -> None:
    api = start()
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


def test_without_a_client_library(start: Start) -> None:
    answer = requests.post(start().url, data='{"path": "/x"}', timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert json.loads(answer.json()["body"]) == {"path": "/x"}


def test_no_payload_is_an_empty_event(start: Start) -> None:
    assert json.loads(json.loads(start().invoke()["Payload"])["body"]) == {}


def test_function_errors_are_marked(start: Start) -> None:
    api = start(env={"AWS_LAMBDA_FUNCTION_TIMEOUT": "1"})
    for path, kind in (
        ("/raise/x", "ValueError"),
        ("/exit", "Runtime.ExitError"),
        ("/sleep/3", "Sandbox.Timedout"),
        (f"/large/{7 * 1024 * 1024}", "Function.ResponseSizeTooLarge"),
    ):
        answer = api.invoke({"path": path})
        assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled"), path
        assert json.loads(answer["Payload"])["errorType"] == kind
    assert "FunctionError" not in api.invoke({})


def test_log_result_holds_the_invocation_s_own_output(start: Start) -> None:
    api = start()
    assert "LogResult" not in api.invoke({"path": "/first"})
    log = base64.b64decode(api.invoke({"path": "/raise/hidden-not"}, LogType="Tail")["LogResult"]).decode()
    assert "ValueError: hidden-not" in log
    assert "REPORT RequestId" in log
    assert len(log) <= 4096


def test_r100_client_context_reaches_the_function(start: Start) -> None:
    context = base64.b64encode(b'{"custom": {"a": "b"}}').decode()
    answer = json.loads(start().invoke({"path": "/context"}, ClientContext=context)["Payload"])
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
def test_names_of_the_function(start: Start, name: str) -> None:
    api = start(env={"AWS_LAMBDA_FUNCTION_NAME": "weblog"})
    assert api.invoke({}, FunctionName=name)["StatusCode"] == 200


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "unknown function": ({"FunctionName": "other"}, 404, "ResourceNotFoundException"),
    "unknown version": ({"Qualifier": "7"}, 404, "ResourceNotFoundException"),
    "unknown alias": ({"FunctionName": "weblog:live"}, 404, "ResourceNotFoundException"),
    "no name": ({"FunctionName": "not a name!"}, 400, "ValidationException"),
    "two qualifiers": ({"FunctionName": "weblog:a", "Qualifier": "b"}, 400, "ValidationException"),
    "broken JSON": ({"Payload": b"{"}, 400, "InvalidRequestContentException"),
    "not UTF-8": ({"Payload": b'"\xff"'}, 400, "InvalidRequestContentException"),
    "broken context": ({"ClientContext": "{}"}, 400, "InvalidRequestContentException"),
    "type": ({"InvocationType": "Soon"}, 400, "InvalidParameterValueException"),
    "log type": ({"LogType": "Head"}, 400, "InvalidParameterValueException"),
    "over 6 MB": ({"Payload": b'"%b"' % (b"x" * 6 * 1024 * 1024)}, 413, "RequestTooLargeException"),
    "event over 1 MB": (
        {"Payload": b'"%b"' % (b"x" * 1024 * 1024), "InvocationType": "Event"},
        413,
        "RequestTooLargeException",
    ),
}


def test_r81_refusals_have_aws_s_codes(start: Start) -> None:
    api = start(env={"AWS_LAMBDA_FUNCTION_NAME": "weblog"})
    for name, (parameters, status, code) in REFUSED.items():
        with pytest.raises(ClientError) as caught:
            api.invoke(**parameters)
        assert caught.value.response["Error"]["Code"] == code, name
        assert caught.value.response["Error"]["Message"], name
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status, name
    assert "START RequestId" not in api.process.output


def test_r92_the_function_starts_with_the_first_invocation(start: Start) -> None:
    api = start()
    assert "INIT START" not in api.process.output
    api.invoke({})
    assert api.process.output.count("INIT START") == 1


def test_dry_run_runs_nothing(start: Start) -> None:
    api = start()
    assert api.invoke({}, InvocationType="DryRun")["StatusCode"] == 204
    assert "START RequestId" not in api.process.output


def test_event_is_retried_twice_and_then_a_dead_letter(start: Start, tmp_path: Path) -> None:
    letters = tmp_path / "letters.jsonl"
    api = start(env={"LAMBDA_RETRY_DELAYS": "0,0", "LAMBDA_DEAD_LETTERS": str(letters)})
    answer = api.invoke({"path": "/fine"}, InvocationType="Event")
    assert (answer["StatusCode"], answer["Payload"]) == (202, b"")
    api.invoke({"path": "/raise/always"}, InvocationType="Event")
    wait_for(letters.exists, what="the dead letter")
    (line,) = wait_for(lambda: letters.read_text().splitlines(), what="its line")
    record = json.loads(line)
    assert record["requestPayload"] == {"path": "/raise/always"}
    assert record["responsePayload"]["errorMessage"] == "always"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert api.process.output.count("START RequestId") == 4


def test_past_the_limit_is_429(start: Start) -> None:
    api = start(env={"LAMBDA_CONCURRENCY": "1"})
    first = threading.Thread(target=api.invoke, args=({"path": "/sleep/1"},))
    first.start()
    api.process.wait_for_output("START RequestId")
    with pytest.raises(ClientError) as caught:
        api.invoke({})
    assert caught.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    first.join()
    assert api.invoke({})["StatusCode"] == 200


def test_r93_many_clients_at_once_each_get_their_own_answer(start: Start) -> None:
    api = start()

    def own(number: int) -> bool:
        body = requests.post(api.url, json={"path": f"/{number}"}, timeout=60).json()["body"]
        return bool(json.loads(body)["path"] == f"/{number}")

    with ThreadPoolExecutor(24) as pool:
        assert all(pool.map(own, range(150)))
    assert "starting it again" not in api.process.output


def test_r93_a_client_that_hangs_up_harms_nobody(start: Start) -> None:
    api = start()
    for _ in range(3):
        with pytest.raises(requests.Timeout):
            requests.post(api.url, json={"path": "/sleep/0.4"}, timeout=0.1)
    with socket.create_connection(("127.0.0.1", api.port)) as half:
        half.sendall(f"POST {INVOCATIONS} HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\n{{".encode())
    assert api.invoke({})["StatusCode"] == 200
    assert "starting it again" not in api.process.output
    assert "Traceback" not in api.process.output


def kill_emulator(api: InvokeApi) -> None:
    """End the emulator as the kernel would that runs out of memory."""
    (pid,) = [
        int(pid.name)
        for pid in Path("/proc").iterdir()
        if pid.name.isdigit() and parent_of(pid) == api.process.popen.pid
    ]
    os.kill(pid, signal.SIGKILL)


def parent_of(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def test_emulator_that_dies_is_restarted(start: Start) -> None:
    api = start()
    with ThreadPoolExecutor(4) as pool:
        hit = pool.submit(requests.post, api.url, json={"path": "/sleep/5"}, timeout=60)
        api.process.wait_for_output("START RequestId")
        queued = [pool.submit(api.invoke, {"path": f"/{number}"}) for number in range(3)]
        kill_emulator(api)
        assert hit.result().status_code == 500
        assert hit.result().headers["x-amzn-ErrorType"] == "ServiceException"
        assert "ended while the function ran" in hit.result().json()["message"]
        assert [answer.result()["StatusCode"] for answer in queued] == [200, 200, 200]
    assert "invoke-api: the emulator ended with -9; starting it again" in api.process.output


def test_r102_termination_ends_the_emulator_and_tells_the_clients(start: Start) -> None:
    api = start()
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(requests.post, api.url, json={"path": "/sleep/20"}, timeout=60)
        api.process.wait_for_output("START RequestId")
        waiting = pool.submit(requests.post, api.url, json={"path": "/x"}, timeout=60)
        wait_for(lambda: connections(api.port) >= 2, what="the second request")
        assert api.process.stop() == 0
        # The emulator may still report the function's end before its own.
        assert running.result().status_code == 500 or "X-Amz-Function-Error" in running.result().headers
        assert waiting.result().status_code == 503
    assert not port_is_open(api.emulator_port)
    assert "starting it again" not in api.process.output
    assert "Traceback" not in api.process.output


def test_r102_control_c_reaches_everything_at_once(start: Start) -> None:
    api = start()
    api.invoke({})
    os.killpg(api.process.popen.pid, signal.SIGINT)
    assert api.process.popen.wait(10) == 0
    assert not port_is_open(api.emulator_port)
    assert "starting it again" not in api.process.output
    assert "Traceback" not in api.process.output


STUBBORN = """
import signal, socket, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("partial line", end="", flush=True)
while True:
    server.accept()
"""


def test_r102_an_emulator_that_will_not_end_is_killed(start_process: ProcessStarter) -> None:
    port, emulator_port = free_port(), free_port()
    process = start_process(
        [
            *(sys.executable, "-m", "lambda_proxy", "invoke-api", "--port", str(port), "--"),
            *(sys.executable, "-c", STUBBORN, str(emulator_port)),
        ],
        env={"RIE_PORT": str(emulator_port)},
    )
    process.wait_for_output("ready")
    process.wait_for_output("partial line")
    assert process.stop() == 0
    assert "invoke-api: the emulator does not end; killing it" in process.output
    assert not port_is_open(emulator_port)


def connections(port: int) -> int:
    """How many clients are connected there."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = [line.split() for line in lines]
    return sum(1 for field in fields if field[1].endswith(f":{port:04X}") and field[3] == "01")


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (["/no/such/emulator"], "cannot start /no/such/emulator: No such file or directory"),
        (["/etc/passwd"], "cannot start /etc/passwd: Permission denied"),
        (["/bin/false"], "/bin/false ended with 1 before it listened"),
    ],
)
def test_emulator_that_cannot_be_started(
    start_process: ProcessStarter, command: list[str], line: str
) -> None:
    process = start_process(
        [sys.executable, "-m", "lambda_proxy", "invoke-api", "--port", str(free_port()), "--", *command],
        env={"RIE_PORT": str(free_port())},
    )
    assert process.popen.wait(30) == 1
    assert process.output == f"invoke-api: {line}\n"


def test_ports_that_are_taken(start_process: ProcessStarter) -> None:
    emulator = start_emulator(start_process, ACT)
    command = [sys.executable, "-m", "lambda_proxy", "invoke-api", "--port"]
    process = start_process(
        [*command, str(free_port()), "--", "/bin/true"], env={"RIE_PORT": str(emulator.port)}
    )
    assert process.popen.wait(30) == 1
    assert f"something else listens on 127.0.0.1:{emulator.port} already" in process.output
    process = start_process([*command, str(emulator.port)], env={"RIE_PORT": str(free_port())})
    assert process.popen.wait(30) == 1
    assert f"cannot listen on 127.0.0.1:{emulator.port}" in process.output


def test_in_front_of_an_emulator_that_somebody_else_keeps(start_process: ProcessStarter) -> None:
    emulator, port = start_emulator(start_process, ACT), free_port()
    process = start_process(
        [sys.executable, "-m", "lambda_proxy", "invoke-api", "--port", str(port)],
        env={"RIE_PORT": str(emulator.port)},
    )
    process.wait_for_output("ready")
    api = InvokeApi(process, port, emulator.port)
    assert api.invoke({"path": "/x"})["StatusCode"] == 200
    emulator.process.kill()
    assert requests.post(api.url, data="{}", timeout=30).status_code == 503
    assert process.stop() == 0


def raw(api: InvokeApi, request: bytes) -> bytes:
    """Send these bytes; everything that comes back until the connection ends."""
    with socket.create_connection(("127.0.0.1", api.port), timeout=30) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received


def test_a_client_that_asks_first_is_told_to_continue(start: Start) -> None:
    api = start()
    with socket.create_connection(("127.0.0.1", api.port), timeout=30) as connection:
        head = f"POST {INVOCATIONS} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")


def test_framing_and_other_paths(start: Start) -> None:
    api = start()
    head = f"POST {INVOCATIONS} HTTP/1.1\r\nHost: h\r\n".encode()
    chunked = raw(api, head + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n")
    assert chunked.startswith(b"HTTP/1.1 200 OK\r\n")
    for broken in (
        b"Transfer-Encoding: chunked\r\n\r\nxx\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 2\r\nTransfer-Encoding: gzip\r\n\r\n{}",
    ):
        assert raw(api, head + broken).startswith(b"HTTP/1.1 400 Bad Request\r\n"), broken
    for path in ("/", INVOCATIONS + "/", "/2021-11-15/functions/function/response-streaming-invocations"):
        answer = requests.post(f"http://127.0.0.1:{api.port}{path}", data="{}", timeout=30)
        assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (404, "UnknownOperationException")
    assert requests.get(api.url, timeout=30).status_code == 501
    assert "Traceback" not in api.process.output
