"""Fixtures for every test: real processes, which end with the test or the session that started them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from scripts.extension_folder import extension_folder
from tests.support.browser import browser  # noqa: F401 - a fixture
from tests.support.function import EXTENSION, Functions
from tests.support.processes import ProcessStarter
from tests.support.services import Services

# Tests that import the app do it without a tracer: what the tracer sends is tested with a real
# agent, on a function in a process of its own (which gets none of these).
os.environ.update(DD_TRACE_ENABLED="false", DD_INSTRUMENTATION_TELEMETRY_ENABLED="false")

# The files that take longest begin first: at the end no core waits for the one that has such a file left.
LONG = (
    *("run", "comparison", "trace_checks/test_hunt.py", "scripts/test_interruption.py"),
    *("test_contributing.py", "app/events/triggers/test_payloads_that_hurt.py", "event_sources/test_sqs.py"),
    *("trace_view/test_browser.py", "trace_view/test_recorded.py"),
    *("app/web/endpoints/test_messaging.py", "app/web/endpoints/test_databases.py"),
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first."""
    tests = Path(__file__).parent
    long = {path for name in LONG for path in (tests / name, *(tests / name).glob("*.py"))}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture
def start_process(tmp_path: Path) -> Iterator[ProcessStarter]:
    """A factory of processes that live no longer than the test; their logs are in its tmp_path."""
    starter = ProcessStarter(tmp_path)
    yield starter
    starter.stop_all()


@pytest.fixture(scope="session", name="extension_folder")
def shared_extension_folder() -> Iterator[None]:
    """The path by which the tracer knows of an extension: then it sends each trace within the invocation."""
    with ExitStack() as stack:
        try:
            stack.enter_context(extension_folder())
        except OSError as error:
            pytest.skip(f"{EXTENSION} cannot be made, so traces would come some time later: {error.strerror}")
        yield


@pytest.fixture(scope="session")
def functions(tmp_path_factory: pytest.TempPathFactory, extension_folder: None) -> Iterator[Functions]:
    """The functions that the whole session shares, started when a test first asks for one."""
    starter = ProcessStarter(tmp_path_factory.mktemp("functions"))
    yield Functions(starter)
    starter.stop_all()


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The databases, brokers and AWS services of the session, started when a test first asks for one."""
    services = Services(ProcessStarter(tmp_path_factory.mktemp("services")))
    yield services
    services.stop()
