"""It does not die: whatever happens to function, emulator or client, the next invocation is answered."""

from __future__ import annotations

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.image.containers import EMULATOR, Container, ContainerStarter, alb_event, mount

CLIENTS = Path(__file__).parent / "files" / "clients.py"


@pytest.fixture(scope="module")
def hazards(share_container: ContainerStarter) -> Container:
    """A container whose function does to itself what the event says; see functions/hazards.py."""
    return start_hazards(share_container)


def start_hazards(start_container: ContainerStarter, **env: str) -> Container:
    return start_container(
        env={"DD_LAMBDA_HANDLER": "functions.hazards.handler", "DD_TRACE_ENABLED": "false", **env},
        # The memory that a function may eat before the kernel ends it.
        options=[
            *mount("tests/image/functions", "/var/task/functions"),
            "--memory",
            "700m",
            "--memory-swap",
            "700m",
        ],
    )


def process_id(container: Container) -> int:
    """The function's, from an invocation that must succeed."""
    event = {"who": "are you"}
    result = container.invoke(event)
    assert result.get("event") == event, f"{result}\n{container.logs}"
    pid: int = result["pid"]
    return pid


@pytest.mark.parametrize(
    "event",
    [{"do": "exit"}, {"do": "crash"}, {"do": "eat"}],
    ids=["exits", "segmentation fault", "out of memory"],
)
def test_a_function_that_dies_is_back_at_the_next_invocation(
    hazards: Container, event: dict[str, Any]
) -> None:
    is_back_after(hazards, event)


def test_a_function_that_takes_too_long_is_back_at_the_next_invocation(
    start_container: ContainerStarter,
) -> None:
    # The cold start has to fit in as well, on a busy machine too.
    hazards = start_hazards(start_container, AWS_LAMBDA_FUNCTION_TIMEOUT="12")
    is_back_after(hazards, {"do": "sleep", "seconds": 60})


def is_back_after(hazards: Container, event: dict[str, Any]) -> None:
    before = process_id(hazards)
    answer = hazards.post(event)
    assert answer.headers["X-Amz-Function-Error"] == "Unhandled"
    assert answer.json()["errorMessage"]
    assert process_id(hazards) != before


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSEGV])
def test_an_emulator_that_dies_idle_is_restarted(hazards: Container, sign: signal.Signals) -> None:
    process_id(hazards)
    hazards.signal(sign, EMULATOR)
    assert process_id(hazards)


def test_an_emulator_that_dies_at_work_is_restarted(hazards: Container) -> None:
    process_id(hazards)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(hazards.post, {"do": "sleep", "seconds": 2})
        hazards.wait_for_log("the function sleeps for 2 s")
        waiting = pool.submit(process_id, hazards)
        hazards.signal(signal.SIGKILL, EMULATOR)
        assert "X-Amz-Function-Error" in answer.result().headers or answer.result().status_code >= 500
        assert waiting.result()


def test_sigterm_ends_it_in_time_while_the_function_works(start_container: ContainerStarter) -> None:
    hazards = start_hazards(start_container)
    process_id(hazards)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(hazards.post, {"do": "sleep", "seconds": 60})
        hazards.wait_for_log("the function sleeps for 60 s")
        # It does not wait for the function, which would take a SIGKILL: 137.
        assert hazards.stop() == 0
        assert answer.exception() or answer.result().status_code


def test_a_client_that_hangs_up_harms_nobody(hazards: Container) -> None:
    """What a readiness check does whose first answer takes longer than its patience."""
    for _ in range(3):
        with pytest.raises(requests.Timeout):
            hazards.post({"do": "sleep", "seconds": 1}, timeout=0.2)
    assert process_id(hazards)


def test_overlapping_invocations_get_their_own_answers(hazards: Container) -> None:
    events = [{"do": "sleep", "seconds": 0.1, "number": number} for number in range(16)]
    with ThreadPoolExecutor(len(events)) as pool:
        results = list(pool.map(hazards.invoke, events))
    assert [result["event"] for result in results] == events


def test_a_thousand_invocations_from_sixteen_clients(start_container: ContainerStarter) -> None:
    """The clients run inside the container, so only loopback is between them and the function."""
    container = start_container()
    event = alb_event("/tag_value/load/200")
    report = json.loads(container.python(CLIENTS.read_text(), json.dumps(event), "16", "1000"))
    assert report == {"answered": 1000, "wrong": []}
