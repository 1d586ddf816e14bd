"""What the tests of ./run.sh share."""

from __future__ import annotations

import pytest

from tests.support.run_ports import free_ports


@pytest.fixture
def ports() -> dict[str, str]:
    """Settings with which run.sh does not collide with what else runs here."""
    return free_ports()
