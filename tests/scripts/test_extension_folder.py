"""The folder that stands for an extension: shared by several runs, removed by the last one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts.extension_folder import MARK, extension_folder
from tests.support.processes import Process, ProcessStarter

# Holds the folder until it is ended, or does so again and again for as many times.
HOLD = """
import signal, sys
from pathlib import Path
from scripts.extension_folder import extension_folder
folder = Path(sys.argv[1])
for _ in range(int(sys.argv[2])):
    with extension_folder(folder):
        assert folder.is_dir()
        if sys.argv[2] == "1":
            print("holding", flush=True)
            signal.sigwait([signal.SIGTERM])
        assert folder.is_dir()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "opt/extensions/datadog-agent"


def hold(start_process: ProcessStarter, folder: Path, *, times: int = 1) -> Process:
    process = start_process(
        [
            sys.executable,
            "-c",
            "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\n" + HOLD,
            folder,
            str(times),
        ]
    )
    if times == 1:
        process.wait_for_output("holding")
    return process


def test_it_is_there_and_then_gone(folder: Path) -> None:
    with extension_folder(folder):
        assert folder.is_dir()
    assert not folder.parent.exists()
    assert not list(folder.parent.parent.iterdir())


def test_the_last_one_removes_it(start_process: ProcessStarter, folder: Path) -> None:
    first, second = hold(start_process, folder), hold(start_process, folder)
    assert first.stop() == 0
    assert folder.exists()
    assert second.stop() == 0
    assert not folder.exists()


def test_one_that_was_killed_does_not_keep_it(start_process: ProcessStarter, folder: Path) -> None:
    hold(start_process, folder).kill()
    assert folder.exists()
    with extension_folder(folder):
        assert folder.exists()
    assert not folder.exists()


def test_nobody_loses_it_while_others_come_and_go(start_process: ProcessStarter, folder: Path) -> None:
    processes = [hold(start_process, folder, times=300) for _ in range(4)]
    for process in processes:
        assert process.popen.wait(60) == 0, process.output
    assert not folder.exists()


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_somebody_else_made_stays(folder: Path, kind: str) -> None:
    folder.parent.mkdir(parents=True)
    if kind == "folder":
        folder.mkdir()
    else:
        folder.touch()
    with extension_folder(folder):
        assert not (folder / MARK).exists()
    assert folder.exists()


def test_where_it_cannot_be_made(folder: Path) -> None:
    folder.parents[1].mkdir()
    folder.parent.touch()
    with pytest.raises(OSError, match=str(folder.parent)), extension_folder(folder):
        pass
    assert list(folder.parents[1].iterdir()) == [folder.parent]
