"""docs/events.md lists every rule once, and says of each what the tests say."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.processes import REPOSITORY

ROW = re.compile(r"\| R(\d+) \| .+ \| (holds|not applicable|untestable) \|")


def rows() -> list[tuple[int, str]]:
    page = (REPOSITORY / "docs/events.md").read_text()
    return [(int(number), state) for number, state in ROW.findall(page)]


def named_rules() -> set[int]:
    """The rules that tests name: `test_r14_r15_...` names two."""
    names = [
        match
        for folder in ("lambda_proxy", "invoke_api")
        for path in Path(__file__).parents[1].glob(f"{folder}/test_*.py")
        for match in re.findall(r"^def test_((?:r\d+_)+)", path.read_text(), re.MULTILINE)
    ]
    return {int(number) for name in names for number in re.findall(r"\d+", name)}


def test_every_rule_has_a_row() -> None:
    assert [number for number, _ in rows()] == list(range(1, 109))


def test_rules_that_hold_are_those_with_a_test() -> None:
    assert {number for number, state in rows() if state == "holds"} == named_rules()
