"""The programs that ./run.sh starts: their output, and their orphans."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.processes import ProcessStarter, wait_for

pytestmark = pytest.mark.emulator


def test_the_log_keeps_its_last_line_and_long_ones(start_process: ProcessStarter) -> None:
    script = """
from scripts.programs import Program, ProgramError, Programs
shell = "printf '%300000s' x; echo; printf 'the end'; exit 3"
try:
    with Programs([Program("name", ["/bin/sh", "-c", shell], {}, is_up=lambda: False)]) as running:
        running.wait_until_up()
except ProgramError as error:
    print(error)
"""
    process = start_process([sys.executable, "-c", script])
    assert process.popen.wait(10) == 0
    lines = process.output.splitlines()
    assert lines == [
        f"name    | {'x':>300000}",
        "name    | the end",
        "name has ended; what it said stands above",
    ]


def test_orphans_that_have_ended_are_let_go(start_process: ProcessStarter) -> None:
    # The emulator would wait for them at its end.
    script = """
from scripts.programs import Program, Programs
shell = "(sh -c 'echo the orphan is $$; sleep 0.3' &); exec sleep 60"
with Programs([Program("name", ["/bin/sh", "-c", shell], {}, is_up=lambda: True)]) as running:
    running.wait()
"""
    process = start_process([sys.executable, "-c", script])
    process.wait_for_output("the orphan is ")
    orphan = process.output.split()[-1]
    wait_for(lambda: not Path(f"/proc/{orphan}").exists(), what="the end of the zombie", timeout=10)
