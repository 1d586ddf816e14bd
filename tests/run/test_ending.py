"""./run.sh ends: by a signal, by a process that dies, by a kill; and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
from contextlib import suppress

import pytest
import requests

from tests.run.system import run
from tests.support.function import EXTENSION
from tests.support.processes import ProcessStarter, descendants, port_is_open, still_running, wait_for
from tests.support.run_ports import PORTS, free_ports

pytestmark = pytest.mark.emulator


def test_a_signal_ends_everything_and_another_start_works(
    start_process: ProcessStarter, ports: dict[str, str]
) -> None:
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        process = run(start_process, ports)
        started = descendants(process.popen.pid)
        assert len(started) >= 4
        # The three seconds are what the README promises.
        assert process.stop(sign, timeout=3) == 0
        assert not still_running(started)
        assert not [name for name in PORTS if port_is_open(int(ports[name]))]


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("agent", "-m trace_agent "),
        ("function", "^python -m invoke_api "),
        ("proxy", "-m lambda_proxy $"),
    ],
)
def test_a_process_that_dies_ends_everything(
    start_process: ProcessStarter, ports: dict[str, str], name: str, command: str
) -> None:
    process = run(start_process, ports)
    started = descendants(process.popen.pid)
    (victim,) = (pid for pid in started if any(re.search(command, line) for line in still_running({pid})))
    os.kill(victim, signal.SIGKILL)
    assert process.popen.wait(10) == 1
    assert f"\nerror: {name} has ended" in process.output
    assert not still_running(started)


def test_without_its_trace_view_the_system_goes_on(
    start_process: ProcessStarter, ports: dict[str, str]
) -> None:
    process = run(start_process, ports)
    (view,) = (
        pid
        for pid in descendants(process.popen.pid)
        if any(re.search("-m trace_view --host", line) for line in still_running({pid}))
    )
    os.kill(view, signal.SIGKILL)
    wait_for(lambda: "note: view has ended" in process.output, what="the note")
    assert requests.get(f"http://127.0.0.1:{ports['LAMBDA_PROXY_PORT']}/", timeout=30).status_code == 200
    assert process.popen.poll() is None


def test_two_at_once_do_not_disturb_each_other(start_process: ProcessStarter, extension_folder: None) -> None:
    both = [free_ports() for _ in range(2)]
    first, second = (run(start_process, ports) for ports in both)
    assert first.stop(timeout=3) == 0
    assert EXTENSION.exists()
    # With the folder the trace is at the agent before the answer is at the client.
    answer = requests.get(f"http://127.0.0.1:{both[1]['LAMBDA_PROXY_PORT']}/waf", timeout=30)
    assert answer.status_code == 200
    traces = requests.get(f"http://127.0.0.1:{both[1]['AGENT_PORT']}/test/session/traces", timeout=30).json()
    assert "waf.waf" in {span["name"] for trace in traces for span in trace}
    assert second.stop(timeout=3) == 0


def test_one_that_is_killed_leaves_no_process(start_process: ProcessStarter, ports: dict[str, str]) -> None:
    process = run(start_process, ports)
    started = descendants(process.popen.pid)
    process.popen.kill()
    with suppress(AssertionError):
        wait_for(lambda: not still_running(started), what="the end of what it started")
    assert still_running(started) == []
    assert run(start_process, ports).stop(timeout=3) == 0
