"""DEBUGGER_PORT under ./run.sh: an editor attaches, stops at a breakpoint, looks around, and goes on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import requests

from scripts.run import programs, read_ports
from tests.support.debug_client import DebugClient
from tests.support.emulator import INVOCATIONS
from tests.support.processes import REPOSITORY, ProcessStarter, free_port, wait_for


@pytest.mark.emulator
def test_a_breakpoint(start_process: ProcessStarter, ports: dict[str, str]) -> None:
    view = REPOSITORY / "app/web/endpoints/core.py"
    source = view.read_text().splitlines()
    line = source.index('    return plain_text("Hello world!\\n")') + 1
    port = free_port()
    process = start_process([REPOSITORY / "run.sh"], env={**ports, "DEBUGGER_PORT": str(port)})
    process.wait_for_output("\nready: ", timeout=120)
    with DebugClient(port) as client, ThreadPoolExecutor() as pool:
        client.attach({str(view): [line]}, justMyCode=False)
        answer = pool.submit(requests.get, f"http://127.0.0.1:{ports['LAMBDA_PROXY_PORT']}/", timeout=60)
        stopped = client.event("stopped")["body"]
        assert stopped["reason"] == "breakpoint"
        thread = {"threadId": stopped["threadId"]}
        frames = client.request("stackTrace", thread)["stackFrames"]
        assert (frames[0]["source"]["path"], frames[0]["line"]) == (str(view), line)
        # With justMyCode off, the tracer's own frames are there.
        assert any("/datadog_lambda/" in frame["source"]["path"] for frame in frames)
        looked = client.request("evaluate", {"expression": "6 * 7", "frameId": frames[0]["id"]})
        assert looked["result"] == "42"
        assert not answer.done()
        client.request("continue", thread)
        assert answer.result().text == "Hello world!\n"


def connect(port: int) -> DebugClient | None:
    try:
        return DebugClient(port)
    except ConnectionRefusedError:
        return None


@pytest.mark.emulator
def test_the_cold_start_waits_for_the_debugger(
    start_process: ProcessStarter,
    ports: dict[str, str],
    tmp_path: Path,
) -> None:
    file = tmp_path / "mine.py"
    file.write_text("AT_IMPORT = 1\n\ndef handler(event, context):\n    return AT_IMPORT\n")
    port = free_port()
    env = {
        **ports,
        "DEBUGGER_PORT": str(port),
        "DEBUGGER_WAIT": "true",
        "DD_LAMBDA_HANDLER": "mine.handler",
        "EMULATOR_LOG": "true",
    }
    process = start_process([REPOSITORY / "run.sh"], env=env, cwd=tmp_path)
    process.wait_for_output(f"\nwaiting for a debugger on localhost:{port}; ", timeout=120)
    process.wait_for_output("Starting runtime")

    # Not with a probe of the port: the debugger would take it for its client.
    with wait_for(partial(connect, port), what="the debugger's port") or DebugClient(port) as client:
        client.attach({str(file): [1]}, justMyCode=True)
        stopped = client.event("stopped")["body"]
        assert "\nready: " not in process.output
        client.request("continue", {"threadId": stopped["threadId"]})
        process.wait_for_output("\nready: ", timeout=60)
        url = f"http://127.0.0.1:{ports['RIE_PORT']}{INVOCATIONS}"
        assert requests.post(url, json={}, timeout=60).json() == 1


def test_no_time_out_holds_with_a_debugger(ports: dict[str, str]) -> None:
    for debugger, timeout in (({}, None), ({"DEBUGGER_PORT": str(free_port())}, "0")):
        env = {"PATH": "/usr/bin:/bin", **ports, **debugger}
        proxy = next(program for program in programs(read_ports(env), env) if program.name == "proxy")
        assert proxy.environment.get("LAMBDA_PROXY_TIMEOUT") == timeout
