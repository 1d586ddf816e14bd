"""`python -m trace_checks`: what it prints, and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import REPOSITORY
from tests.trace_checks.records import message, request
from tests.trace_checks.test_findings import KNOWN
from trace_checks.__main__ import tables
from trace_checks.checks import CHECKS

PAGE = REPOSITORY / "docs/trace-checks.md"


def run(*arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "trace_checks", *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, input=given, capture_output=True, text=True, timeout=60)


def lines(*made: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(one)}\n" for one in made)


def new() -> dict[str, Any]:
    made = message()
    made["traces"][0][2]["duration"] = 0
    return made


def test_the_page_has_the_tables() -> None:
    assert PAGE.read_text().endswith(tables() + "\n"), (
        "docs/trace-checks.md is not up to date; make its end with: python -m trace_checks list --markdown"
    )


def test_list() -> None:
    done = run("list")
    assert (done.returncode, done.stderr) == (0, "")
    for check in CHECKS:
        assert f"{check.id} " in done.stdout
        assert check.sentence in done.stdout


def test_check_of_whole_records(tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    file.write_text(lines(request()) + "\n")
    done = run("check", file, "-", given=lines(request() | {"traces": renumbered(request())}))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def renumbered(made: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Spans of another invocation."""
    spans = made["traces"][0]
    for one in spans:
        one["span_id"] += 100
        one["parent_id"] += 100 if one["parent_id"] else 0
    return [spans]


def test_check_tells_what_is_new() -> None:
    done = run("check", "-", given=lines(new()))
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (
        "-:1: the-request: NEW duration: sqs.process: sqs.process took 0 ns"
        " (no duration is negative or zero)\n"
    )


def test_check_keeps_quiet_about_known_findings() -> None:
    _, known = KNOWN["D6"]
    assert run("check", "-", given=lines(known)).stdout == ""
    done = run("check", "--all", "-", given=lines(known))
    assert done.returncode == 0
    assert "D6 context-carried-on: aws.sqs: the origin is 'lambda', the event carries 'rum'" in done.stdout


@pytest.mark.parametrize("command", [(), ("list",), ("check",), ("hunt",)])
def test_help(command: tuple[str, ...]) -> None:
    done = run(*command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: python -m trace_checks")


@pytest.mark.parametrize(
    ("arguments", "given", "says"),
    [
        (("check", "nowhere.jsonl"), "", "nowhere.jsonl cannot be read: No such file or directory"),
        (("check", "-"), "{\n", "-, line 1 is not valid JSON"),
        (("check", "-"), "[]\n", "-, line 1 is not a record: it needs an object with `traces`, a list"),
        (("check", "-"), '{"traces": [5]}\n', "-, line 1 is not a record: `traces` needs lists of spans"),
        (("hunt", "--seconds", "0"), "", "argument --seconds: invalid"),
        (("hunt", "--samples", "nowhere"), "", "nowhere has no .json files"),
        (("hunt", "--out", "nowhere/a.jsonl"), "", "No such file or directory: 'nowhere/a.jsonl'"),
        (("other",), "", "invalid choice: 'other'"),
    ],
)
def test_bad_input_is_one_clear_line(arguments: tuple[str, ...], given: str, says: str) -> None:
    done = run(*arguments, given=given)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
