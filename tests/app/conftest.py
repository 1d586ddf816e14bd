"""Fixtures for the function's tests; whatever takes `event_type` runs once for each of the five types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.events import EVENT_TYPES, EventType, HttpRequest, HttpResponse
from tests.support.processes import ProcessStarter


@pytest.fixture(params=EVENT_TYPES, ids=lambda event_type: event_type.name)
def event_type(request: pytest.FixtureRequest) -> EventType:
    """Each of the five front doors in turn."""
    event_type: EventType = request.param
    return event_type


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory, extension_folder: None) -> Iterator[ProcessStarter]:
    """Processes that serve all tests of a module, and end with it."""
    starter = ProcessStarter(tmp_path_factory.mktemp("function"))
    yield starter
    starter.stop_all()


@pytest.fixture
def client() -> FlaskClient:
    """Flask's own client of the weblog, without Lambda."""
    from app.weblog import create_app

    return create_app().test_client()


class Handled:
    """Calls the handler as awslambdaric would, without the wrapper of datadog_lambda."""

    def __init__(self, event_type: EventType) -> None:
        self.event_type = event_type

    def __call__(self, path: str = "/", **request: Any) -> HttpResponse:
        """The response that a client of this front door gets to the request."""
        from app.handler import lambda_handler

        event = self.event_type.event(HttpRequest(path=path, **request))
        return self.event_type.response(lambda_handler(event, None))  # type: ignore[arg-type]


@pytest.fixture
def handled(event_type: EventType) -> Handled:
    """A client of the handler, for each event type."""
    return Handled(event_type)
