"""The dev image: the whole system in one container, for a person."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import datadog_lambda
import ddtrace
import pytest
import requests

from tests.image.containers import (
    DEV_IMAGE,
    HEALTHCHECK,
    IMAGE,
    NAME,
    Container,
    ContainerStarter,
    docker,
)
from tests.support.debug_client import DebugClient
from tests.support.emulator import INVOCATIONS
from tests.support.processes import REPOSITORY, wait_for


def start_dev(
    start_container: ContainerStarter, *ports: int, image: str = DEV_IMAGE, **env: str
) -> Container:
    container = start_container(image=image, ports=(7777, 8080, 8128, *ports), env=env)
    container.wait_for_log("ready: lambda proxy")
    return container


@pytest.fixture(scope="module")
def container(share_container: ContainerStarter) -> Container:
    """One without settings."""
    return start_dev(share_container)


def test_a_request_through_the_proxy_shows_in_the_trace_view(container: Container) -> None:
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
    container = start_dev(start_container, image=f"{NAME}:{variant}-dev")
    assert requests.get(f"http://127.0.0.1:{container.port(7777)}/waf", timeout=30).status_code == 200
    assert span in {span["name"] for trace in container.traces() for span in trace}
    # SIGTERM is enough; 137 would be a SIGKILL.
    assert container.stop() == 0


@pytest.fixture(scope="module")
def with_settings(share_container: ContainerStarter) -> Container:
    """One with a debugger, and with a host name that is allowed."""
    return start_dev(share_container, 5678, 8127, DEBUGGER_PORT="5678", ALLOWED_HOSTS="my.test")


def test_a_breakpoint(with_settings: Container) -> None:
    """With the path mappings of the README's launch.json."""
    container = with_settings
    view = REPOSITORY / "app/web/endpoints/core.py"
    line = view.read_text().splitlines().index('    return plain_text("Hello world!\\n")') + 1
    mapping = {"localRoot": str(REPOSITORY / "app"), "remoteRoot": "/var/task/app"}
    # An invocation has been answered already, so it works with nobody attached.
    with DebugClient(container.port(5678)) as client, ThreadPoolExecutor() as pool:
        client.attach({str(view): [line]}, justMyCode=False, pathMappings=[mapping])
        answer = pool.submit(requests.get, f"http://127.0.0.1:{container.port(7777)}/", timeout=60)
        stopped = client.event("stopped")["body"]
        thread = {"threadId": stopped["threadId"]}
        frames = client.request("stackTrace", thread)["stackFrames"]
        assert (frames[0]["source"]["path"], frames[0]["line"]) == (str(view), line)
        client.request("continue", thread)
        assert answer.result().text == "Hello world!\n"


def test_without_a_debugger_in_it_the_image_says_so(image: None) -> None:
    done = subprocess.run(
        ["docker", "run", "--rm", "--env", "DEBUGGER_PORT=5678", IMAGE],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == "error: DEBUGGER_PORT is set, but there is no debugger; the dev image has one\n"


def test_a_foreign_host_is_refused_unless_it_is_allowed(with_settings: Container) -> None:
    """A web site can make its own name lead to this machine; containers' names have no dot."""

    def status(port: int, path: str, host: str, body: object = None) -> int:
        method, url = "POST" if body else "GET", f"http://127.0.0.1:{with_settings.port(port)}{path}"
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


def test_what_a_process_says_has_its_name_in_front(container: Container) -> None:
    names = {line.split("|")[0].strip() for line in container.logs.splitlines() if "|" in line}
    assert names == {"function", "proxy"} | (names & {"agent", "view", "request"})


def test_one_that_dies_ends_the_container(start_container: ContainerStarter) -> None:
    container = start_dev(start_container)
    container.signal(signal.SIGKILL, "/opt/dev/bin/python -I -m lambda_proxy")
    wait_for(lambda: not container.state["Running"], what="the container's end")
    assert container.state["ExitCode"] == 1
    assert "error: proxy has ended; what it said stands above\n" in container.logs


def test_runs_any_other_command_untouched(image: None) -> None:
    assert docker("run", "--rm", DEV_IMAGE, "echo", "a  b") == "a  b\n"


def test_it_is_the_image_and_more(image: None) -> None:
    def layers(name: str) -> list[str]:
        found: list[str] = json.loads(docker("inspect", "--format", "{{json .RootFS.Layers}}", name))
        return found

    below = layers(IMAGE)
    assert layers(DEV_IMAGE)[: len(below)] == below


def copy_package(source: Path, target: Path) -> Path:
    return Path(shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__")))


def test_ones_own_code_is_told_of_and_starts_anew_when_it_changes(
    start_container: ContainerStarter, tmp_path: Path
) -> None:
    app = copy_package(REPOSITORY / "app", tmp_path / "app")
    tracer = copy_package(
        Path(datadog_lambda.__file__).parent, tmp_path / "datadog-lambda-python/datadog_lambda"
    )
    mounts = {
        app: "/var/task/app",
        tracer: "/opt/python/datadog_lambda",
        # Three mistakes: no such folder, a checkout instead of the package in it, a layer without a tracer.
        tmp_path / "nowhere": "/opt/python/ddtrace",
        tracer.parent: "/opt/python/datadog-lambda-python",
        tmp_path / "empty": "/opt/python/lib/python3.13/site-packages",
    }
    broken = app / "web/__init__.py"
    sound = broken.read_text()
    broken.write_text(f"{sound}\nimport nowhere\n")
    options = [f"--volume={source}:{target}:ro" for source, target in mounts.items()]
    container = start_container(image=DEV_IMAGE, ports=(7777,), options=options)
    container.wait_for_log("\nnot ready: ")

    logs = container.logs
    assert (
        f"\ntracer: ddtrace {ddtrace.__version__} (pinned, /var/lang/lib/python3.13/site-packages/ddtrace),"
        f" datadog_lambda {datadog_lambda.__version__} (NOT the pinned {datadog_lambda.__version__},"
        " /opt/python/datadog_lambda)\n"
    ) in logs
    assert re.findall(r"^note: the mount on (\S+) has no effect: (.+?)\. Mount", logs, re.MULTILINE) == [
        ("/opt/python/ddtrace", "it is empty, so there may be no such folder on your machine"),
        ("/opt/python/datadog-lambda-python", "the package is in its folder datadog_lambda"),
        (
            "/opt/python/lib/python3.13/site-packages",
            "it is empty, so there may be no such folder on your machine",
        ),
    ]
    lines = len(broken.read_text().splitlines())
    assert f"No module named 'nowhere' (/var/task/app/web/__init__.py, line {lines})" in logs
    assert "\nready: " not in logs

    def answer() -> tuple[int, str]:
        got = requests.get(f"http://127.0.0.1:{container.port(7777)}/", timeout=60)
        return got.status_code, got.text

    assert answer() == (502, '{"message": "Internal server error"}')
    broken.write_text(sound)
    container.wait_for_log("\nready: ")
    assert answer() == (200, "Hello world!\n")

    view = app / "web/endpoints/core.py"
    view.write_text(view.read_text().replace('plain_text("Hello world!', 'plain_text("Hello reader!'))
    container.wait_for_log("reload: /var/task/app/web/endpoints/core.py changed; the function starts anew")
    assert answer() == (200, "Hello reader!\n")

    with (tracer / "__init__.py").open("a") as file:
        file.write("\nprint('my own datadog_lambda')\n")
    container.wait_for_log("reload: /opt/python/datadog_lambda/__init__.py changed")
    assert answer() == (200, "Hello reader!\n")
    container.wait_for_log("my own datadog_lambda")


def test_a_handler_of_ones_own(start_container: ContainerStarter, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def handler(event, context):\n    return [event, __file__]\n")
    env = {"LAMBDA_TASK_ROOT": "/mine", "DD_LAMBDA_HANDLER": "mine.handler"}
    container = start_container(image=DEV_IMAGE, env=env, options=[f"--volume={tmp_path}:/mine:ro"])
    container.wait_for_log("\nready: ")
    assert container.invoke({"any": "event"}) == [{"any": "event"}, "/mine/mine.py"]
    (tmp_path / "mine.py").write_text("def handler(event, context):\n    return 'changed'\n")
    container.wait_for_log("reload: /mine/mine.py changed")
    assert container.invoke({}) == "changed"
