"""scripts/interruption.py: any number of signals at any moment leave no process behind."""

from __future__ import annotations

import itertools
import random
import re
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.processes import Process, ProcessStarter, processes_with, wait_for

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
MARKER = "INTERRUPTED_BY"


def flood(process: Process) -> int:
    """Send signals until the process has ended; its exit code."""
    deadline = time.monotonic() + 90
    for number in itertools.cycle(SIGNALS):
        if not process.is_running():
            return process.popen.returncode
        assert time.monotonic() < deadline, process.output
        process.popen.send_signal(number)
        time.sleep(random.uniform(0, 0.05))
    raise AssertionError


# The program ends with 3 when all that must be done was done. It writes to a file by os.write, because a
# signal may come inside of a print.
PROGRAM = """
import os, sys, time
from scripts.interruption import interruptible, note_signals, uninterrupted
note_signals()
def say(word):
    os.write(1, f"{word}\\n".encode())
say("noting")
time.sleep(0.3)
try:
    with interruptible():
        say("interruptible")
        for _ in range(1000):
            with uninterrupted():
                say("(")
                time.sleep(0.01)
                say(")")
    say("wrong")
except KeyboardInterrupt:
    say("interrupted")
    time.sleep(0.5)
    say("cleared")
    sys.exit(3)
"""


@pytest.mark.parametrize("moment", ["noting", "interruptible", "(", "interrupted"])
def test_a_part_that_is_not_interrupted(start_process: ProcessStarter, moment: str) -> None:
    process = start_process([sys.executable, "-c", PROGRAM])
    if moment == "interrupted":
        process.wait_for_output("interruptible")
        process.popen.send_signal(signal.SIGTERM)
    process.wait_for_output(moment)
    assert flood(process) == 3, process.output
    said = process.output.split()
    assert said[0] == "noting"
    assert said[-2:] == ["interrupted", "cleared"]
    assert said.count("(") == said.count(")")


RUN = """
import sys
from scripts.interruption import interruptible, note_signals, run
note_signals()
try:
    with interruptible():
        run(["bash", "-c", "sleep 100 & echo started; wait; echo wrong"])
except KeyboardInterrupt:
    sys.exit(3)
"""


def test_a_program_ends_with_what_it_started(start_process: ProcessStarter, tmp_path: Path) -> None:
    process = start_process([sys.executable, "-c", RUN], env={MARKER: str(tmp_path)})
    process.wait_for_output("started")
    assert len(processes_with(f"{MARKER}={tmp_path}")) >= 3
    assert flood(process) == 3
    assert processes_with(f"{MARKER}={tmp_path}") == []


def test_what_is_ignored_stays_ignored(start_process: ProcessStarter) -> None:
    process = start_process(["nohup", sys.executable, "-c", PROGRAM])
    process.wait_for_output("interruptible")
    process.popen.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    assert "interrupted" not in process.output
    assert process.stop(signal.SIGINT) == 3


def commands(folder: Path) -> list[str]:
    """The commands of the processes that run."""
    found = []
    for pid in processes_with(f"{MARKER}={folder}"):
        with suppress(OSError):
            found.append(Path(f"/proc/{pid}/cmdline").read_text())
    return found


def a_child(process: Process, folder: Path) -> bool:
    return len(processes_with(f"{MARKER}={folder}")) > 1


def both_agents(process: Process, folder: Path) -> bool:
    return sum("trace_agent" in command for command in commands(folder)) == 2


def the_function(process: Process, folder: Path) -> bool:
    return any("aws-lambda-rie" in command for command in commands(folder))


def the_middle(process: Process, folder: Path) -> bool:
    return re.search(r"appsec .* [1-9]\d*/|D\d+:\d", process.output) is not None


@pytest.mark.emulator
@pytest.mark.parametrize(
    ("command", "moment", "code", "said"),
    [
        ("comparison pinned --only waf,sqs", a_child, 2, "interrupted"),
        ("comparison pinned --only waf,sqs", both_agents, 2, "ended early: interrupted"),
        ("comparison pinned --only waf,sqs", the_function, 2, "ended early: interrupted"),
        ("comparison pinned --only waf,sqs", the_middle, 2, "ended early: interrupted"),
        ("trace_checks hunt", a_child, 0, "interrupted; what was found so far:"),
        ("trace_checks hunt", the_function, 0, "interrupted; what was found so far:"),
        ("trace_checks hunt", the_middle, 0, "interrupted; what was found so far:"),
        ("trace_checks reproduce D1", a_child, 2, "interrupted"),
        ("trace_checks reproduce D1", the_function, 2, "interrupted"),
    ],
)
def test_any_number_of_signals(
    start_process: ProcessStarter,
    tmp_path: Path,
    extension_folder: None,
    command: str,
    moment: Callable[[Process, Path], bool],
    code: int,
    said: str,
) -> None:
    process = start_process(
        [sys.executable, "-m", *command.split()], env={MARKER: str(tmp_path), "STARTED_IN": str(tmp_path)}
    )
    wait_for(lambda: moment(process, tmp_path), what=moment.__name__, timeout=120)
    assert flood(process) == code, process.output
    assert said in process.output
    assert "Traceback" not in process.output
    assert processes_with(f"{MARKER}={tmp_path}") == []
    if "ended early" in said:
        assert (tmp_path / "comparison-report/report.html").exists()
