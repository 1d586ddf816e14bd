"""GraphQL: a server of three users, one field of which fails.

The package `graphene` is optional; without it the endpoint answers 501.
"""

from __future__ import annotations

import json

from flask import Blueprint, Response

from app.capabilities import graphql as capability
from app.web.inputs import argument, optional, required
from app.web.responses import bad_request, json_document

bp = Blueprint("graphql", __name__)


@bp.route("/graphql", methods=["GET", "POST"])
def graphql() -> Response:
    """Execute a GraphQL query.

    The schema: `user(id: Int!)`, `userByName(name: String)` and `testInjection(path: String)`, which
    give users with `id` and `name`; the last one opens the file `path`; and `withError`, which fails.

    Argument: `query`, required; `variables`, an object (in the query string or a form: as JSON);
    `operationName`.

    200: JSON, `{"data"}`, or `{"errors": [{"message", "extensions"}]}`.
    400: no `query`, or `variables` that are not an object.
    501: `text/plain`, the package that is missing.
    Span: `graphql.request`, `graphql.parse`, `graphql.validate`, `graphql.execute`, and
    `graphql.resolve` with `DD_TRACE_GRAPHQL_RESOLVERS_ENABLED`; an event
    `dd.graphql.query.error` for each error, with the extensions that
    `DD_TRACE_GRAPHQL_ERROR_EXTENSIONS` names.
    """
    return json_document(
        capability.execute(required("query"), variables(), optional("operationName") or None)
    )


def variables() -> dict[str, object]:
    """The argument `variables`: an object, or the JSON of one."""
    value = argument("variables")
    if value is None:
        return {}
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise bad_request(f"argument variables is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise bad_request("argument variables must be an object")
    return value
