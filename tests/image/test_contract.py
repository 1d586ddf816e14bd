"""What the test suite requires of the image, line by line, against running containers."""

from __future__ import annotations

import json
import re
import subprocess

import certifi
import datadog_lambda
import pytest
import requests

from lambda_proxy.front_doors import FRONT_DOORS
from tests.image.containers import (
    EXTENSION,
    FUNCTION,
    HEALTHCHECK,
    IMAGE,
    NAME,
    Container,
    ContainerStarter,
    alb_event,
    docker,
    mount,
)
from tests.support.emulator import INVOCATIONS
from tests.support.processes import REPOSITORY, wait_for

EVENT_TYPES = {
    "apigw-rest": "apigateway-rest",
    "apigw-http": "apigateway-http",
    "function-url": "function-url",
    "alb": "application-load-balancer",
    "alb-multi": "application-load-balancer-multi",
}

# The suite's own readiness check, which it runs inside the container up to 60 times.
READINESS = (
    "curl --fail --silent --show-error --max-time 2 -XPOST -d '{\"healthcheck\": true}' "
    f"http://localhost:8080{INVOCATIONS}"
)

HEALTH = {"status": "ok", "library": {"name": "python_lambda", "version": datadog_lambda.__version__}}


def test_the_suite_finds_the_base_images_in_the_dockerfile() -> None:
    """It takes every FROM at the start of a line for an image, and replaces `$name` by an ARG's default."""
    dockerfile = (REPOSITORY / "Dockerfile").read_text()
    defaults = dict(re.findall(r"^ARG\s+(\S+)\s*=\s*(\S+)", dockerfile, re.MULTILINE))
    images = set()
    for image in re.findall(r"^FROM\s+(\S+)", dockerfile, re.MULTILINE):
        for name, value in defaults.items():
            image = image.replace(f"${name}", value)
        images.add(image)
    assert images == {
        "python:3.13-slim-trixie",
        "public.ecr.aws/lambda/python:3.13",
        "public.ecr.aws/datadog/lambda-extension:100",
    }


def test_the_dockerfile_builds_the_default_variant() -> None:
    """The suite may build from the Dockerfile alone."""
    defaults = re.findall(
        r"^ARG (?:VARIANT|LAMBDA_EVENT_TYPE)=(\S+)", (REPOSITORY / "Dockerfile").read_text(), re.MULTILINE
    )
    assert tuple(defaults) == next(iter(EVENT_TYPES.items()))
    assert {door.variant: door.event_type for door in FRONT_DOORS} == EVENT_TYPES


@pytest.mark.parametrize("variant", EVENT_TYPES)
def test_labels_tell_the_suite_what_it_runs(image: None, variant: str) -> None:
    labels = json.loads(docker("inspect", "--format", "{{json .Config.Labels}}", f"{NAME}:{variant}"))
    assert labels == {
        "system-tests-library": "python_lambda",
        "system-tests-weblog-variant": variant,
        "system-tests.lambda-proxy.event-type": EVENT_TYPES[variant],
    }


def test_variants_share_every_layer(image: None) -> None:
    layers = {
        docker("inspect", "--format", "{{json .RootFS.Layers}}", f"{NAME}:{variant}")
        for variant in EVENT_TYPES
    }
    assert len(layers) == 1


@pytest.fixture(scope="module")
def container(share_container: ContainerStarter) -> Container:
    """A container without a command and without settings."""
    return share_container(ports=(8080, 8127))


@pytest.mark.parametrize("command", [(), ("./app.sh",)], ids=["no command", "./app.sh"])
def test_brings_up_everything(
    container: Container, start_container: ContainerStarter, command: tuple[str, ...]
) -> None:
    container = start_container(*command) if command else container
    answer = wait_for(
        lambda: container.execute("sh", "-c", f"{READINESS} || true"), what="an answer to the readiness check"
    )
    assert json.loads(answer) == HEALTH
    assert container.execute("pwd").strip() == "/var/task"
    assert container.execute("cat", "/proc/1/comm").strip() == "tini"


def test_the_event_and_the_page_give_the_same_health_document(container: Container) -> None:
    assert (
        json.loads(container.invoke(alb_event("/healthcheck"))["body"])
        == container.invoke(HEALTHCHECK)
        == HEALTH
    )


def test_runs_any_other_command_untouched(image: None) -> None:
    def run(*command: str) -> tuple[int, str]:
        done = subprocess.run(
            ["docker", "run", "--rm", IMAGE, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout

    code, output = run("python", "-V")
    assert (code, output.startswith("Python 3.13.")) == (0, True)
    assert run("sh", "-c", 'echo "$0|$1"; exit 7', "a b", "c") == (7, "a b|c\n")


def test_versions_stand_in_the_metadata(image: None) -> None:
    metadata = docker("run", "--rm", IMAGE, "cat", "/binaries/metadata.txt")
    versions = dict(line.split(": ") for line in metadata.splitlines())
    assert versions["datadog_lambda"] == datadog_lambda.__version__
    assert versions.keys() == {"datadog_lambda", "ddtrace", "extension", "weblog"}
    assert "unknown" not in versions.values()


def test_settings_and_files_of_the_suite_reach_function_and_extension(
    start_container: ContainerStarter,
) -> None:
    settings = {
        "DD_AGENT_HOST": "127.0.0.1",
        "DD_TRACE_AGENT_PORT": "8126",
        "DD_PROXY_HTTPS": "http://proxy:8127",
        "DD_SERVERLESS_FLUSH_STRATEGY": "periodically,100",
        "DD_APPSEC_ENABLED": "true",
        "DD_APPSEC_RULES": "/appsec_blocking_rule.json",
        "DD_TRACE_MANAGED_SERVICES": "false",
        "DD_SERVICE": "weblog",
        "DD_TAGS": "key1:val1,key2:val 2",
        "DD_LOG_LEVEL": "debug",
        "DD_API_KEY": "not-a-key",
    }
    container = start_container(
        env=settings,
        options=[
            *mount("tests/image/files/datadog.yaml", "/var/task/datadog.yaml"),
            *mount("tests/image/files/blocking-rules.json", "/appsec_blocking_rule.json"),
            *mount(certifi.where(), "/etc/ssl/certs/ca-certificates.crt"),
        ],
    )
    assert container.invoke(alb_event("/waf"))["statusCode"] == 200
    assert container.invoke(alb_event("/waf", {"user-agent": "blocked/1"}))["statusCode"] == 403
    for process in (FUNCTION, EXTENSION):
        assert settings.items() <= container.environment(process).items()


def test_any_host_name_may_be_used(container: Container) -> None:
    """Containers call each other by names such as host.docker.internal."""
    health = requests.post(
        f"http://127.0.0.1:{container.port(8080)}{INVOCATIONS}",
        json=HEALTHCHECK,
        headers={"Host": "host.docker.internal:8080"},
        timeout=60,
    )
    assert health.json() == HEALTH
    agent = f"http://127.0.0.1:{container.port(8127)}/info"
    assert requests.get(agent, headers={"Host": "host.docker.internal:8127"}, timeout=10).status_code == 200


def test_port_8127_leads_to_the_trace_agent(container: Container) -> None:
    container.invoke(HEALTHCHECK)
    assert requests.get(f"http://127.0.0.1:{container.port(8127)}/info", timeout=10).json()["endpoints"]
    # The agent itself listens where the real one does, which is why it takes socat to reach it.
    listening = [line.split() for line in container.execute("cat", "/proc/net/tcp").splitlines()[1:]]
    addresses = {words[1] for words in listening if words[3] == "0A"}
    assert f"0100007F:{8126:04X}" in addresses
    assert f"00000000:{8126:04X}" not in addresses
