"""entrypoint.sh: what it runs, where, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.emulator import start_emulator
from tests.support.events import EVENT_TYPES, HttpRequest
from tests.support.processes import REPOSITORY, ProcessStarter

ENTRYPOINT = REPOSITORY / "entrypoint.sh"
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def call(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        [ENTRYPOINT, *arguments],
        env={"PATH": PATH, **env},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_help() -> None:
    done = call("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for setting in ("AWS_LAMBDA_RUNTIME_API", "DD_LAMBDA_HANDLER", "RIE_PORT", "LISTEN_HOST"):
        assert setting in done.stdout


def test_any_other_command_runs_untouched() -> None:
    done = call("sh", "-c", 'echo "$0" "$@"; exit 3', "a b", "*")
    assert (done.returncode, done.stdout) == (3, "a b *\n")


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"DD_LAMBDA_HANDLER": "handler"}, "DD_LAMBDA_HANDLER must be module.function, it is 'handler'"),
        ({"LAMBDA_TASK_ROOT": "/nowhere"}, "LAMBDA_TASK_ROOT must be a folder, it is '/nowhere'"),
        (
            {"DD_APPSEC_RULES": "/nowhere"},
            "DD_APPSEC_RULES must be a file that can be read, it is '/nowhere'",
        ),
        ({"DD_APPSEC_RULES": "app"}, "DD_APPSEC_RULES must be a file that can be read, it is 'app'"),
        ({"RIE_PORT": "http"}, "RIE_PORT must be a number from 1 to 65535, it is 'http'"),
        (
            {"AWS_LAMBDA_FUNCTION_TIMEOUT": "1.5"},
            "AWS_LAMBDA_FUNCTION_TIMEOUT must be a number from 1 to 900000, it is '1.5'",
        ),
        ({"PATH": "/usr/bin:/bin"}, "aws-lambda-rie is not on the PATH"),
    ],
)
def test_a_wrong_setting(env: dict[str, str], message: str) -> None:
    done = call(**env)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"error: {message}\n")


def test_sourced_it_only_defines_functions() -> None:
    script = f"source {ENTRYPOINT}; type -t main start_function; echo sourced"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (0, "function\nfunction\nsourced\n")


@pytest.mark.emulator
def test_under_aws_lambda_it_runs_the_function_alone(start_process: ProcessStarter) -> None:
    # The emulator gives the function AWS_LAMBDA_RUNTIME_API, as AWS does: a Lambda service from outside.
    emulator = start_emulator(
        start_process,
        "app.handler.lambda_handler",
        command=[ENTRYPOINT, "./app.sh"],
        env={"PATH": PATH, "DD_TRACE_ENABLED": "false"},
    )
    for event_type in EVENT_TYPES:
        result = emulator.invoke(event_type.event(HttpRequest(path="/headers")))
        assert event_type.response(result).status == 200, json.dumps(result)
