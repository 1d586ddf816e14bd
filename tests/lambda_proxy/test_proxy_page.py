"""docs/lambda-proxy.md and `--help` name every setting of the proxy and the Invoke API, and no other."""

from __future__ import annotations

import re

import pytest
import requests

from invoke_api.__main__ import DESCRIPTION as INVOKE_API
from lambda_proxy.__main__ import DESCRIPTION as PROXY
from tests.support.emulator import INVOCATIONS
from tests.support.processes import REPOSITORY, ProcessStarter, free_port

SETTING = re.compile(r"\b(?:LAMBDA|RIE|AWS|EMULATOR|ALLOWED)_[A-Z_]+\b|\bFUNCTION_NAME\b")
OTHERS = {"ALLOWED_HOSTS"}  # read by invoke_api/other_sites.py


def settings_in(text: str) -> set[str]:
    return set(SETTING.findall(text))


def settings_read(folder: str) -> set[str]:
    source = (REPOSITORY / folder / "settings.py").read_text()
    return settings_in(" ".join(re.findall(r'"([A-Z_]+)"', source))) | OTHERS


def test_settings() -> None:
    assert settings_in(PROXY) == settings_read("lambda_proxy")
    assert settings_in(INVOKE_API) == settings_read("invoke_api")
    page = (REPOSITORY / "docs/lambda-proxy.md").read_text()
    assert settings_in(page) == settings_read("lambda_proxy") | settings_read("invoke_api")


@pytest.mark.emulator
def test_the_command_of_the_invoke_api(start_process: ProcessStarter) -> None:
    page = (REPOSITORY / "docs/lambda-proxy.md").read_text()
    (command,) = re.findall(r"^PATH=\$PWD(?:.*\\\n)+.*$", page, re.MULTILINE)
    port, emulator_port = str(free_port()), str(free_port())
    command = command.replace("8080", port).replace("8081", emulator_port)
    # Of the test alone: what runs beside it has the usual ports.
    command = command.replace(
        "aws-lambda-rie", f"aws-lambda-rie --runtime-api-address 127.0.0.1:{free_port()}"
    )
    env = {
        "EMULATOR_PORT": emulator_port,
        "DD_LAMBDA_HANDLER": "app.handler.lambda_handler",
        "DD_TRACE_ENABLED": "false",
    }
    process = start_process(["bash", "-c", command], env=env)
    process.wait_for_output("invoke-api: ready")
    answer = requests.post(f"http://127.0.0.1:{port}{INVOCATIONS}", json={"healthcheck": True}, timeout=60)
    assert answer.json()["status"] == "ok"
