"""The system with a trace view, once for all tests of the view's API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.processes import ProcessStarter
from tests.trace_view.system import System, start_system


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory, extension_folder: None) -> Iterator[System]:
    """View, trace agent, function and lambda proxy."""
    starter = ProcessStarter(tmp_path_factory.mktemp("recorded"))
    yield start_system(starter)
    starter.stop_all()
