"""./run.sh says what is wrong before anything runs: one line that names it, and a code that is not 0."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.processes import REPOSITORY, ProcessStarter, wait_for
from tests.support.run_ports import PORTS

pytestmark = pytest.mark.emulator


def refused(env: dict[str, str], *arguments: str, cwd: Path = REPOSITORY) -> str:
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


def test_an_unknown_argument() -> None:
    valid = "there are --aws, --json, --tracer TRACER, --with SERVICE,... and --help"
    assert refused({}, "--fast") == f"error: unknown argument '--fast'; {valid}"
    assert refused({}, "--with", "aws", "x") == f"error: unknown argument 'x'; {valid}"
    assert refused({}, "--with") == "error: argument --with: expected one argument"
    services = "postgres, mysql, rabbitmq, kafka, aws, internal-server"
    assert refused({}, "--with=") == f"error: --with '' is not a service; there are {services}"
    assert refused({}, "--with=aws,db2") == (f"error: --with 'db2' is not a service; there are {services}")


def test_a_wrong_tracer(ports: dict[str, str]) -> None:
    assert "the tracer is 'nowhere.whl'; valid are " in refused(ports, "--tracer", "nowhere.whl")


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
def test_a_wrong_setting(name: str, value: str, message: str) -> None:
    error = refused({name: value})
    assert name in error
    assert f"'{value}'" in error
    assert message in error


def test_a_port_twice(ports: dict[str, str]) -> None:
    error = refused({**ports, "TRACE_VIEW_PORT": ports["RIE_PORT"]})
    assert error == (
        f"error: TRACE_VIEW_PORT is {ports['RIE_PORT']}, which is RIE_PORT too;"
        " set one of them to another port"
    )


@pytest.mark.parametrize("name", PORTS[:6])
def test_a_port_in_use(ports: dict[str, str], name: str) -> None:
    with socket.create_server(("127.0.0.1", int(ports[name]))):
        error = refused(ports)
    assert f"port {ports[name]} is in use" in error
    assert f"set {name}" in error


def test_a_udp_port_in_use(ports: dict[str, str]) -> None:
    port = int(ports["DOGSTATSD_PORT"])
    with socket.socket(type=socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", port))
        error = refused(ports)
    assert error == (
        f"error: UDP port {port} is in use: end what listens there, or set DOGSTATSD_PORT to another port"
    )


def test_all_ports_in_use_are_told_at_once(ports: dict[str, str]) -> None:
    taken = [name for name in PORTS if name != "DOGSTATSD_PORT"]
    with ExitStack() as stack:
        for name in taken:
            stack.enter_context(socket.create_server(("127.0.0.1", int(ports[name]))))
        error = refused(ports)
    for name in taken:
        assert f"port {ports[name]} is in use" in error
        assert f"set {name} to another port" in error


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """The scripts and what they read, without .venv."""
    for file in ("run.sh", "requirements*.txt", "constraints.txt", "*/requirements.txt", "scripts/*"):
        for source in REPOSITORY.glob(file):
            target = tmp_path / source.relative_to(REPOSITORY)
            target.parent.mkdir(exist_ok=True)
            if source.is_file():
                shutil.copy(source, target)
    return tmp_path


def test_no_python(fresh: Path) -> None:
    error = refused({"PYTHON": "/nowhere/python"}, cwd=fresh)
    assert "no Python from 3.10 on" in error
    assert "/nowhere/python" in error
    assert not (fresh / ".venv").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a mount namespace")
def test_a_folder_that_cannot_be_written_to(fresh: Path) -> None:
    script = f"mount --bind {fresh} {fresh} && mount -o remount,bind,ro {fresh} && {fresh}/run.sh"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"error: {fresh} cannot be written to, and .venv is made in it;"
        " copy the folder to where you may write\n"
    )


def test_ctrl_c_while_it_installs(fresh: Path, start_process: ProcessStarter) -> None:
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


def test_no_network(fresh: Path) -> None:
    # Nothing listens there, and pip must not look elsewhere or try again.
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:1/", "PIP_EXTRA_INDEX_URL": "", "PIP_RETRIES": "0"}
    error = refused({**nowhere, "PIP_NO_CACHE_DIR": "1", "PIP_CONFIG_FILE": os.devnull}, cwd=fresh)
    assert "pip could not install requirements-run.txt" in error
    assert "is the network there?" in error
