"""The setting `blocking` of the comparison: its requests meet the rules of docs/blocking-rules.json."""

from __future__ import annotations

import pytest

from comparison.work import groups
from tests.support.function import Functions


@pytest.mark.emulator
def test_its_requests_are_blocked(functions: Functions) -> None:
    (group,) = (group for group in groups() if group.setting.name == "blocking")
    function = functions(group.setting.environment)
    statuses = {
        item.name: function.invoke(item.event)["statusCode"]
        for item in group.items
        if "apigw-rest" in item.names
    }
    # The header, the redirect and the response's status; all others pass.
    assert {name: status for name, status in statuses.items() if status in (303, 403)} == {
        "GET /waf (2) via apigw-rest": 403,
        "GET /waf (3) via apigw-rest": 303,
        "GET /status (4) via apigw-rest": 403,
    }
    assert set(statuses.values()) == {200, 303, 403, 404, 503}
