"""A container's life: it starts on a read-only file system, ends in order, and runs in AWS Lambda."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tests.image.containers import (
    FUNCTION,
    HEALTHCHECK,
    IMAGE,
    Container,
    ContainerStarter,
    alb_event,
    docker,
)
from tests.support.emulator import start_emulator
from tests.support.processes import ProcessStarter

READ_ONLY = ("--read-only", "--tmpfs", "/tmp")


@pytest.fixture(scope="module")
def read_only(share_container: ContainerStarter) -> Container:
    """A container as in AWS: nothing but /tmp can be written to."""
    return share_container(options=READ_ONLY)


def test_sigterm_ends_it_in_time_and_in_order(start_container: ContainerStarter) -> None:
    container = start_container()
    for _ in range(3):
        assert container.invoke(alb_event("/"))["statusCode"] == 200
    # Anything else than 0 would mean that it took a SIGKILL.
    assert container.stop() == 0
    assert "extension: SHUTDOWN (SandboxTerminated) after 3 traces" in container.logs
    # As long as the extension works, its supervisor says nothing.
    assert "supervisor" not in container.logs


def test_sigterm_before_the_first_invocation(start_container: ContainerStarter) -> None:
    assert start_container().stop() == 0


def test_runs_on_a_read_only_file_system(read_only: Container) -> None:
    assert read_only.invoke(HEALTHCHECK)["status"] == "ok"
    assert read_only.invoke(alb_event("/"))["statusCode"] == 200
    assert read_only.traces()


def test_no_module_is_compiled_at_start(read_only: Container) -> None:
    """With `-v` Python says of each module whether it took the compiled one."""
    done = subprocess.run(
        ["docker", "exec", read_only.name, "python", "-v", "-c", "import app.handler, traced_handler"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "code object from '/var/task/app/__pycache__/handler.cpython-313.pyc'" in done.stderr
    compiled = re.findall(r"code object from '(/(?:var|opt)/.*\.py)'", done.stderr)
    assert compiled == []


def test_runs_in_lambda_as_the_function_alone(start_process: ProcessStarter, image: None) -> None:
    """The emulator plays Lambda: it runs outside, and the container has only its Runtime API."""
    name = "weblog-test-in-lambda"
    docker("rm", "--force", name, check=False)
    emulator = start_emulator(
        start_process,
        "unused",
        command=[
            *("docker", "run", "--rm", "--name", name, "--network", "host", *READ_ONLY),
            *(
                "--env",
                "AWS_LAMBDA_RUNTIME_API",
                "--env",
                "DD_TRACE_ENABLED=false",
                IMAGE,
                "./app.sh",
            ),
        ],
    )
    try:
        assert emulator.invoke(HEALTHCHECK)["library"]["name"] == "python_lambda"
        assert emulator.invoke(alb_event("/"))["statusCode"] == 200
        titles = docker("top", name, "-o", "pid,args").splitlines()
        assert [title.split(maxsplit=1)[1] for title in titles[1:]] == [f"{FUNCTION}traced_handler.handler"]
    finally:
        docker("rm", "--force", name, check=False)


def test_nothing_is_in_it_that_does_not_run(read_only: Container) -> None:
    absent = [
        *("/usr/bin/gcc", "/usr/bin/cc", "/root/.cache", "/src"),
        *("/var/task/tests", "/opt/dev", "/opt/debugger"),
    ]
    command = f"ls -d {' '.join(absent)} /var/lib/apt/lists/* 2>/dev/null || true"
    assert read_only.execute("sh", "-c", command) == ""


def test_the_function_cannot_import_what_runs_around_it(read_only: Container) -> None:
    program = """
import importlib.util, json
names = ["aiohttp", "ddapm_test_agent", "debugpy", "extension", "invoke_api", "lambda_proxy", "orjson", "pip"]
names += ["scripts", "flask", "app"]
print(json.dumps([name for name in names if importlib.util.find_spec(name)]))
"""
    assert json.loads(read_only.execute("python", "-c", program)) == ["flask", "app"]


def test_files_belong_to_root_and_are_readable_by_all(read_only: Container) -> None:
    """AWS runs the function as a user of its own choice."""
    places = ("/var/task", "/var/lang", "/opt")
    assert read_only.execute("find", *places, "!", "-perm", "-o=r", "!", "-type", "l") == ""
    docker("exec", "--user", "993:990", read_only.name, "python", "-c", "import app.handler")
