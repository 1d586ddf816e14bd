"""The endpoints that change something that the tracer's telemetry then reports."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES
from tests.support.function import Function, Functions, Trace
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
        ],
    )
    def test_a_change(self, functions: Functions, path: str, kind: str, group: str, name: str) -> None:
        function = functions(DD_TELEMETRY_HEARTBEAT_INTERVAL="1")
        response, trace = function.request(REST, path=path)
        assert response.status == 200
        session = session_of(trace)

        def is_reported() -> bool:
            # A list of objects with names, or of names.
            return any(
                (item if isinstance(item, str) else item["name"]) == name
                for items in changes(function, session, kind, group)
                for item in items
            )

        wait_for(is_reported, what=f"{kind} of {name}")

    def test_a_product_is_on_and_off_again(self, functions: Functions) -> None:
        # A function of its own: a product that is switched on a second time is not told again.
        function = functions(DD_TELEMETRY_HEARTBEAT_INTERVAL="5")
        _, trace = function.request(REST, path="/")
        session = session_of(trace)
        # What happened since the last heartbeat is told with the next one, joined. A heartbeat between on and
        # off would make it a matter of time how much is told; right after one, none comes for five seconds.
        wait_for(partial(heartbeats, function, session), what="a heartbeat")
        response, _ = function.request(REST, path="/enable_product")
        assert response.status == 200
        told = wait_for(
            partial(changes, function, session, "app-product-change", "products"), what="a change"
        )
        assert [{name: product["enabled"] for name, product in one.items()} for one in told] == [
            {"mlobs": False}
        ]
        response, trace = function.request(REST, path="/waf")
        assert response.status == 200
        assert not [tag for span in trace.spans for tag in span["meta"] if "llmobs" in tag]


def session_of(trace: Trace) -> str:
    """The process that sent this trace, as its telemetry names it."""
    session: str = next(span["meta"]["runtime-id"] for span in trace.spans if "runtime-id" in span["meta"])
    return session


def changes(function: Function, session: str, kind: str, group: str) -> list[Any]:
    """What the messages of this kind have told of this group."""
    return [
        message.payload[group]
        for message in function.agent.telemetry()
        if (message.kind, message.session) == (kind, session)
    ]


def heartbeats(function: Function, session: str) -> int:
    """How many heartbeats came since the last request."""
    return [(message.kind, message.session) for message in function.agent.telemetry()].count(
        ("app-heartbeat", session)
    )
