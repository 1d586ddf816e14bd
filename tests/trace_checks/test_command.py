"""`python -m trace_checks`: what it prints, and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.support.processes import REPOSITORY, free_port
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
        "-, line 1: the-request: NEW duration: sqs.process: sqs.process took 0 ns"
        " (no duration is negative or zero)\n"
    )


def test_check_keeps_quiet_about_known_findings() -> None:
    _, known = KNOWN["D6"]
    assert run("check", "-", given=lines(known)).stdout == ""
    done = run("check", "--all", "-", given=lines(known))
    assert done.returncode == 0
    assert "D6 context-carried-on: aws.sqs: the origin is 'lambda', the event carries 'rum'" in done.stdout


@pytest.fixture
def view(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a trace view that has the records of the parameter, the newest first, two a page."""
    kept: list[dict[str, Any]] = request.param

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            found = [one for one in kept if path.endswith(f"/{one.get('request_id')}")]
            first = int(parse_qs(query).get("before", ["0"])[0])
            page = {
                "invocations": [{"request_id": one["request_id"]} for one in kept[first : first + 2]],
                "next": first + 2 if len(kept) > first + 2 else None,
            }
            answer = json.dumps(found[0] if found else page).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing: the test's output is its own."""

    with ThreadingHTTPServer(("127.0.0.1", free_port()), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def kept(made: dict[str, Any], number: int, **more: Any) -> dict[str, Any]:
    """The record as the trace view has it, with ids of its own."""
    spans = made["traces"][0]
    for one in spans:
        one["span_id"] += number * 100
        one["parent_id"] += number * 100 if one["parent_id"] > 9 else 0
        if "request_id" in one["meta"]:
            one["meta"]["request_id"] = f"request-{number}"
    return made | {"request_id": f"request-{number}", "complete": True} | more


LOST = kept(message(), 4, traces=[], complete=False, incomplete="no trace came")
RUNNING = kept(message(), 5, traces=[], complete=False)


@pytest.mark.parametrize(
    "view", [[RUNNING, LOST, kept(new(), 3), kept(request(), 2), kept(message(), 1)]], indirect=True
)
def test_check_of_a_running_system(view: str) -> None:
    done = run("check", "--url", f"{view}/")
    assert (done.returncode, done.stderr) == (1, "")
    assert [line.removeprefix(f"{view}/: ").partition(" (")[0] for line in done.stdout.splitlines()] == [
        "request-3: NEW duration: sqs.process: sqs.process took 0 ns",
        "request-4: NEW one-trace: 0 traces",
        "request-4: NEW function-span: 0 spans aws.lambda",
    ]
    assert run("check", "--url", view, "--last", "1").stdout == ""


@pytest.mark.parametrize("command", [(), ("list",), ("check",), ("reproduce",), ("hunt",)])
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
        (("check",), "", "check needs either files or --url"),
        (("check", "-", "--url", "http://localhost:1"), "", "check needs either files or --url"),
        (("check", "--url", "http://127.0.0.1:1", "--last", "0"), "", "argument --last: invalid"),
        (("check", "--url", "localhost:1"), "", "'localhost:1' must be like http://localhost:8128"),
        (("check", "--url", "http://127.0.0.1:1"), "", "/api/invocations?limit=1000 does not answer"),
        (("reproduce", "D99"), "", "invalid choice: 'D99'"),
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
