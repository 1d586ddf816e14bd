"""A Docker engine, the image built with it, and containers that end with their test."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image.containers import ContainerStarter
from tests.support.processes import REPOSITORY

HERE = "tests/image/"
EXTENSION_STAND_IN = "python-lambda-weblog-stand-in:extension"
NO_ENGINE = pytest.StashKey[str]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test in this folder: all need a Docker engine."""
    for item in items:
        if item.nodeid.startswith(HERE):
            item.add_marker(pytest.mark.docker)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say loudly that the containers were not tested, and why."""
    if reason := config.stash.get(NO_ENGINE, ""):
        skipped = sum(
            "no Docker engine" in str(report.longrepr) for report in terminalreporter.stats["skipped"]
        )
        terminalreporter.section("CONTAINERS NOT TESTED", red=True, bold=True)
        terminalreporter.line(f"{skipped} tests skipped, because there is no Docker engine:\n{reason}")


@pytest.fixture(scope="session")
def docker_engine(request: pytest.FixtureRequest) -> Iterator[None]:
    """An engine answers; one that had to be started is stopped at the end. Else the test is skipped."""
    script = REPOSITORY / "scripts/docker-engine.sh"
    start = subprocess.run([script, "start"], capture_output=True, text=True)
    if start.returncode:
        request.config.stash[NO_ENGINE] = start.stderr
        pytest.skip("no Docker engine")
    bases = REPOSITORY / "scripts/docker-bases.sh"
    if not start.stdout:
        # The true bases can be had. The extension's stand-in is used all the same: it shows its traces.
        os.environ["EXTENSION_IMAGE"] = EXTENSION_STAND_IN
        subprocess.run([bases, "--extension", EXTENSION_STAND_IN], check=True)
        yield
        return
    os.environ["DOCKER_HOST"] = address = start.stdout.split("=", 1)[1].strip()
    # So that another test run that started the engine does not stop it under this one.
    with (Path(address.removeprefix("unix://")).parent / "users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        subprocess.run([bases], check=True)
        yield
    if "starting" in start.stderr:
        subprocess.run([script, "stop"], check=True)


@pytest.fixture(scope="session")
def image(docker_engine: None) -> None:
    """All variants, and the dev image of each, as ./build.sh makes them."""
    done = subprocess.run([REPOSITORY / "build.sh", "all"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode(errors="replace")


@pytest.fixture
def start_container(image: None, request: pytest.FixtureRequest) -> Iterator[ContainerStarter]:
    """A factory of containers that live no longer than the test."""
    starter = ContainerStarter(f"weblog-test-{os.getpid()}")
    yield starter
    starter.remove_all()
