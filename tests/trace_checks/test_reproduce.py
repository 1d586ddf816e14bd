"""The event of each finding shows that finding and no other; where the tracer is mended, it fails here."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.function import Functions
from tests.support.processes import REPOSITORY
from trace_checks.findings import FINDINGS
from trace_checks.hunt import CANARY, CLEARING
from trace_checks.record import pretty
from trace_checks.reproduce import EVENTS, Reproduction, reproductions

ALL = reproductions()
PAGE = (REPOSITORY / "docs/findings.md").read_text()
WITHOUT_APPSEC = {"DD_APPSEC_ENABLED": "false"}


@pytest.mark.emulator
@pytest.mark.parametrize("one", ALL.values(), ids=ALL)
def test_an_event_shows_its_finding_and_nothing_else(functions: Functions, one: Reproduction) -> None:
    function = functions({**WITHOUT_APPSEC, **one.settings})
    found = one.violations(function.record)
    if not function.agent.traces():
        # Others use this function, too: a whole context begins a trace that the open span is no part of.
        function.record(CLEARING)
        function.traced(CANARY)
    told = [(violation.finding, violation.id, violation.detail) for violation in found]
    assert {violation.finding for violation in found} == {one.finding, *one.also}, told


def test_every_finding_has_an_event_and_a_paragraph_that_names_it() -> None:
    assert {one.finding for one in ALL.values()} == {finding.id for finding in FINDINGS}
    for finding in FINDINGS:
        assert f"### {finding.id}: " in PAGE or f"`{finding.id}`" in PAGE
    for name, one in ALL.items():
        file = f"trace_checks/events/{name}.json"
        section = re.search(rf"^### {one.finding}: .*?(?=^###? |\Z)", PAGE, re.MULTILINE | re.DOTALL)
        assert file in (section[0] if section else PAGE), f"docs/findings.md does not name {file}"
    assert {*re.findall(r"trace_checks/events/([\w.-]+)\.json", PAGE)} == {*ALL}


@pytest.mark.parametrize("name", ALL)
def test_a_file_is_short(name: str) -> None:
    text = (EVENTS / f"{name}.json").read_text()
    assert text.count("\n") < 15
    assert text == pretty(json.loads(text)) + "\n", f"{name}.json is not in the usual form"
