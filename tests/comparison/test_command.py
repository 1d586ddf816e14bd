"""`python -m comparison` as a person runs it: exit codes, output, report, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import ddtrace
import pytest

from comparison.endpoints import LEFT_OUT, REQUESTS, documented
from comparison.endpoints import PACKAGES as OPTIONAL
from comparison.served import REQUESTS_TO, SERVED
from comparison.tables import tables
from comparison.work import SETTINGS, groups, not_sent
from scripts.services import SERVICES
from tests.comparison.patches import DATABASE
from tests.support.processes import REPOSITORY, processes_with, wait_for

PACKAGES = Path(ddtrace.__file__).parents[1]


def compare(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command, as from `folder`."""
    return subprocess.run(
        [sys.executable, "-m", "comparison", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "STARTED_IN": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help(tmp_path: Path) -> None:
    done = compare("--help", folder=tmp_path)
    assert done.returncode == 0
    for word in ("--quick", "--only", "--events", "--with", "--report", "--versions", "Exit codes"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([], "there are 0 tracers; name A and B, each in one word, or B alone"),
        (["a", "b", "c"], "there are 3 tracers"),
        (["pinned", "--only", "sqs,nothing"], "--only 'nothing' is not known; there are "),
        (["pinned", "--events", "missing"], "missing has no .json files"),
        (["pinned", "--versions"], "--versions takes no tracers"),
        (["--versions", "0"], "'0' is not valid; valid are whole numbers from 1 on"),
        (["pinned", "--with", "aws,db2"], "--with 'db2' is not a service; there are postgres, mysql, "),
        (
            ["pinned", "--only", "db"],
            "--only db leaves nothing to send: not sent without --with postgres,mysql: /db",
        ),
        (
            ["pinned", "--only", "payload", "--quick"],
            "--only payload leaves nothing to send: no setting of --quick",
        ),
        (["pinned", "--wrong"], "unrecognized arguments: --wrong"),
        (["not-a-tracer"], "the tracer is 'not-a-tracer'; valid are a checkout"),
    ],
)
def test_what_is_refused(arguments: list[str], error: str, tmp_path: Path) -> None:
    done = compare(*arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert error in done.stderr
    assert "Traceback" not in done.stderr


def test_the_words_of_only_are_listed(tmp_path: Path) -> None:
    error = compare("pinned", "--only", "x", folder=tmp_path).stderr
    for word in ("waf", "sqs", "alb", "function-url", "plain", "telemetry", "speed"):
        assert f" {word}," in error or f" {word}\n" in error


@pytest.mark.emulator
def test_a_against_a(tmp_path: Path, extension_folder: None) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/own.json").write_text('{"weblog": {"do": "log", "message": "<script>"}}')
    done = compare(
        "pinned", "--only", "own,imports,speed", "--quick", "--events", "mine", "--report", "out",
        folder=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 invocations, no difference" in done.stdout
    assert "cold start, B by A: " in done.stdout
    assert "100%" in done.stderr
    document = json.loads((tmp_path / "out/report.json").read_text())
    assert (document["same"], document["ways"], document["unsteady"]) == (True, [], [])
    assert document["imports"] == {"measured": True, "new": {}, "gone": {}, "slower": {}}
    assert len(document["milliseconds"]["cold"]["a"]) == len(document["milliseconds"]["cold"]["b"]) == 3


@pytest.mark.emulator
@pytest.mark.services
def test_a_service_for_each_side(tmp_path: Path, extension_folder: None) -> None:
    if not SERVICES["postgres"].is_installed():
        pytest.skip(f"NO SERVICE: postgres is not installed; it takes {SERVICES['postgres'].needs}")
    (tmp_path / "patched").mkdir()
    patched = DATABASE.apply(PACKAGES, tmp_path / "patched")
    done = compare("pinned", str(patched), "--with", "postgres", "--only", "dbm", "--quick", folder=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "starting postgres for each of the two" in done.stderr
    document = json.loads((tmp_path / "comparison-report/report.json").read_text())
    ways = [(way["kind"], way["subject"], way["name"], len(way["invocations"])) for way in document["ways"]]
    # execute and executemany, with AppSec and without.
    assert ways == [(DATABASE.kind, "postgres.query", "span.kind", 4)]
    assert (document["invocations"], document["not_sent"]) == (4, None)


def broken_package(folder: Path) -> Path:
    package = folder / "broken/datadog_lambda"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from ddtrace import something_that_is_gone\n")
    return package.parent


def test_a_tracer_that_cannot_be_imported_is_a_result(tmp_path: Path) -> None:
    done = compare("pinned", str(broken_package(tmp_path)), "--only", "sqs", folder=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "B cannot be imported: ImportError: cannot import name 'something_that_is_gone'" in done.stdout
    assert "Traceback (most recent call last):" in done.stdout
    document = json.loads((tmp_path / "comparison-report/report.json").read_text())
    assert (document["same"], document["sides"][0]["error"]) == (False, None)
    assert "something_that_is_gone" in (tmp_path / "comparison-report/report.html").read_text()


def test_two_that_cannot_be_imported(tmp_path: Path) -> None:
    broken = str(broken_package(tmp_path))
    assert compare(broken, broken, "--only", "sqs", folder=tmp_path).returncode == 2


@pytest.mark.emulator
def test_ctrl_c_ends_everything(tmp_path: Path, extension_folder: None) -> None:
    marker = f"COMPARED_BY={tmp_path}"
    errors = tmp_path / "errors"
    with errors.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "comparison", "pinned", "--only", "waf"],
            cwd=REPOSITORY,
            env={**os.environ, "STARTED_IN": str(tmp_path), "COMPARED_BY": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    wait_for(lambda: "appsec" in errors.read_text(), what="the first invocation", timeout=120)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "ended early: interrupted" in output
    assert (tmp_path / "comparison-report/report.html").exists()
    assert processes_with(marker) == []


def test_every_endpoint_is_sent_or_left_out_for_a_reason() -> None:
    known = documented()
    for paths in (LEFT_OUT.keys(), REQUESTS.keys(), SERVED, OPTIONAL.keys()):
        assert paths <= known.keys()
    assert REQUESTS_TO.keys() <= SERVICES.keys()
    assert not SERVED & (REQUESTS.keys() | LEFT_OUT.keys())
    with_parameters = {path for path in known if "<" in path}
    assert with_parameters <= REQUESTS.keys() | LEFT_OUT.keys()


def test_what_a_service_adds() -> None:
    plain, served = (
        {item.name for group in groups(only=["postgres", "/rabbitmq/consume", "/dsm"], services=services)
         for item in group.items}
        for services in ([], ["postgres", "rabbitmq"])
    )  # fmt: skip
    assert plain == set()
    assert {name.split()[1] for name in served} == {"/db", "/dbm", "/stub_dbm", "/rabbitmq/consume", "/dsm"}
    doors = {name.rpartition(" via ")[2] for name in served}
    assert doors == {"apigw-rest", "apigw-http", "function-url", "alb", "alb-multi"}


def test_what_is_not_sent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comparison.endpoints.find_spec", lambda name: None)
    everything = groups(only=["waf", "stub_dbm", "graphql", "sqs"], services=None)
    assert not_sent(everything, ["aws", "mysql"]) == (
        "not sent without --with postgres: /stub_dbm;"
        " not sent without the packages of requirements-drivers.txt: /graphql"
    )
    assert not_sent(everything[:0], []) == ""


def test_all_work() -> None:
    made = {group.setting.name: group.items for group in groups(services=None)}
    assert list(made) == [setting.name for setting in SETTINGS]
    for path in ("/waf", "/headers"):
        doors = {item.name.rpartition(" via ")[2] for item in made["appsec"] if path in item.names}
        assert doors == {"apigw-rest", "apigw-http", "function-url", "alb", "alb-multi"}
    assert {"sqs", "s3", "kafka"} <= {item.name for item in made["plain"]}


def test_a_part_of_the_work() -> None:
    (group,) = groups(quick=True, only=["waf", "sqs", "appsec"])[:1]
    names = {word for item in groups(quick=True, only=["waf", "sqs"])[0].items for word in item.names}
    assert {"waf", "sqs", "apigw-rest"} <= names
    assert not {"alb", "login", "kinesis"} & names
    assert group.setting.name == "appsec"
    assert any("login" in item.names for item in group.items)


def test_the_page_has_all_lists() -> None:
    page = (REPOSITORY / "docs/compare.md").read_text()
    assert page.endswith(f"<!-- Made by `python -m comparison.tables`. -->\n\n{tables()}\n"), (
        "docs/compare.md is not up to date; its end is what .venv/bin/python -m comparison.tables prints"
    )
