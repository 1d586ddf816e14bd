"""The CI example of docs/compare.md, run as it stands."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.processes import REPOSITORY
from tests.support.tracers import copy_package, make_checkout, replace

NOT_IN_A_CHECKOUT = (".git", ".venv*", ".tracers", "__pycache__", ".*_cache", "comparison-report")


def steps() -> list[dict[str, Any]]:
    """The steps of the example."""
    page = (REPOSITORY / "docs/compare.md").read_text()
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (job,) = yaml.safe_load(text)["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found


def git(folder: Path, *arguments: str) -> None:
    person = ("-c", "user.name=A Developer", "-c", "user.email=developer@example.com")
    subprocess.run(["git", "-C", folder, *person, *arguments], check=True, capture_output=True)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """What the steps that use an action leave: the two repositories, and programs on PATH."""
    origin = make_checkout(tmp_path, copy_package(tmp_path / "source"))
    tracing = origin / "datadog_lambda/tracing.py"
    git(origin, "init", "--initial-branch", "main")
    git(origin, "add", "--all")
    git(origin, "commit", "--message", "Begin")
    git(origin, "switch", "--create", "my-branch")
    replace(tracing, '"function_version": function_version,', '"function_version": "changed",')
    git(origin, "commit", "--all", "--message", "Change a tag")
    git(origin, "switch", "main")
    replace(tracing, '"resource_names": context.function_name,', '"resource_names": "others",')
    git(origin, "commit", "--all", "--message", "Change something else meanwhile")
    made = tmp_path / "workspace"
    made.mkdir()
    git(made, "clone", "--branch", "my-branch", str(origin), "after")
    shutil.copytree(REPOSITORY, made / "weblog", ignore=shutil.ignore_patterns(*NOT_IN_A_CHECKOUT))
    # Making one takes minutes.
    (made / "weblog/.venv").symlink_to(REPOSITORY / ".venv")
    sudo = tmp_path / "bin/sudo"
    sudo.parent.mkdir()
    sudo.write_text('#!/bin/sh\nexec "$@"\n')
    sudo.chmod(0o755)
    return made


def run(command: str, workspace: Path) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub does."""
    return subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=workspace,
        env={**os.environ, "PATH": f"{workspace.parent}/bin:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.emulator
@pytest.mark.services
def test_the_example(workspace: Path, extension_folder: None) -> None:
    uses = [step["with"] for step in steps() if "actions/checkout" in step.get("uses", "")]
    assert uses == [
        {"path": "after", "fetch-depth": 0},
        {"path": "weblog", "repository": "<this repository>"},
    ]
    *before, last = [step["run"] for step in steps() if "run" in step]
    for command in before:
        done = run(command, workspace)
        assert done.returncode == 0, done.stderr
    # All of it takes a minute and more; how it is called is what may be wrong here.
    done = run(last.replace("--quick", "--quick --only sqs"), workspace)
    assert done.returncode == 1, done.stdout + done.stderr
    assert " tag-changed  aws.lambda: function_version" in done.stdout
    (upload,) = [step["with"] for step in steps() if "actions/upload-artifact" in step.get("uses", "")]
    document = json.loads((workspace / upload["path"] / "report.json").read_text())
    assert {(way["kind"], way["name"]) for way in document["ways"]} == {("tag-changed", "function_version")}
    assert (workspace / upload["path"] / "report.html").exists()


@pytest.mark.parametrize(("code", "ends_with"), [(0, 0), (1, 0), (2, 1)])
def test_a_job_that_does_not_fail_where_something_differs(code: int, ends_with: int, tmp_path: Path) -> None:
    (end,) = re.findall(r"`(\|\| .*)`", (REPOSITORY / "docs/compare.md").read_text())
    assert run(f"(exit {code}) {end}", tmp_path).returncode == ends_with
