"""The dev image: the whole system in one container, for a person."""

from __future__ import annotations

import json
import signal
import socket
import subprocess

import pytest
import requests

from tests.image.containers import HEALTHCHECK, Container, ContainerStarter, docker
from tests.support.emulator import INVOCATIONS
from tests.support.processes import wait_for

DEV_IMAGE = "python-lambda-weblog:apigw-rest-dev"


def start_dev(
    start_container: ContainerStarter, *ports: int, image: str = DEV_IMAGE, **env: str
) -> Container:
    container = start_container(image=image, ports=(7777, 8080, 8128, *ports), env=env)
    container.wait_for_log("ready: lambda proxy")
    return container


def test_a_request_through_the_proxy_shows_in_the_trace_view(start_container: ContainerStarter) -> None:
    container = start_dev(start_container)
    proxy = f"http://127.0.0.1:{container.port(7777)}"
    assert requests.get(f"{proxy}/", timeout=30).text == "Hello world!\n"
    assert requests.get(f"{proxy}/healthcheck", timeout=30).text == "Ok"
    assert container.invoke(HEALTHCHECK)["status"] == "ok"
    resources = {span["resource"] for trace in container.traces() for span in trace}
    assert "GET /" in resources
    view = f"http://127.0.0.1:{container.port(8128)}"
    assert "<title>" in requests.get(view, timeout=30).text

    def rows() -> list[tuple[str, str, bool]]:
        rows = requests.get(f"{view}/api/invocations", timeout=30).json()["invocations"]
        return [(row["name"], row["source"], row["complete"]) for row in rows]

    wait_for(lambda: ("GET /", "lambda_proxy", True) in rows(), what="the request's row, with its trace")
    request = {"request": {"target": "/waf"}, "front_door": "function-url"}
    sent = requests.post(f"{view}/api/invocations", json=request, timeout=60).json()
    assert (sent["response"]["status"], sent["complete"]) == (200, True)
    assert len(requests.get(f"{view}/api/samples", timeout=30).json()) > 40


@pytest.mark.parametrize(
    ("variant", "span"),
    [("apigw-http", "aws.httpapi"), ("function-url", "aws.lambda.url"), ("alb-multi", "aws.alb")],
)
def test_the_proxy_plays_the_variants_front_door(
    start_container: ContainerStarter, variant: str, span: str
) -> None:
    container = start_dev(start_container, image=f"python-lambda-weblog:{variant}-dev")
    assert requests.get(f"http://127.0.0.1:{container.port(7777)}/waf", timeout=30).status_code == 200
    assert span in {span["name"] for trace in container.traces() for span in trace}


def test_a_debugger_can_be_attached_to_the_function(start_container: ContainerStarter) -> None:
    container = start_dev(start_container, 5678, DEBUGGER_PORT="5678")
    request = json.dumps(
        {"seq": 1, "type": "request", "command": "initialize", "arguments": {"adapterID": "test"}}
    )

    def capabilities() -> str:
        try:
            with socket.create_connection(("127.0.0.1", container.port(5678)), timeout=10) as connection:
                connection.sendall(f"Content-Length: {len(request)}\r\n\r\n{request}".encode())
                answer = b""
                while b"supportsConditionalBreakpoints" not in answer and (
                    received := connection.recv(65536)
                ):
                    answer += received
                return answer.decode()
        except OSError:
            return ""

    # An invocation has been answered already, so it works with nobody attached.
    assert "supportsConditionalBreakpoints" in wait_for(capabilities, what="an answer of the debugger")


def test_without_a_debugger_in_it_the_image_says_so(image: None) -> None:
    done = subprocess.run(
        ["docker", "run", "--rm", "--env", "DEBUGGER_PORT=5678", "python-lambda-weblog:apigw-rest"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == "error: DEBUGGER_PORT is set, but there is no debugger; the dev image has one\n"


def test_a_foreign_host_is_refused_unless_it_is_allowed(start_container: ContainerStarter) -> None:
    """A web site can make its own name lead to this machine; containers' names have no dot."""
    container = start_dev(start_container, 8127, ALLOWED_HOSTS="my.test")

    def status(port: int, path: str, host: str, body: object = None) -> int:
        method, url = "POST" if body else "GET", f"http://127.0.0.1:{container.port(port)}{path}"
        return requests.request(method, url, json=body, headers={"Host": host}, timeout=30).status_code

    def statuses(host: str) -> list[int]:
        return [
            status(7777, "/healthcheck", host),
            status(8080, INVOCATIONS, host, HEALTHCHECK),
            status(8127, "/info", host),
            status(8128, "/", host),
        ]

    assert statuses("example.com") == [403] * 4
    assert statuses("my.test") == statuses("weblog:8080") == [200] * 4


def test_what_a_process_says_has_its_name_in_front(start_container: ContainerStarter) -> None:
    container = start_dev(start_container)
    names = {line.split("|")[0].strip() for line in container.logs.splitlines() if "|" in line}
    assert names == {"function", "proxy"} | (names & {"agent", "view"})


def test_one_that_dies_ends_the_container(start_container: ContainerStarter) -> None:
    container = start_dev(start_container)
    container.signal(signal.SIGKILL, "/opt/dev/bin/python -I -m lambda_proxy")
    wait_for(lambda: not container.state["Running"], what="the container's end")
    assert container.state["ExitCode"] == 1
    assert "error: proxy has ended; what it said stands above\n" in container.logs


def test_sigterm_ends_it_in_time(start_container: ContainerStarter) -> None:
    assert start_dev(start_container).stop() == 0


def test_runs_any_other_command_untouched(image: None) -> None:
    assert docker("run", "--rm", DEV_IMAGE, "echo", "a  b") == "a  b\n"


def test_it_is_the_image_and_more(image: None) -> None:
    def layers(name: str) -> list[str]:
        found: list[str] = json.loads(docker("inspect", "--format", "{{json .RootFS.Layers}}", name))
        return found

    below = layers("python-lambda-weblog:apigw-rest")
    assert layers(DEV_IMAGE)[: len(below)] == below
