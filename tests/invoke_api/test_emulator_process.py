"""The emulator as a child: restarts, signals, and what cannot be started."""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.invoke_api.conftest import ACT, Start
from tests.support.emulator import start_emulator
from tests.support.invoke_api import InvokeApi
from tests.support.processes import ProcessStarter, free_port, port_is_open, wait_for

pytestmark = pytest.mark.emulator


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
        assert "ended while the function ran" in hit.result().json()["Message"]
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
            *(sys.executable, "-m", "invoke_api", "--port", str(port), "--"),
            *(sys.executable, "-c", STUBBORN, str(emulator_port)),
        ],
        env={"EMULATOR_PORT": str(emulator_port)},
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
        [sys.executable, "-m", "invoke_api", "--port", str(free_port()), "--", *command],
        env={"EMULATOR_PORT": str(free_port())},
    )
    assert process.popen.wait(30) == 1
    assert process.output == f"invoke-api: {line}\n"


def test_ports_that_are_taken(start_process: ProcessStarter) -> None:
    emulator = start_emulator(start_process, ACT)
    command = [sys.executable, "-m", "invoke_api", "--port"]
    process = start_process(
        [*command, str(free_port()), "--", "/bin/true"], env={"EMULATOR_PORT": str(emulator.port)}
    )
    assert process.popen.wait(30) == 1
    assert f"something else listens on 127.0.0.1:{emulator.port} already" in process.output
    process = start_process([*command, str(emulator.port)], env={"EMULATOR_PORT": str(free_port())})
    assert process.popen.wait(30) == 1
    assert f"cannot listen on 127.0.0.1:{emulator.port}" in process.output
