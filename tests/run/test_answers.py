"""./run.sh as a person uses it: it comes up, it answers, it tells what happens."""

from __future__ import annotations

import json
import os
import re
import subprocess
from datetime import datetime

import pytest
import requests

from tests.support.aws import Aws
from tests.support.function import EXTENSION
from tests.support.processes import (
    REPOSITORY,
    Process,
    ProcessStarter,
    descendants,
    free_port,
    still_running,
    wait_for,
)

pytestmark = pytest.mark.emulator


def access_log(process: Process, count: int) -> list[str]:
    """The lines of the access log, once there are so many of them."""
    lines = [
        line.removeprefix("request | ") for line in process.output.splitlines() if line[:10] == "request | "
    ]
    return lines if len(lines) >= count else []


def test_everything_answers(start_process: ProcessStarter, ports: dict[str, str]) -> None:
    process = start_process([REPOSITORY / "run.sh", "--with", "internal-server"], env=ports)
    process.wait_for_output("\nready: ", timeout=60)
    (ready,) = (line for line in process.output.splitlines() if line.startswith("ready: "))
    for name in ("LAMBDA_PROXY_PORT", "RIE_PORT", "TRACE_VIEW_PORT"):
        assert f"http://localhost:{ports[name]}" in ready

    assert f"\nsee a request: http://localhost:{ports['TRACE_VIEW_PORT']}/invocations/ID" in process.output

    # The event that it tells one to send.
    (event,) = (line for line in process.output.splitlines() if line.startswith("send an event: "))
    assert f"curl localhost:{ports['RIE_PORT']}/2015-03-31/functions/function/invocations" in event
    payload = (REPOSITORY / "events/sqs.json").read_bytes()
    url = f"http://127.0.0.1:{ports['RIE_PORT']}/2015-03-31/functions/function/invocations"
    invoked = requests.post(url, data=payload, timeout=30)
    assert invoked.json() == {"batchItemFailures": []}

    versions = (
        r"tracer: ddtrace \S+ \(pinned, \S+/ddtrace\), datadog_lambda \S+ \(pinned, \S+/datadog_lambda\)"
    )
    assert re.search(f"^{versions}$", process.output, re.MULTILINE)

    # The command that the ready line tells one to try, and the trace that it leaves.
    assert ready.endswith(f"try: curl localhost:{ports['LAMBDA_PROXY_PORT']}/waf")
    answer = requests.get(f"http://127.0.0.1:{ports['LAMBDA_PROXY_PORT']}/waf", timeout=30)
    assert (answer.status_code, answer.text) == (200, "Hello world!\n")
    mirror = requests.get(
        f"http://127.0.0.1:{ports['LAMBDA_PROXY_PORT']}/external_request?status=201", timeout=30
    )
    assert mirror.json()["status"] == 201
    traces = requests.get(f"http://127.0.0.1:{ports['AGENT_PORT']}/test/session/traces", timeout=30).json()
    assert any(
        span["name"] == "aws.lambda" and span["service"] == "weblog" for trace in traces for span in trace
    )
    view = requests.get(f"http://127.0.0.1:{ports['TRACE_VIEW_PORT']}/", timeout=30)
    assert (view.status_code, "html" in view.headers["content-type"]) == (200, True)

    # A line for each: of the start, the event, and the two requests.
    logged = wait_for(lambda: access_log(process, 4), what="the access log")
    time_, ms, ids = r"\d\d:\d\d:\d\d\.\d{3}", r"[\d.]+ms", r"request=[0-9a-f-]{36} trace=[0-9a-f]{32}"
    patterns = (
        rf"{time_} event 200 {ms} cold {ids}",
        rf"{time_} sqs arn:aws:sqs:us-east-1:123456789012:weblog-orders 200 {ms}"
        rf" request={invoked.headers['x-amzn-RequestId']} trace=\w+",
        rf"{time_} apigateway-rest GET /waf 200 {ms} {ids}",
        rf"{time_} apigateway-rest GET /external_request\?status=201 200 {ms} {ids}",
    )
    for pattern, line in zip(patterns, logged, strict=True):
        assert re.fullmatch(pattern, line), line
    assert "START RequestId" not in process.output
    assert "[INFO] (rapid)" not in process.output


@pytest.mark.parametrize("event_type", ["apigateway-http", "application-load-balancer-multi"])
def test_other_front_doors(start_process: ProcessStarter, ports: dict[str, str], event_type: str) -> None:
    # In a shell, so that standard error has a file of its own.
    script = f"{REPOSITORY}/run.sh --json 2>err"
    folder = start_process.folder
    (folder / "err").touch()
    env = {**ports, "LAMBDA_EVENT_TYPE": event_type, "EMULATOR_LOG": "true"}
    process = start_process(["bash", "-c", script], env=env, cwd=folder)
    wait_for(lambda: "\nready: " in (folder / "err").read_text(), what="ready", timeout=60)
    requests.get(f"http://127.0.0.1:{ports['LAMBDA_PROXY_PORT']}/?a=b", timeout=30).raise_for_status()

    def lines() -> list[str]:
        return process.output.splitlines() if process.output.count("\n") == 2 else []

    start, request = map(json.loads, wait_for(lines, what="the access log"))
    assert (start["source"], start["cold_start"], start["path"]) == ("event", True, None)
    volatile = {name: request.pop(name) for name in ("time", "duration_ms", "request_id", "trace_id")}
    assert request == {
        "source": event_type,
        "source_arn": None,
        "method": "GET",
        "path": "/?a=b",
        "status": 200,
        "function_error": None,
        "cold_start": False,
    }
    assert datetime.fromisoformat(volatile["time"]).tzinfo
    assert volatile["duration_ms"] > 0
    assert f"START RequestId: {volatile['request_id']} " in (folder / "err").read_text()
    traces = requests.get(f"http://127.0.0.1:{ports['AGENT_PORT']}/test/session/traces", timeout=30).json()
    names = {span["name"] for trace in traces for span in trace}
    assert {"apigateway-http": "aws.httpapi", "application-load-balancer-multi": "aws.alb"}[
        event_type
    ] in names
    assert int(volatile["trace_id"], 16) % 2**64 in {span["trace_id"] for trace in traces for span in trace}

    # Without an internal server it is said at once where one is looked for.
    failed = requests.get(
        f"http://127.0.0.1:{ports['LAMBDA_PROXY_PORT']}/external_request", timeout=30
    ).json()
    assert failed["status"] is None
    assert failed["error"].startswith("no answer from http://127.0.0.1:8089/mirror/200: ")
    assert failed["error"].endswith("./run.sh --with internal-server runs one")


def test_messages_of_the_aws_endpoint_reach_the_function(
    start_process: ProcessStarter, ports: dict[str, str]
) -> None:
    port = str(free_port())
    env = {**ports, "AWS_PORT": port, "EVENT_SOURCE_IDLE_SECONDS": "0.05"}
    process = start_process([REPOSITORY / "run.sh", "--aws"], env=env)
    process.wait_for_output("\nready: ", timeout=60)
    assert f"AWS endpoint http://localhost:{port}," in process.output
    started = descendants(process.popen.pid)

    queues = Aws(process, f"http://127.0.0.1:{port}").client("sqs")
    url = queues.get_queue_url(QueueName="weblog")["QueueUrl"]
    queues.send_message(QueueUrl=url, MessageBody="hello")

    def consumed() -> list[object]:
        traces = requests.get(
            f"http://127.0.0.1:{ports['AGENT_PORT']}/test/session/traces", timeout=30
        ).json()
        return [span for trace in traces for span in trace if span["name"] == "aws.sqs"]

    wait_for(consumed, what="the inferred span of the message")
    assert process.stop(timeout=3) == 0
    assert not still_running(started)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a mount namespace")
def test_where_the_extensions_folder_cannot_be_made(
    start_process: ProcessStarter, ports: dict[str, str]
) -> None:
    # What a user without root meets, in a mount namespace where even root may not write there.
    script = f'mkdir -p {EXTENSION.parent} && mount -t tmpfs -o ro tmpfs {EXTENSION.parent} && exec "$@"'
    without_folder = ["unshare", "--mount", "sh", "-c", script, "sh"]
    if subprocess.run([*without_folder, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no mount namespaces here")
    process = start_process([*without_folder, REPOSITORY / "run.sh"], env=ports)
    process.wait_for_output("\nready: ", timeout=60)
    assert f"note: cannot make the folder {EXTENSION}" in process.output
    answer = requests.get(f"http://127.0.0.1:{ports['LAMBDA_PROXY_PORT']}/waf", timeout=30)
    assert answer.status_code == 200
    agent = f"http://127.0.0.1:{ports['AGENT_PORT']}/test/session/traces"

    def names() -> set[str]:
        return {span["name"] for trace in requests.get(agent, timeout=30).json() for span in trace}

    wait_for(lambda: "waf.waf" in names(), what="the trace, sent in the background")
    assert process.stop(timeout=3) == 0
