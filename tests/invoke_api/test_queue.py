"""Never two invocations at an emulator, whatever the clients do; limits and time-outs."""

from __future__ import annotations

import json
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.invoke_api.conftest import ACT, Start
from tests.support.emulator import INVOCATIONS, start_emulator
from tests.support.invoke_api import InvokeApi
from tests.support.processes import ProcessStarter, free_port

pytestmark = pytest.mark.emulator


def test_past_the_limit_is_429(start: Start) -> None:
    api = start(env={"LAMBDA_CONCURRENCY": "1"})
    first = threading.Thread(target=api.invoke, args=({"path": "/sleep/1"},))
    first.start()
    api.process.wait_for_output("START RequestId")
    answer = requests.post(api.url, data="{}", timeout=30)
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"], answer.json()) == (
        429,
        "TooManyRequestsException",
        {
            "Type": "User",
            "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
            "message": "Rate Exceeded.",
        },
    )
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


def test_a_client_that_waits_no_longer_gets_504_and_the_invocation_goes_on(start: Start) -> None:
    api = start()
    api.invoke({})
    with ThreadPoolExecutor(3) as pool:
        slow = pool.submit(requests.post, api.url, json={"path": "/sleep/1.5"}, timeout=60)
        api.process.wait_for_output("START RequestId")
        # It waits longer than its time-out in the queue, which does not count.
        queued = pool.submit(
            requests.post, api.url, json={"path": "/x"}, timeout=60, headers={"X-Invoke-Api-Timeout": "1"}
        )
        assert (slow.result().status_code, queued.result().status_code) == (200, 200)
    late = requests.post(
        api.url, json={"path": "/sleep/1"}, timeout=60, headers={"X-Invoke-Api-Timeout": "0.2"}
    )
    assert (late.status_code, late.headers["x-amzn-ErrorType"], late.json()) == (
        504,
        "InvocationTimedOut",
        {"Type": "Service", "message": "The function still runs after 0.2 s"},
    )
    assert api.invoke({"path": "/after"})["StatusCode"] == 200
    assert "starting it again" not in api.process.output


def test_in_front_of_an_emulator_that_somebody_else_keeps(start_process: ProcessStarter) -> None:
    emulator, port = start_emulator(start_process, ACT), free_port()
    process = start_process(
        [sys.executable, "-m", "invoke_api", "--port", str(port)],
        env={"EMULATOR_URLS": f"http://127.0.0.1:{emulator.port}"},
    )
    process.wait_for_output("ready")
    api = InvokeApi(process, port, emulator.port)
    assert api.invoke({"path": "/x"})["StatusCode"] == 200
    emulator.process.kill()
    assert requests.post(api.url, data="{}", timeout=30).status_code == 503
    assert process.stop() == 0
