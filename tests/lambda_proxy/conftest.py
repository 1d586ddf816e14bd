"""Fixtures for the lambda proxy's tests; whatever takes `front_door` runs once for each of the five types."""

from __future__ import annotations

import pytest

from lambda_proxy.front_doors import FRONT_DOORS, FrontDoor


@pytest.fixture(params=FRONT_DOORS, ids=lambda front_door: front_door.event_type)
def front_door(request: pytest.FixtureRequest) -> FrontDoor:
    """Each of the five front doors in turn."""
    front_door: FrontDoor = request.param()
    return front_door
