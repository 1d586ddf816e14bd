"""The endpoints that change something that the tracer's telemetry then reports."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES
from tests.support.function import Functions
from tests.support.processes import wait_for

REST = EVENT_TYPES[0]


@pytest.mark.parametrize(
    ("path", "text"), [("/load_dependency", b"Loaded a dependency"), ("/enable_integration", b"OK")]
)
def test_an_answer(handled: Handled, path: str, text: bytes) -> None:
    for _ in range(2):
        response = handled(path)
        assert (response.status, response.body) == (200, text)
        assert response.headers["content-type"] == ["text/plain"]


@pytest.mark.emulator
class TestTelemetry:
    """What the tracer told of itself after a REST event."""

    @pytest.mark.parametrize(
        ("path", "kind", "group", "name"),
        [
            ("/load_dependency", "app-dependencies-loaded", "dependencies", "datadog"),
            ("/enable_integration", "app-integrations-change", "integrations", "sqlite3"),
            ("/enable_product", "app-product-change", "products", "mlobs"),
        ],
    )
    def test_a_change(self, functions: Functions, path: str, kind: str, group: str, name: str) -> None:
        function = functions(DD_TELEMETRY_HEARTBEAT_INTERVAL="1")
        response, trace = function.request(REST, path=path)
        assert response.status == 200
        session = next(span["meta"]["runtime-id"] for span in trace.spans if "runtime-id" in span["meta"])

        def is_reported() -> bool:
            messages: list[Any] = [
                message.payload[group]
                for message in function.agent.telemetry()
                if (message.kind, message.session) == (kind, session)
            ]
            # A list of objects with names, or an object by names.
            return any(
                (item if isinstance(item, str) else item["name"]) == name
                for items in messages
                for item in items
            )

        wait_for(is_reported, what=f"{kind} of {name}")

    def test_a_product_is_off_again(self, functions: Functions) -> None:
        function = functions(DD_TELEMETRY_HEARTBEAT_INTERVAL="1")
        function.request(REST, path="/enable_product")
        response, trace = function.request(REST, path="/waf")
        assert response.status == 200
        assert not [tag for span in trace.spans for tag in span["meta"] if "llmobs" in tag]
