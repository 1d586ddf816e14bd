"""docs/events.md has a row for each rule, and each row names tests that can show it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache

from tests.support.processes import REPOSITORY

LAST_RULE = 117
ROW = re.compile(r"^\| R(\d+) \| .+ \| (.+) \|$", re.MULTILINE)
WITHOUT_TEST = {"not applicable", "not yet", "untestable"}
# Where tests cite rules.
FOLDERS = ("tests/lambda_proxy", "tests/invoke_api")


def rows() -> list[tuple[int, str]]:
    """The number of each rule and its last column, in the page's order."""
    page = (REPOSITORY / "docs/events.md").read_text()
    return [(int(number), shown_by) for number, shown_by in ROW.findall(page)]


def named_tests() -> dict[int, set[str]]:
    """The tests that the page names for each rule that has any."""
    return {
        number: set(re.findall(r"`(\w+)`", shown_by))
        for number, shown_by in rows()
        if shown_by not in WITHOUT_TEST
    }


def rules_of(test: str) -> set[int]:
    """The rules in a test's name: `test_r14_r15_...` has two."""
    cited = re.match(r"test_((?:r\d+_)*)", test)
    return {int(number) for number in re.findall(r"\d+", cited[1] if cited else "")}


@cache
def collected() -> frozenset[str]:
    """The names of the tests that pytest would run."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *FOLDERS]
    listing = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    return frozenset(re.findall(r"::(test_\w+)", listing))


@cache
def functions() -> dict[str, list[ast.FunctionDef]]:
    """The test functions by their names."""
    found: dict[str, list[ast.FunctionDef]] = {}
    for folder in FOLDERS:
        for path in (REPOSITORY / folder).glob("test_*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                    found.setdefault(node.name, []).append(node)
    return found


def asserts(function: ast.FunctionDef) -> bool:
    """Whether the test checks anything: by an assertion, an expected error or a helper `assert_...`."""
    if any("skip" in ast.unparse(mark) or "xfail" in ast.unparse(mark) for mark in function.decorator_list):
        return False
    calls = [ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)]
    return any(isinstance(node, ast.Assert) for node in ast.walk(function)) or any(
        call == "pytest.raises" or call.startswith("assert_") for call in calls
    )


def test_every_rule_has_a_row() -> None:
    assert [number for number, _ in rows()] == list(range(1, LAST_RULE + 1))


def test_every_row_names_tests_or_says_why_not() -> None:
    assert {number for number, names in named_tests().items() if not names} == set()


def test_the_named_tests_are_run_and_assert_something() -> None:
    named = {name for names in named_tests().values() for name in names}
    assert named - collected() == set()
    assert {name for name in named if not all(map(asserts, functions()[name]))} == set()


def test_the_named_tests_cite_the_rule() -> None:
    wrong = {
        number: {name for name in names if number not in rules_of(name)}
        for number, names in named_tests().items()
    }
    assert {number: names for number, names in wrong.items() if names} == {}


def test_every_rule_that_a_test_cites_names_a_test() -> None:
    assert {rule for name in collected() for rule in rules_of(name)} - named_tests().keys() == set()
