"""Fixtures for the function's tests; a test that takes `event_type` runs once for each of the five types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ddtrace.trace import tracer
from flask.testing import FlaskClient

from app.events import Weblog, recognise
from app.events.http.base import HttpEvent
from app.settings import Settings
from scripts.internal_server import InternalServer
from tests.support.events import EVENT_TYPES, EventType, HttpRequest, HttpResponse, Json
from tests.support.function import Function, Functions
from tests.support.services import Services

# ddtrace's own pytest plugin has imported it before tests/conftest.py could turn it off.
tracer.enabled = False


@pytest.fixture(params=EVENT_TYPES, ids=lambda event_type: event_type.name)
def event_type(request: pytest.FixtureRequest) -> EventType:
    """Each of the five front doors in turn."""
    event_type: EventType = request.param
    return event_type


@pytest.fixture
def client() -> FlaskClient:
    """Flask's own client of the weblog, without Lambda."""
    return make_client(Settings())


@pytest.fixture(scope="session")
def internal_server() -> Iterator[InternalServer]:
    """The services of a test scenario: the HTTP mirror, Stripe, OpenAI, AI Guard."""
    server = InternalServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def services_client(internal_server: InternalServer) -> FlaskClient:
    """Flask's own client of a weblog that finds the services of a scenario."""
    return make_client(Settings.from_environment({"INTERNAL_SERVER_URL": internal_server.url}))


@pytest.fixture
def with_services(functions: Functions, internal_server: InternalServer) -> Function:
    """A function that finds the services of a scenario, with AppSec and the features that need a setting."""
    return functions(
        INTERNAL_SERVER_URL=internal_server.url,
        DD_TRACE_INFERRED_PROXY_SERVICES_ENABLED="true",
        DD_DATA_STREAMS_ENABLED="true",
        DD_AI_GUARD_ENABLED="true",
        DD_AI_GUARD_ENDPOINT=f"{internal_server.url}/aiguard",
        DD_API_KEY="fake",
        DD_APP_KEY="fake",
        DD_TRACE_GRAPHQL_ERROR_EXTENSIONS="int,float,str,bool,other",
    )


def make_client(settings: Settings) -> FlaskClient:
    """Flask's own client of a weblog with these settings."""
    from app.web.factory import create_app

    return create_app(settings).test_client()


class Handled:
    """Calls the handler as awslambdaric would, without the wrapper of datadog_lambda."""

    def __init__(self, event_type: EventType) -> None:
        self.event_type = event_type

    def __call__(self, path: str = "/", **request: Any) -> HttpResponse:
        """The response that a client of this front door gets to the request."""
        from app.handler import lambda_handler

        event = self.event_type.event(HttpRequest(path=path, **request))
        return self.event_type.response(lambda_handler(event, None))


@pytest.fixture
def handled(event_type: EventType) -> Handled:
    """A client of the handler, for each event type."""
    return Handled(event_type)


def answered_by(app: Any, event: Json) -> Any:
    """The result that the event's own type makes of the response of this WSGI app."""
    return recognise(event).answer(Weblog(Settings(), app), None)


def http_event(event: Json) -> HttpEvent:
    """The event in the class of its HTTP type."""
    found = recognise(event)
    assert isinstance(found, HttpEvent), f"{found.title} is not an HTTP type"
    return found


@pytest.fixture
def served(functions: Functions, services: Services) -> Function:
    """The function that finds all services, with what the tracer has for databases and messages on."""
    return functions(
        {
            **services.settings,
            "DD_APPSEC_ENABLED": "true",
            "DD_DBM_PROPAGATION_MODE": "full",
            "DD_DATA_STREAMS_ENABLED": "true",
            "DD_KAFKA_PROPAGATION_ENABLED": "true",
            "DD_BOTOCORE_PROPAGATION_ENABLED": "true",
            # What Data Streams has counted is sent this often, in seconds.
            "_DD_TRACE_STATS_WRITER_INTERVAL": "1",
        }
    )
