"""The page of findings: it has every defect of the tracer, and its events are answered as it says."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest

from tests.support.function import APPSEC, Functions, start_function
from tests.support.processes import REPOSITORY, ProcessStarter

PAGE = (REPOSITORY / "docs/findings.md").read_text()
DEFECTS = PAGE.partition("## Tracer defects\n")[2]


def test_every_defect_has_its_paragraph_and_a_way_to_reproduce_it() -> None:
    sections = re.split(r"^### ", DEFECTS, flags=re.MULTILINE)[1:]
    assert [section.partition(":")[0] for section in sections] == [f"D{number}" for number in range(1, 19)]
    for section in sections:
        assert "```console\n$ " in section, section


def payloads() -> list[str]:
    """What the page's commands send to the Invoke API."""
    commands = re.findall(r"^\$ curl \$INVOKE (-d .*)$", DEFECTS, re.MULTILINE)
    return [shlex.split(command.replace("'$DATA'", "YQ=="))[1] for command in commands]


@pytest.mark.emulator
def test_the_events_of_the_page_are_known(start_process: ProcessStarter, functions: Functions) -> None:
    # A function of its own: some of these events spoil whatever comes after them.
    function = start_function(start_process, env=APPSEC, agent=functions.agent)
    assert len(payloads()) > 15
    for payload in payloads():
        if "seconds" in payload:
            continue
        name = payload.removeprefix("@")
        sent = (REPOSITORY / name).read_text() if payload.startswith("@") else payload
        result: Any = function.post(sent.encode()).json()
        assert "errorType" not in result, (payload, result)
