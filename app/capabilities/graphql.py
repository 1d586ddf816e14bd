"""A small GraphQL server: three users, and a field that fails.

The package is optional: without it the function raises MissingPackage.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.clients.packages import import_package

if TYPE_CHECKING:
    from graphene import Schema

_USERS = [{"id": 1, "name": "foo"}, {"id": 2, "name": "bar"}, {"id": 3, "name": "bar"}]

# A value of each type, to see which of them the tracer reports.
_EXTENSIONS = {"int": 1, "float": 1.1, "str": "1", "bool": True, "other": [1, "foo"], "not_captured": "foo"}


def execute(query: str, variables: Mapping[str, object], operation: str | None) -> dict[str, Any]:
    """Execute the query: `{"data": ...}`, or `{"errors": [{"message", "extensions"}]}`."""
    result = _schema().execute(query, variable_values=dict(variables), operation_name=operation)
    if not result.errors:
        return {"data": result.data}
    return {"errors": [{"message": error.message, "extensions": error.extensions} for error in result.errors]}


@cache
def _schema() -> Schema:
    graphene = import_package("graphene", "graphene")
    from graphql import GraphQLError

    user = type("User", (graphene.ObjectType,), {"id": graphene.Int(), "name": graphene.String()})

    def resolve_user(parent: None, info: object, id: int) -> object:  # noqa: A002 - the argument's name
        return next((user for user in _USERS if user["id"] == id), None)

    def resolve_user_by_name(parent: None, info: object, name: str | None = None) -> object:
        return [user for user in _USERS if user["name"] == name]

    def resolve_test_injection(parent: None, info: object, path: str | None = None) -> object:
        # Opens what the client names, on purpose, for the WAF to see.
        with suppress(OSError, ValueError):
            Path(path or "").read_bytes()
        return _USERS

    def resolve_with_error(parent: None, info: object) -> object:
        raise GraphQLError("test error", extensions=_EXTENSIONS)

    fields = {
        "user": graphene.Field(user, id=graphene.Int(required=True), resolver=resolve_user),
        "user_by_name": graphene.List(user, name=graphene.String(), resolver=resolve_user_by_name),
        "test_injection": graphene.List(user, path=graphene.String(), resolver=resolve_test_injection),
        "with_error": graphene.ID(resolver=resolve_with_error),
    }
    return graphene.Schema(query=type("Query", (graphene.ObjectType,), fields))
