"""Starts ./run.sh and waits for it."""

from __future__ import annotations

from tests.support.processes import REPOSITORY, Process, ProcessStarter


def run(start_process: ProcessStarter, env: dict[str, str], *, timeout: float = 60) -> Process:
    """Start run.sh and wait until it says that it is ready."""
    process = start_process([REPOSITORY / "run.sh"], env=env)
    process.wait_for_output("\nready: ", timeout=timeout)
    return process
