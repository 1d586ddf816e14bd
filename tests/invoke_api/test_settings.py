"""The Invoke API's settings and its command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from invoke_api.other_sites import OtherSites
from invoke_api.settings import SettingError, Settings
from tests.support.processes import REPOSITORY


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "invoke_api", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_defaults() -> None:
    assert Settings.read({}) == Settings(
        emulator_host="127.0.0.1",
        emulator_port=8081,
        emulator_urls=(),
        function_names=frozenset({"function"}),
        function_arn="arn:aws:lambda:us-east-1:012345678912:function:test_function",
        concurrency=0,
        queue=1000,
        retry_delays=(60, 120),
        dead_letters=Settings.read({}).dead_letters,
        trace_view="",
        other_sites=OtherSites(),
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("EMULATOR_PORT", "http", "EMULATOR_PORT is 'http'; valid are whole numbers from 1 to 65535"),
        ("LAMBDA_CONCURRENCY", "-1", "LAMBDA_CONCURRENCY is '-1'; valid are whole numbers from 0 to 1000000"),
        (
            "LAMBDA_RETRY_DELAYS",
            "soon",
            "LAMBDA_RETRY_DELAYS is 'soon'; valid is a list of seconds such as '60,120'",
        ),
        (
            "EMULATOR_URLS",
            "rie:8080",
            "EMULATOR_URLS has 'rie:8080'; valid is a list such as http://127.0.0.1:8081,http://rie:8080",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_the_valid_values(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.read({name: value})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("arguments", "env", "line"),
    [
        (
            ["--port", "8081"],
            {},
            "EMULATOR_PORT is 8081, the Invoke API's own port; the emulator needs another",
        ),
        (
            ["--", "true"],
            {"EMULATOR_URLS": "http://127.0.0.1:1"},
            "EMULATOR_URLS names emulators that run already; it does not go with a command",
        ),
    ],
)
def test_a_wrong_start_is_one_line(arguments: list[str], env: dict[str, str], line: str) -> None:
    done = run(*arguments, **env)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"invoke-api: {line}\n")


def test_help_whatever_the_settings() -> None:
    done = run("--help", EMULATOR_PORT="http", LAMBDA_EVENT_TYPE="nope")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: python -m invoke_api ")


def test_settings_of_other_processes_do_not_matter() -> None:
    env = {"LAMBDA_EVENT_TYPE": "nope", "LAMBDA_PROXY_PORT": "x", "RIE_PORT": "x", "LAMBDA_PROXY_DEBUG": "x"}
    assert Settings.read(env) == Settings.read({})


def test_it_imports_the_standard_library_alone() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import invoke_api.__main__;"
        "print({name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names - {'__main__'})"
    )
    # -S leaves out site-packages, and so what it loads at every start.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(REPOSITORY)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("{'invoke_api'}\n", "")
    folder = Path(REPOSITORY, "invoke_api")
    assert not [path for path in folder.glob("*.py") if "import lambda_proxy" in path.read_text()]
