"""The GraphQL server, and what the tracer reports of its queries."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from app.capabilities import graphql as capability
from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES
from tests.support.function import Function

pytest.importorskip("graphene", reason="graphene is not installed; pip install -r requirements-drivers.txt")

REST = EVENT_TYPES[0]
JSON = ("Content-Type", "application/json")
EXTENSIONS = {"int": 1, "float": 1.1, "str": "1", "bool": True, "other": [1, "foo"], "not_captured": "foo"}


def post(document: dict[str, Any]) -> dict[str, Any]:
    """The parts of a request that posts this JSON."""
    return {"method": "POST", "body": json.dumps(document).encode(), "headers": (JSON,)}


def test_a_query_with_variables(handled: Handled) -> None:
    query = "query A { user(id: 3) { id } } query B($id: Int!) { user(id: $id) { id name } }"
    response = handled("/graphql", **post({"query": query, "variables": {"id": 1}, "operationName": "B"}))
    assert (response.status, response.json) == (200, {"data": {"user": {"id": 1, "name": "foo"}}})


def test_a_query_in_the_query_string(handled: Handled) -> None:
    query = "query=query($n:String)%7BuserByName(name:$n)%7Bid%7D%7D&variables=%7B%22n%22:%22bar%22%7D"
    response = handled("/graphql", query=query)
    assert response.json == {"data": {"userByName": [{"id": 2}, {"id": 3}]}}


def test_nobody(handled: Handled) -> None:
    assert handled("/graphql", **post({"query": "{ user(id: 9) { id } }"})).json == {"data": {"user": None}}


def test_opening_a_file(handled: Handled, tmp_path: Path) -> None:
    for path in [tmp_path / "missing", tmp_path]:
        query = f'{{ testInjection(path: "{path}") {{ name }} }}'
        answer = handled("/graphql", **post({"query": query})).json
        assert answer == {"data": {"testInjection": [{"name": "foo"}, {"name": "bar"}, {"name": "bar"}]}}


def test_an_error_with_extensions(handled: Handled) -> None:
    response = handled("/graphql", **post({"query": "{ withError }"}))
    assert response.status == 200
    assert response.json == {"errors": [{"message": "test error", "extensions": EXTENSIONS}]}


@pytest.mark.parametrize("query", ["{", "{ nothing }", "query A { withError } query B { withError }"])
def test_a_query_that_cannot_be_executed(handled: Handled, query: str) -> None:
    response = handled("/graphql", **post({"query": query}))
    assert (response.status, response.json.keys()) == (200, {"errors"})
    (error,) = response.json["errors"]
    assert (bool(error["message"]), error["extensions"]) == (True, {})


def test_no_query(handled: Handled) -> None:
    response = handled("/graphql", **post({}))
    assert (response.status, response.body.startswith(b"argument query is required")) == (400, True)


@pytest.mark.parametrize("variables", ["x", [], 1, "[]"])
def test_variables_that_are_no_object(handled: Handled, variables: object) -> None:
    response = handled("/graphql", **post({"query": "{ withError }", "variables": variables}))
    assert response.status == 400
    assert response.body.startswith(b"argument variables ")


def test_no_package(handled: Handled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "graphene", None)
    capability._schema.cache_clear()
    response = handled("/graphql", **post({"query": "{ withError }"}))
    assert response.status == 501
    assert response.body.startswith(b"the package graphene is not installed")


@pytest.mark.emulator
def test_spans(with_services: Function) -> None:
    _, trace = with_services.request(
        REST, path="/graphql", **post({"query": "query Q { user(id: 1) { name } }"})
    )
    request = trace.one("graphql.request")
    assert request["parent_id"] == trace.one("graphql.graphql")["span_id"]
    for name in ["graphql.parse", "graphql.validate", "graphql.execute"]:
        assert trace.one(name)["parent_id"] == request["span_id"]
    execute = trace.one("graphql.execute")["meta"]
    assert (execute["graphql.operation.type"], execute["graphql.operation.name"]) == ("query", "Q")


@pytest.mark.emulator
def test_an_error_event(with_services: Function) -> None:
    _, trace = with_services.request(REST, path="/graphql", **post({"query": "{ withError }"}))
    span = trace.one("graphql.execute")
    (event,) = json.loads(span["meta"]["events"])
    assert event["name"] == "dd.graphql.query.error"
    attributes = event["attributes"]
    assert (attributes["message"], attributes["path"]) == ("test error", "withError")
    assert attributes["locations"] == ["1:3"]
    reported = {name: value for name, value in attributes.items() if name.startswith("extensions.")}
    assert reported == {
        "extensions.int": 1,
        "extensions.float": 1.1,
        "extensions.str": "1",
        "extensions.bool": True,
        "extensions.other": "[1, 'foo']",
    }
    assert span["error"] == 1
