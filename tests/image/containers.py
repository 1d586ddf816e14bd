"""Runs real containers for tests and removes exactly those."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.support.emulator import INVOCATIONS
from tests.support.processes import REPOSITORY, wait_for

# Not the name of the user's own images.
NAME = "python-lambda-weblog-test"
IMAGE = f"{NAME}:apigw-rest"
DEV_IMAGE = f"{IMAGE}-dev"
HEALTHCHECK = {"healthcheck": True}

# Prints the processes whose command line begins like this, and signals them; the image has no pkill.
SIGNAL_PROCESSES = """
import os, pathlib, sys
number, beginning = int(sys.argv[1]), sys.argv[2]
for folder in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        command = (folder / "cmdline").read_text().replace("\\0", " ")
    except OSError:
        continue
    if command.startswith(beginning):
        print(folder.name)
        if number:
            os.kill(int(folder.name), number)
"""

EMULATOR = "aws-lambda-rie "
EXTENSION = "/opt/trace-agent/bin/python -I -m extension.stand_in.lambda_extension"
FUNCTION = "python -m awslambdaric "


def docker(*arguments: str | Path, stdin: str | None = None, check: bool = True) -> str:
    """Run a docker command; its standard output. AssertionError with its complaint when it fails."""
    done = subprocess.run(
        ["docker", *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=300
    )
    assert not check or done.returncode == 0, f"docker {' '.join(map(str, arguments))}\n{done.stderr}"
    return done.stdout


@dataclass
class Container:
    """A container that a test started."""

    name: str
    ports: dict[int, int] = field(default_factory=dict)
    """The loopback ports under which ports of the container are published."""

    def execute(self, *command: str, stdin: str | None = None) -> str:
        """What `command` prints when run inside; AssertionError when it fails."""
        return docker("exec", *(["--interactive"] if stdin else []), self.name, *command, stdin=stdin)

    def python(self, program: str, *arguments: str) -> str:
        """What this Python program prints inside, with the image's own Python and no package."""
        return self.execute("python3", "-I", "-", *arguments, stdin=program)

    def processes(self, command: str) -> list[int]:
        """The process ids, as seen inside, of those whose command line begins with `command`."""
        return [int(line) for line in self.python(SIGNAL_PROCESSES, "0", command).split()]

    def signal(self, sign: int, command: str) -> None:
        """Signal the processes whose command line begins with `command`; there must be one."""
        assert self.python(SIGNAL_PROCESSES, str(int(sign)), command), f"no process {command}:\n{self.logs}"

    def environment(self, command: str) -> dict[str, str]:
        """The environment of the one process whose command line begins with `command`."""
        [pid] = self.processes(command)
        lines = self.execute("cat", f"/proc/{pid}/environ").split("\0")
        return dict(line.split("=", 1) for line in lines if line)

    @property
    def logs(self) -> str:
        """What it has written so far to standard output and standard error."""
        return subprocess.run(
            ["docker", "logs", self.name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ).stdout

    @property
    def state(self) -> dict[str, Any]:
        """Docker's own account of it: `Running`, `ExitCode`."""
        state: dict[str, Any] = json.loads(docker("inspect", "--format", "{{json .State}}", self.name))
        return state

    def wait_for_log(self, text: str, *, timeout: float = 120) -> None:
        """Wait until `text` stands in the log."""
        try:
            wait_for(lambda: text in self.logs, what=f"{text!r} in the log", timeout=timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs}") from None

    def port(self, inside: int) -> int:
        """The loopback port under which this port of the container was published."""
        if not self.ports:
            for line in docker("port", self.name).splitlines():
                # 8080/tcp -> 127.0.0.1:32768
                self.ports[int(line.partition("/")[0])] = int(line.rpartition(":")[2])
        return self.ports[inside]

    def invoke(self, event: object) -> Any:
        """Invoke with this event through port 8080; the result, parsed from JSON."""
        return self.post(event).json()

    def post(self, event: object, *, timeout: float = 60) -> requests.Response:
        """Invoke with this event through port 8080; the whole answer."""
        url = f"http://127.0.0.1:{self.port(8080)}{INVOCATIONS}"
        return requests.post(url, data=json.dumps(event), timeout=timeout)

    def traces(self) -> list[list[dict[str, Any]]]:
        """The traces that reached the trace agent on 127.0.0.1:8126 so far."""
        answer = self.execute("curl", "--silent", "http://127.0.0.1:8126/test/session/traces")
        traces: list[list[dict[str, Any]]] = json.loads(answer)
        return traces

    def stop(self) -> int:
        """SIGTERM, and where it does not end by that, SIGKILL; the exit code, which is 137 then."""
        docker("stop", "--time", "20", self.name)
        code: int = self.state["ExitCode"]
        return code

    def remove(self) -> None:
        """End it at once and delete it; nothing when that is done."""
        docker("rm", "--force", "--volumes", self.name, check=False)


@dataclass
class ContainerStarter:
    """Starts containers; `remove_all` removes them with all that is in them."""

    prefix: str
    started: list[Container] = field(default_factory=list)

    def __call__(
        self,
        *command: str,
        image: str = IMAGE,
        env: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
        ports: Sequence[int] = (8080,),
    ) -> Container:
        """Start one, with these container ports published on loopback, and wait until the first answers."""
        container = Container(f"{self.prefix}-{len(self.started)}")
        self.started.append(container)
        docker(
            *("run", "--detach", "--name", container.name),
            *(word for port in ports for word in ("--publish", f"127.0.0.1::{port}")),
            *(word for key, value in (env or {}).items() for word in ("--env", f"{key}={value}")),
            *options,
            image,
            *command,
        )
        if ports:
            port = container.port(ports[0])
            try:
                wait_for(lambda: _answers(port), what=f"an answer from port {ports[0]}", timeout=120)
            except AssertionError as error:
                raise AssertionError(f"{error}\n{container.logs}") from None
        return container

    def remove_all(self) -> None:
        """Remove what was started."""
        for container in self.started:
            container.remove()


def _answers(port: int) -> bool:
    # Docker's own proxy accepts connections before anybody inside does.
    try:
        requests.get(f"http://127.0.0.1:{port}/healthcheck", timeout=20)
    except (requests.ConnectionError, requests.Timeout):
        return False
    return True


def alb_event(path: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The smallest HTTP event there is: a GET through a load balancer."""
    return {
        "requestContext": {
            "elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/x/1"}
        },
        "httpMethod": "GET",
        "path": path,
        "queryStringParameters": {},
        "headers": {"host": "localhost", **(headers or {})},
        "body": "",
        "isBase64Encoded": False,
    }


def mount(source: str | Path, target: str) -> list[str]:
    """The options that show a file or folder of the repository inside, read-only."""
    return ["--volume", f"{REPOSITORY / source}:{target}:ro"]
