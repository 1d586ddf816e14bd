"""docs/blocking-rules.json blocks what the README says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.events import EVENT_TYPES
from tests.support.function import APPSEC, Function, Functions
from tests.support.processes import REPOSITORY

pytestmark = pytest.mark.emulator

REST = EVENT_TYPES[0]


@pytest.fixture
def function(functions: Functions) -> Function:
    return functions(APPSEC, DD_APPSEC_RULES=str(REPOSITORY / "docs/blocking-rules.json"))


@pytest.mark.parametrize(
    ("request_", "status", "rule"),
    [
        ({"path": "/headers", "headers": [("User-Agent", "BlockMe/v1")]}, 403, "sample-header"),
        ({"path": "/headers", "query": "q=block-me"}, 403, "sample-query"),
        ({"path": "/headers", "query": "q=redirect-me"}, 303, "sample-redirect"),
        (
            {
                "method": "POST",
                "path": "/waf",
                "headers": [("Content-Type", "application/json")],
                "body": b'{"q": "block-me"}',
            },
            418,
            "sample-body",
        ),
        ({"path": "/users", "query": "user=blocked-user"}, 403, "sample-user"),
        ({"path": "/status", "query": "code=410"}, 403, "sample-response"),
    ],
)
def test_a_rule(function: Function, request_: dict[str, Any], status: int, rule: str) -> None:
    response, trace = function.request(REST, **request_)
    assert (response.status, trace.rules) == (status, {rule})
    assert trace.meta["appsec.blocked"] == "true"
    if status == 303:
        assert response.headers["location"] == ["/login"]


def test_other_requests_pass(function: Function) -> None:
    response, trace = function.request(REST, path="/headers")
    assert (response.status, trace.rules) == (200, set())
