"""A Docker engine, the image built with it, and containers that end with their test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.image.containers import ContainerStarter
from tests.support.processes import REPOSITORY

HERE = "tests/image/"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies here needs a Docker engine."""
    for item in items:
        if item.nodeid.startswith(HERE):
            item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[None]:
    """An engine answers; one that had to be started is stopped at the end. Else the test is skipped."""
    script = REPOSITORY / "scripts/docker-engine.sh"
    start = subprocess.run([script, "start"], capture_output=True, text=True)
    if start.returncode:
        pytest.skip(f"NO CONTAINER TESTS: {start.stderr.strip()}")
    if not start.stdout:
        yield
        return
    os.environ["DOCKER_HOST"] = start.stdout.split("=", 1)[1].strip()
    subprocess.run([REPOSITORY / "scripts/docker-bases.sh"], check=True)
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
