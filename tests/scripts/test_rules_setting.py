"""DD_APPSEC_RULES: a file that is there, and broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ddtrace.appsec._ddwaf import DDWaf

from tests.support.emulator import start_emulator
from tests.support.events import EVENT_TYPES, HttpRequest
from tests.support.processes import REPOSITORY, ProcessStarter
from tests.support.run_ports import free_ports
from tests.support.waf_rules import BLOCKING, write_rules

REST = EVENT_TYPES[0]
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

# What the file has, and what is said of it.
BROKEN = [
    (b"", "it is not JSON: line 1, column 1: Expecting value"),
    (b'{\n  "rules": [\n}', "it is not JSON: line 3, column 1: Expecting value"),
    (b'{"rules": [NaN]}', "it is not JSON: NaN is not a JSON value"),
    (b'{"rules": "\xff"}', "it is not UTF-8: byte 11 is 0xff"),
    (b"[]", "it must be a JSON object with the list `rules`, it is a list"),
    (b"null", "it must be a JSON object with the list `rules`, it is null"),
    (
        json.dumps(BLOCKING[0]).encode(),
        "it has no `rules`, and nothing else that the WAF knows: custom_rules, rules_compat, rules_override, "
        "rules_data, exclusions, exclusion_data, processors, processor_overrides, scanners, actions",
    ),
    (b'{"rules": {}}', "`rules` must be a list, it is an object"),
    (b'{"rules": [true]}', "`rules[0]` must be an object, it is a boolean"),
    (b'{"custom_rules": "all"}', "`custom_rules` must be a list, it is a string"),
    (
        json.dumps({"version": "1.0", "rules": BLOCKING}).encode(),
        '`version` must be "2.1" or a later 2, it is "1.0"',
    ),
    (
        json.dumps({"version": 2.2, "rules": BLOCKING}).encode(),
        '`version` must be "2.1" or a later 2, it is 2.2',
    ),
]


def waf_takes(content: bytes) -> bool:
    """Whether the tracer's WAF can work with this file."""
    try:
        return bool(DDWaf(content, b"", b"").initialized)
    except ValueError:
        return False


def check(file: Path) -> tuple[int, str]:
    """Exit code and output of the check alone."""
    done = subprocess.run(
        [sys.executable, "-I", REPOSITORY / "app/rules_file.py", file],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize(("content", "problem"), BROKEN)
def test_what_the_waf_cannot_take_is_told_in_a_line(tmp_path: Path, content: bytes, problem: str) -> None:
    file = tmp_path / "rules.json"
    file.write_bytes(content)
    assert check(file) == (1, f"DD_APPSEC_RULES is '{file}': {problem}\n")
    assert not waf_takes(content)


def test_a_part_of_the_wrong_type_is_told_though_the_waf_takes_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"rules": BLOCKING, "actions": "block"}))
    assert check(file) == (1, f"DD_APPSEC_RULES is '{file}': `actions` must be a list, it is a string\n")


@pytest.mark.parametrize(
    "rules",
    [
        {"version": "2.1", "rules": BLOCKING},
        {"version": "2.9", "rules": BLOCKING},
        {"rules": BLOCKING},
        # The WAF leaves out the one that it does not understand.
        {"rules": [{"id": "incomplete"}, *BLOCKING]},
        {"custom_rules": BLOCKING},
        {"rules_compat": BLOCKING},
    ],
)
def test_what_the_waf_takes_is_taken(tmp_path: Path, rules: dict[str, Any]) -> None:
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(rules))
    assert check(file) == (0, "")
    assert waf_takes(file.read_bytes())


def test_the_tracers_own_rules_and_an_empty_list_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    write_rules(file)
    assert check(file) == (0, "")
    # Whoever wants no rule gets none.
    file.write_text('{"rules": []}')
    assert check(file) == (0, "")


def test_run_sh_refuses_it_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('{"rules": [}')
    done = subprocess.run(
        [REPOSITORY / "run.sh"],
        env={**os.environ, **free_ports(), "DD_APPSEC_RULES": "broken.json"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    problem = "it is not JSON: line 1, column 12: Expecting value"
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == f"error: DD_APPSEC_RULES is '{tmp_path}/broken.json': {problem}"


@pytest.mark.emulator
def test_the_function_of_the_image_starts_all_the_same(start_process: ProcessStarter, tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_text("rules: []")
    emulator = start_emulator(
        start_process,
        "app.handler.lambda_handler",
        command=[REPOSITORY / "entrypoint.sh", "./app.sh"],
        env={"PATH": PATH, "DD_TRACE_ENABLED": "false", "DD_APPSEC_RULES": str(file)},
    )
    assert REST.response(emulator.invoke(REST.event(HttpRequest(path="/headers")))).status == 200
    assert (
        f"note: DD_APPSEC_RULES is '{file}': it is not JSON: line 1, column 1: Expecting value."
        " The function starts all the same; the tracer takes what it can.\n"
    ) in emulator.process.output
