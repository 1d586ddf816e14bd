"""./run.sh as a person uses it: it comes up, it answers, it says what is wrong, it leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path

import pytest
import requests

from scripts.services import SERVICES
from tests.support.aws import Aws
from tests.support.function import EXTENSION
from tests.support.processes import REPOSITORY, Process, ProcessStarter, free_port, port_is_open, wait_for
from tests.support.run_ports import PORTS, free_ports

pytestmark = pytest.mark.emulator


@pytest.fixture
def ports() -> dict[str, str]:
    """Settings with which run.sh does not collide with what else runs here."""
    return free_ports()


def run(start_process: ProcessStarter, env: dict[str, str], *, timeout: float = 60) -> Process:
    """Start run.sh and wait until it says that it is ready."""
    process = start_process([REPOSITORY / "run.sh"], env=env)
    process.wait_for_output("\nready: ", timeout=timeout)
    return process


def access_log(process: Process, count: int) -> list[str]:
    """The lines of the access log, once there are so many of them."""
    lines = [
        line.removeprefix("request | ") for line in process.output.splitlines() if line[:10] == "request | "
    ]
    return lines if len(lines) >= count else []


def descendants(pid: int) -> set[int]:
    """The processes that this one started, and those that they started."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found, queue = set(), [pid]
    while queue:
        children = parents.get(queue.pop(), [])
        found.update(children)
        queue += children
    return found


def still_running(pids: set[int]) -> list[str]:
    """The command lines of those that have not ended. A zombie has ended."""
    left = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        if state != "Z":
            left.append(command)
    return left


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


@pytest.mark.services
def test_services_beside_the_system(start_process: ProcessStarter, ports: dict[str, str]) -> None:
    installed = [name for name, service in SERVICES.items() if service.is_installed()]
    if not installed:
        pytest.skip("NO SERVICE: none is installed; scripts/install-services.sh gets them")
    process = start_process([REPOSITORY / "run.sh", "--with", ",".join(installed)], env=ports)
    process.wait_for_output("\nready: ", timeout=150)
    calls = {
        "postgres": ("/dbm?integration=psycopg&operation=execute", "YEAH"),
        "mysql": ("/db?service=mysql&operation=init", "YEAH"),
        "rabbitmq": ("/rabbitmq/produce?queue=q", '{"result":"ok"}\n'),
        "kafka": ("/kafka/produce?topic=t", '{"result":"ok"}\n'),
        "aws": ("/sqs/produce?queue=q", "SQS Produce ok"),
        "internal-server": ("/external_request?status=201", '{"status":201,'),
    }
    for name in installed:
        path, text = calls[name]
        answer = requests.get(f"http://127.0.0.1:{ports['LAMBDA_PROXY_PORT']}{path}", timeout=60)
        assert (answer.status_code, answer.text[: len(text)]) == (200, text), name
    started = descendants(process.popen.pid)
    folders = re.findall(r"/tmp/weblog-[a-z]+-\w+", process.output)
    assert process.stop(signal.SIGTERM, timeout=10) == 0
    assert not still_running(started)
    assert not [folder for folder in folders if Path(folder).exists()]


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_everything_and_a_second_start_works(
    start_process: ProcessStarter, ports: dict[str, str], sign: signal.Signals
) -> None:
    for _ in range(2):
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


class TestErrors:
    """What stops run.sh before anything runs: one line that names it, and a code that is not 0."""

    def refused(self, env: dict[str, str], *arguments: str, cwd: Path = REPOSITORY) -> str:
        """The one line that it says."""
        done = subprocess.run(
            [cwd / "run.sh", *arguments],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 1
        assert done.stdout == ""
        lines = done.stderr.splitlines()
        assert lines[-1].startswith("error: ")
        assert [line for line in lines if line.startswith("error: ")] == lines[-1:]
        return lines[-1]

    def test_an_unknown_argument(self) -> None:
        valid = "there are --aws, --json, --tracer TRACER, --with SERVICE,... and --help"
        assert self.refused({}, "--fast") == f"error: unknown argument '--fast'; {valid}"
        assert self.refused({}, "--with", "aws", "x") == f"error: unknown argument 'x'; {valid}"
        assert self.refused({}, "--with") == "error: argument --with: expected one argument"
        services = "postgres, mysql, rabbitmq, kafka, aws, internal-server"
        assert self.refused({}, "--with=") == f"error: --with '' is not a service; there are {services}"
        assert self.refused({}, "--with=aws,db2") == (
            f"error: --with 'db2' is not a service; there are {services}"
        )

    def test_a_wrong_tracer(self, ports: dict[str, str]) -> None:
        assert "the tracer is 'nowhere.whl'; valid are " in self.refused(ports, "--tracer", "nowhere.whl")

    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            ("LAMBDA_EVENT_TYPE", "elb", "valid are: apigw-rest, apigw-http, function-url, "),
            *(("RIE_PORT", value, "from 1 to 65535") for value in ("x", "0", "65536", "-1", "08")),
            ("LAMBDA_PROXY_PORT", "http", "to 65535"),
            ("LAMBDA_PROXY_PORT", "0", "to 65535"),
            ("TRACE_VIEW_PORT", "http", "valid are whole numbers from 1 to 65535"),
            ("AGENT_RELAY_PORT", "http", "must be a number from 1 to 65535"),
            ("AWS_LAMBDA_FUNCTION_TIMEOUT", "soon", "must be a number from 1 to 900000"),
            ("DD_LAMBDA_HANDLER", "handler", "must be module.function"),
            ("DD_APPSEC_RULES", "nowhere.json", "must be a file that can be read"),
            ("DOGSTATSD_PORT", "statsd", "valid are whole numbers from 1 to 65535"),
            ("PORT_OFFSET", "-1", "valid are whole numbers from 0 to 50000"),
            ("EMULATOR_LOG", "1", "valid are: true, false"),
        ],
    )
    def test_a_wrong_setting(self, name: str, value: str, message: str) -> None:
        error = self.refused({name: value})
        assert name in error
        assert f"'{value}'" in error
        assert message in error

    def test_a_port_twice(self, ports: dict[str, str]) -> None:
        error = self.refused({**ports, "TRACE_VIEW_PORT": ports["RIE_PORT"]})
        assert error == (
            f"error: TRACE_VIEW_PORT is {ports['RIE_PORT']}, which is RIE_PORT too;"
            " set one of them to another port"
        )

    @pytest.mark.parametrize("name", PORTS[:6])
    def test_a_port_in_use(self, ports: dict[str, str], name: str) -> None:
        with socket.create_server(("127.0.0.1", int(ports[name]))):
            error = self.refused(ports)
        assert f"port {ports[name]} is in use" in error
        assert f"set {name}" in error

    def test_a_udp_port_in_use(self, ports: dict[str, str]) -> None:
        port = int(ports["DOGSTATSD_PORT"])
        with socket.socket(type=socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", port))
            error = self.refused(ports)
        assert error == (
            f"error: UDP port {port} is in use: end what listens there, or set DOGSTATSD_PORT to another port"
        )

    def test_all_ports_in_use_are_told_at_once(self, ports: dict[str, str]) -> None:
        taken = [name for name in PORTS if name != "DOGSTATSD_PORT"]
        with ExitStack() as stack:
            for name in taken:
                stack.enter_context(socket.create_server(("127.0.0.1", int(ports[name]))))
            error = self.refused(ports)
        for name in taken:
            assert f"port {ports[name]} is in use" in error
            assert f"set {name} to another port" in error

    @pytest.fixture
    def fresh(self, tmp_path: Path) -> Path:
        """The scripts and what they read, without .venv."""
        for file in ("run.sh", "requirements*.txt", "constraints.txt", "*/requirements.txt", "scripts/*"):
            for source in REPOSITORY.glob(file):
                target = tmp_path / source.relative_to(REPOSITORY)
                target.parent.mkdir(exist_ok=True)
                if source.is_file():
                    shutil.copy(source, target)
        return tmp_path

    def test_no_python(self, fresh: Path) -> None:
        error = self.refused({"PYTHON": "/nowhere/python"}, cwd=fresh)
        assert "no Python from 3.10 on" in error
        assert "/nowhere/python" in error
        assert not (fresh / ".venv").exists()

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a mount namespace")
    def test_a_folder_that_cannot_be_written_to(self, fresh: Path) -> None:
        script = f"mount --bind {fresh} {fresh} && mount -o remount,bind,ro {fresh} && {fresh}/run.sh"
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            f"error: {fresh} cannot be written to, and .venv is made in it;"
            " copy the folder to where you may write\n"
        )

    def test_ctrl_c_while_it_installs(self, fresh: Path, start_process: ProcessStarter) -> None:
        # A program that takes the signal for a reason to go on, as some do.
        python = fresh / "python"
        python.write_text(
            "#!/bin/sh\n"
            "case $1 in\n"
            "-m) sleep 60 & trap 'kill $!; exit 0' INT; touch asked; wait ;;\n"
            "-V) echo Python ;;\n"
            "esac\n"
        )
        python.chmod(0o755)
        process = start_process([fresh / "run.sh"], env={"PYTHON": str(python)})
        wait_for((fresh / "asked").exists, what="the making of .venv")
        os.killpg(process.popen.pid, signal.SIGINT)
        assert process.popen.wait(10) == 130
        assert process.output == "making .venv with Python\n"

    def test_no_network(self, fresh: Path) -> None:
        # Nothing listens there, and pip must not look elsewhere or try again.
        nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:1/", "PIP_EXTRA_INDEX_URL": "", "PIP_RETRIES": "0"}
        error = self.refused({**nowhere, "PIP_NO_CACHE_DIR": "1", "PIP_CONFIG_FILE": os.devnull}, cwd=fresh)
        assert "pip could not install requirements-run.txt" in error
        assert "is the network there?" in error


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


def test_the_log_keeps_its_last_line_and_long_ones(start_process: ProcessStarter) -> None:
    script = """
from scripts.programs import Program, ProgramError, Programs
shell = "printf '%300000s' x; echo; printf 'the end'; exit 3"
try:
    with Programs([Program("name", ["/bin/sh", "-c", shell], {}, is_up=lambda: False)]) as running:
        running.wait_until_up()
except ProgramError as error:
    print(error)
"""
    process = start_process([sys.executable, "-c", script])
    assert process.popen.wait(10) == 0
    lines = process.output.splitlines()
    assert lines == [
        f"name    | {'x':>300000}",
        "name    | the end",
        "name has ended; what it said stands above",
    ]


def test_orphans_that_have_ended_are_let_go(start_process: ProcessStarter) -> None:
    # The emulator would wait for them at its end.
    script = """
from scripts.programs import Program, Programs
shell = "(sh -c 'echo the orphan is $$; sleep 0.3' &); exec sleep 60"
with Programs([Program("name", ["/bin/sh", "-c", shell], {}, is_up=lambda: True)]) as running:
    running.wait()
"""
    process = start_process([sys.executable, "-c", script])
    process.wait_for_output("the orphan is ")
    orphan = process.output.split()[-1]
    wait_for(lambda: not Path(f"/proc/{orphan}").exists(), what="the end of the zombie", timeout=10)


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
