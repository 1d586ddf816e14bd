"""Fixtures for every test: real processes that end with the test that started them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import ProcessStarter


@pytest.fixture
def start_process(tmp_path: Path) -> Iterator[ProcessStarter]:
    """A factory of processes that live no longer than the test; their logs are in its tmp_path."""
    starter = ProcessStarter(tmp_path)
    yield starter
    starter.stop_all()
