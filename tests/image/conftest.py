"""A Docker engine, the image built with it, and containers that end with their test."""

from __future__ import annotations

import fcntl
import os
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.image.containers import NAME, ContainerStarter, docker
from tests.support.processes import REPOSITORY

HERE = "tests/image/"
EXTENSION_STAND_IN = "python-lambda-weblog-stand-in:extension"
NO_ENGINE = "there is no Docker engine"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark every test in this folder: all need a Docker engine.

    In one process run those of a module that share a container, and those that build: an engine as old as
    Debian's can end when two builds have steps in common.
    """
    item.add_marker(pytest.mark.docker)
    fixtures = set(getattr(item, "fixturenames", ()))
    if "share_container" in fixtures:
        item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    if fixtures & {"project", "image_name"}:
        item.add_marker(pytest.mark.xdist_group("builds"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly that the containers were not tested, and why."""
    reasons = [
        str(report.longrepr) for report in terminalreporter.stats.get("skipped", []) if HERE in report.nodeid
    ]
    if skipped := [reason for reason in reasons if NO_ENGINE in reason]:
        terminalreporter.section("CONTAINERS NOT TESTED", red=True, bold=True)
        terminalreporter.line(f"{len(skipped)} tests skipped: {skipped[0].partition(NO_ENGINE)[2]}")


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold back the other processes of this test run."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all processes of this test run share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def docker_engine(shared_folder: Path) -> Iterator[None]:
    """An engine answers; one that had to be started is stopped at the end. Else the test is skipped."""
    script = REPOSITORY / "scripts/docker-engine.sh"
    was_started = shared_folder / "engine was started"
    users = None
    with one_at_a_time(shared_folder):
        start = subprocess.run([script, "start"], capture_output=True, text=True)
        if start.returncode:
            pytest.skip(f"{NO_ENGINE}: {start.stderr}")
        if "starting" in start.stderr:
            was_started.touch()
        bases: list[str | Path] = [REPOSITORY / "scripts/docker-bases.sh"]
        if start.stdout:
            os.environ["DOCKER_HOST"] = address = start.stdout.split("=", 1)[1].strip()
            # So that whoever started the engine does not stop it under this one.
            users = (Path(address.removeprefix("unix://")).parent / "users").open("w")
            fcntl.flock(users, fcntl.LOCK_SH)
        else:
            # The true bases can be had. The extension's stand-in is used all the same: it shows its traces.
            os.environ["EXTENSION_IMAGE"] = EXTENSION_STAND_IN
            bases += ["--extension", EXTENSION_STAND_IN]
        run_once(shared_folder / "bases", bases)
    yield
    if users:
        users.close()
    if was_started.exists():
        # Stops it unless another process still uses it, which does the same at its end.
        subprocess.run([script, "stop"], check=True)


def run_once(name: Path, command: Sequence[str | Path]) -> None:
    """Run this command in the first process that comes here, and not again in the others."""
    if name.exists():
        return
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode(errors="replace")
    name.touch()


@pytest.fixture(scope="session")
def image(docker_engine: None, shared_folder: Path) -> None:
    """All variants, and the dev image of each, under a name of the tests' own."""
    with one_at_a_time(shared_folder):
        command: list[str | Path] = [REPOSITORY / "build.sh", "all", "--name", NAME, "--no-suite-tag"]
        run_once(shared_folder / "images", command)


@pytest.fixture
def image_name(image: None) -> Iterator[str]:
    """A name for what the test builds, whose images go with it; the cache keeps what they are made of."""
    name = f"{NAME}-{uuid.uuid4().hex[:8]}"
    yield name
    if images := docker("images", "--format", "{{.Repository}}:{{.Tag}}", name).split():
        docker("rmi", *images)


@pytest.fixture
def start_container(image: None) -> Iterator[ContainerStarter]:
    """A factory of containers that live no longer than the test."""
    starter = ContainerStarter(f"weblog-test-{os.getpid()}")
    yield starter
    starter.remove_all()


@pytest.fixture(scope="module")
def share_container(image: None) -> Iterator[ContainerStarter]:
    """A factory of containers that all tests of a module share."""
    starter = ContainerStarter(f"weblog-shared-{os.getpid()}")
    yield starter
    starter.remove_all()
