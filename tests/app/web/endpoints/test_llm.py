"""OpenAI's client, against a small OpenAI of the tests' own."""

from __future__ import annotations

import sys

import pytest
from flask.testing import FlaskClient

from app.capabilities.llm import OPERATIONS
from scripts.internal_server import InternalServer
from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES
from tests.support.function import Function

pytest.importorskip("openai", reason="openai is not installed; pip install -r requirements-drivers.txt")

REST = EVENT_TYPES[0]
MODEL = "gpt-4.1"


def test_the_operations() -> None:
    assert OPERATIONS == (
        "openai-latest-responses.create",
        "openai-latest-chat.completions.create",
        "openai-latest-completions.create",
        "openai-async-responses.create",
        "openai-async-chat.completions.create",
        "openai-async-completions.create",
    )


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation(services_client: FlaskClient, internal_server: InternalServer, operation: str) -> None:
    response = services_client.get("/llm", query_string={"model": MODEL, "operation": operation})
    assert response.status_code == 200
    assert response.get_json() == {"model": MODEL, "operation": operation}
    assert internal_server.seen[-1].json["model"] == MODEL


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("operation=openai-latest-responses.create", "argument model is required"),
        (f"model={MODEL}", "argument operation is required"),
        (f"model={MODEL}&operation=x", "argument operation must be one of openai-latest-responses.create, "),
    ],
)
def test_a_wrong_argument(handled: Handled, query: str, problem: str) -> None:
    response = handled("/llm", query=query)
    assert response.status == 400
    assert response.body.decode().startswith(problem)


@pytest.mark.parametrize("operation", OPERATIONS[::3])
def test_no_openai(handled: Handled, operation: str) -> None:
    response = handled("/llm", query=f"model={MODEL}&operation={operation}")
    assert (response.status, response.json) == (500, {"error": "APIConnectionError: Connection error."})


def test_no_package(handled: Handled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    response = handled("/llm", query=f"model={MODEL}&operation={OPERATIONS[0]}")
    assert response.status == 501
    assert response.body.startswith(b"the package openai is not installed")


@pytest.mark.emulator
@pytest.mark.parametrize("operation", OPERATIONS)
def test_spans(with_services: Function, operation: str) -> None:
    response, trace = with_services.request(REST, path="/llm", query=f"model={MODEL}&operation={operation}")
    assert response.status == 200
    assert trace.meta["appsec.events.llm.call.provider"] == "openai"
    assert trace.meta["appsec.events.llm.call.model"] == MODEL
    assert trace.spans[0]["metrics"]["_sampling_priority_v1"] == 2
    assert trace.one("openai.request")["meta"]["openai.request.model"] == MODEL


@pytest.mark.emulator
def test_no_tags_of_other_requests(with_services: Function) -> None:
    _, trace = with_services.request(REST, path="/")
    assert not [tag for tag in trace.meta if tag.startswith("appsec.events.llm")]
