"""Checkpoints of data streams: what the endpoints answer, and what arrives at the trace agent."""

from __future__ import annotations

import json
import struct
from base64 import b64decode
from urllib.parse import quote

import pytest

from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES, EventType
from tests.support.function import Function

REST = EVENT_TYPES[0]
PATHWAY = "dd-pathway-ctx-base64"

COMPLETE = {
    "/dsm/manual/produce": "type=kafka&target=queue",
    "/dsm/manual/produce_with_thread": "type=kafka&target=queue",
    "/dsm/manual/consume": "type=kafka&source=queue",
    "/dsm/manual/consume_with_thread": "type=kafka&source=queue",
    "/dsm/inject": "topic=queue&integration=kafka",
    "/dsm/extract": "topic=queue&integration=kafka&ctx=%7B%7D",
}


def hash_of(pathway: str) -> int:
    """The hash of an encoded pathway, by which the next checkpoint finds it."""
    (found,) = struct.unpack("<Q", b64decode(pathway)[:8])
    assert isinstance(found, int)
    return found


@pytest.mark.parametrize("path", COMPLETE)
def test_data_streams_off(handled: Handled, path: str) -> None:
    response = handled(path, query=COMPLETE[path], headers=(("_datadog", "{}"),))
    assert response.status == 501
    assert response.body == b"Data Streams Monitoring is off; set DD_DATA_STREAMS_ENABLED=true\n"


@pytest.mark.parametrize("path", COMPLETE)
def test_a_missing_argument(handled: Handled, path: str) -> None:
    pairs = COMPLETE[path].split("&")
    for missing in pairs:
        query = "&".join(pair for pair in pairs if pair != missing)
        response = handled(path, query=query, headers=(("_datadog", "{}"),))
        name = missing.partition("=")[0]
        assert (response.status, response.body.decode().split(" is required")[0]) == (400, f"argument {name}")


@pytest.mark.parametrize("text", ["", "x", "[]", '{"a": 1}'])
def test_a_context_that_is_no_object_of_strings(handled: Handled, text: str) -> None:
    headers = (("_datadog", text),)
    for path in ["/dsm/manual/consume", "/dsm/manual/consume_with_thread"]:
        response = handled(path, query=COMPLETE[path], headers=headers)
        assert response.status == 400
        assert response.body == b"header _datadog is required: a JSON object of strings\n"
    response = handled("/dsm/extract", query=f"topic=queue&integration=kafka&ctx={quote(text)}")
    assert response.status == 400
    assert response.body.startswith(b"argument ctx is required: a JSON object of strings")


@pytest.mark.emulator
class TestCheckpoints:
    """What arrives at the trace agent within the invocation."""

    def one(self, function: Function) -> dict[str, object]:
        """The only checkpoint that the agent got."""
        (checkpoint,) = function.agent.checkpoints()
        return {name: checkpoint[name] for name in ("EdgeTags", "Hash", "ParentHash")}

    @pytest.mark.parametrize("thread", ["", "_with_thread"])
    def test_by_hand(self, with_services: Function, event_type: EventType, thread: str) -> None:
        produced, _ = with_services.request(
            event_type, path=f"/dsm/manual/produce{thread}", query="type=kafka&target=queue"
        )
        (pathway,) = produced.headers[PATHWAY]
        assert (produced.status, produced.body) == (200, b"ok")
        assert self.one(with_services) == {
            "EdgeTags": ["direction:out", "manual_checkpoint:true", "topic:queue", "type:kafka"],
            "Hash": hash_of(pathway),
            "ParentHash": 0,
        }
        consumed, _ = with_services.request(
            event_type,
            path=f"/dsm/manual/consume{thread}",
            query="type=kafka&source=queue",
            headers=(("_datadog", json.dumps({PATHWAY: pathway})),),
        )
        assert (consumed.status, consumed.body) == (200, b"ok")
        received = self.one(with_services)
        assert received["EdgeTags"] == ["direction:in", "manual_checkpoint:true", "topic:queue", "type:kafka"]
        assert received["ParentHash"] == hash_of(pathway)

    def test_injecting_and_extracting(self, with_services: Function, event_type: EventType) -> None:
        query = "topic=queue&integration=kafka"
        injected, _ = with_services.request(event_type, path="/dsm/inject", query=query)
        sent = self.one(with_services)
        assert sent["EdgeTags"] == ["direction:out", "topic:queue", "type:kafka"]
        assert sent["Hash"] == hash_of(injected.json[PATHWAY])
        context = quote(injected.body.decode())
        extracted, _ = with_services.request(event_type, path="/dsm/extract", query=f"{query}&ctx={context}")
        assert (extracted.status, extracted.body) == (200, b"ok")
        assert self.one(with_services)["ParentHash"] == sent["Hash"]

    def test_each_begins_a_pathway_of_its_own(self, with_services: Function) -> None:
        for _ in range(2):
            with_services.request(REST, path="/dsm/inject", query="topic=queue&integration=kafka")
            assert self.one(with_services)["ParentHash"] == 0

    def test_a_pathway_that_is_not_base64(self, with_services: Function) -> None:
        headers = (("_datadog", json.dumps({PATHWAY: "x"})),)
        for path in ["/dsm/manual/consume", "/dsm/manual/consume_with_thread"]:
            response, _ = with_services.request(REST, path=path, query=COMPLETE[path], headers=headers)
            assert response.status == 400
            assert response.body.decode().startswith(f"{PATHWAY} is not valid base64: ")
