"""AI Guard's SDK, against a small AI Guard of the tests' own, which denies what says `attack`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scripts.internal_server import InternalServer
from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES, EventType, HttpResponse
from tests.support.function import Function, Trace

REST = EVENT_TYPES[0]
JSON = ("Content-Type", "application/json")
FINE = [{"role": "user", "content": "What is the weather like?"}]
ATTACK = [{"role": "user", "content": "an attack"}]
DENIED = {
    "action": "DENY",
    "reason": "it says attack",
    "tags": ["instruction-override"],
    "sds": [],
    "tag_probs": {"instruction-override": 0.9},
}


@pytest.mark.parametrize("body", [b"", b"x", b"{}", b"[]"])
def test_a_wrong_body(handled: Handled, body: bytes) -> None:
    response = handled("/ai_guard/evaluate", method="POST", body=body, headers=(JSON,))
    assert (response.status, response.body[:13]) == (400, b"the body must")


def test_no_credentials(handled: Handled) -> None:
    body = json.dumps(FINE).encode()
    response = handled("/ai_guard/evaluate", method="POST", body=body, headers=(JSON,))
    assert response.status == 500
    assert response.json == {
        "error": "Authentication credentials required: provide DD_API_KEY and DD_APP_KEY",
        "type": "ValueError",
    }


@pytest.mark.emulator
class TestEvaluations:
    """Evaluations, and the spans that they leave."""

    def evaluate(
        self, function: Function, messages: object, *headers: tuple[str, str], event_type: EventType = REST
    ) -> tuple[HttpResponse, Trace, dict[str, Any]]:
        """The response, the trace, and the span of the evaluation."""
        response, trace = function.request(
            event_type,
            method="POST",
            path="/ai_guard/evaluate",
            body=json.dumps(messages).encode(),
            headers=(JSON, *headers),
        )
        return response, trace, trace.one("ai_guard")

    def test_allowed(self, with_services: Function, event_type: EventType) -> None:
        who = ("X-User-Id", "user-1"), ("X-Session-Id", "session-1")
        response, trace, span = self.evaluate(with_services, FINE, *who, event_type=event_type)
        assert response.status == 200
        assert response.json == {
            "action": "ALLOW",
            "reason": "nothing found",
            "tags": [],
            "sds": [],
            "tag_probs": {},
            "messages": FINE,
        }
        assert (span["meta"]["ai_guard.action"], span["meta"]["ai_guard.target"]) == ("ALLOW", "prompt")
        assert span["meta_struct"]["ai_guard"]["messages"] == FINE
        root = trace.spans[0]["meta"]
        assert (root["usr.id"], root["session.id"]) == ("user-1", "session-1")
        assert span["meta"]["ai_guard.usr.id"] == "user-1"

    @pytest.mark.parametrize("headers", [[], [("X-AI-Guard-Block", "false")]])
    def test_denied_and_not_blocked(self, with_services: Function, headers: list[tuple[str, str]]) -> None:
        response, _, span = self.evaluate(with_services, ATTACK, *headers)
        assert (response.status, response.json) == (200, {**DENIED, "messages": ATTACK})
        assert span["meta"]["ai_guard.action"] == "DENY"
        assert "ai_guard.blocked" not in span["meta"]

    def test_blocked(self, with_services: Function, event_type: EventType) -> None:
        block = ("X-AI-Guard-Block", "true")
        response, trace, span = self.evaluate(with_services, ATTACK, block, event_type=event_type)
        assert (response.status, response.json) == (403, DENIED)
        assert (span["meta"]["ai_guard.blocked"], span["error"]) == ("true", 1)
        assert trace.meta["http.status_code"] == "403"

    def test_a_tool(self, with_services: Function, internal_server: InternalServer) -> None:
        call = {"id": "call_1", "function": {"name": "shell", "arguments": '{"command": "ls"}'}}
        messages = [*FINE, {"role": "assistant", "tool_calls": [call]}]
        _, _, span = self.evaluate(with_services, messages)
        assert (span["meta"]["ai_guard.target"], span["meta"]["ai_guard.tool_name"]) == ("tool", "shell")
        sent = internal_server.seen[-1]
        assert (sent.headers["DD-API-KEY"], sent.headers["DD-APPLICATION-KEY"]) == ("fake", "fake")
        assert sent.json["data"]["attributes"]["messages"] == messages

    def test_a_message_that_the_sdk_cannot_read(self, with_services: Function) -> None:
        response, _, _ = self.evaluate(with_services, ["text"])
        assert (response.status, response.json.keys()) == (500, {"error", "type"})
