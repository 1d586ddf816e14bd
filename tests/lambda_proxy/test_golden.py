"""Golden pairs: `<case>.request`, as it stands on the wire, and `<case>.<type>.event.json`.

The events were made from the rules. The last test sends the same bytes through the real server
and emulator: that shows what an HTTP server may change in a request on its way.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from lambda_proxy.front_doors import FRONT_DOORS, FrontDoor
from lambda_proxy.messages import Request
from tests.lambda_proxy.support import ARRIVAL, parse_request, settled, start_proxy
from tests.support.emulator import start_emulator
from tests.support.processes import ProcessStarter

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("*.request"))


def expected(case: str, event_type: str) -> Any:
    return json.loads((GOLDEN / f"{case}.{event_type}.event.json").read_text())


def test_every_pair_is_complete() -> None:
    events = {path.name for path in GOLDEN.glob("*.event.json")}
    assert events == {f"{case}.{door.event_type}.event.json" for case in CASES for door in FRONT_DOORS}
    assert CASES


@pytest.mark.parametrize("case", CASES)
def test_request_becomes_event(front_door: FrontDoor, case: str) -> None:
    sent = parse_request((GOLDEN / f"{case}.request").read_bytes())
    request = Request(sent.method, sent.target, sent.headers, sent.body, peer="203.0.113.7", port=80)
    assert front_door.event(request, ARRIVAL) == expected(case, front_door.event_type)


@pytest.mark.emulator
def test_request_becomes_event_through_the_server(
    start_process: ProcessStarter, front_door: FrontDoor
) -> None:
    emulator = start_emulator(start_process, "tests.lambda_proxy.functions.act")
    env = {
        "LAMBDA_EVENT_TYPE": front_door.event_type,
        "ALLOWED_HOSTS": "*",
        "LAMBDA_PROXY_BINARY_MEDIA_TYPES": "none/none",
    }
    proxy = start_proxy(start_process, emulator.port, env=env)
    for case in CASES:
        event = json.loads(exchange(proxy.port, (GOLDEN / f"{case}.request").read_bytes()))
        arrived, golden = (
            settled(each, port)
            for each, port in ((event, proxy.port), (expected(case, front_door.event_type), 80))
        )
        assert arrived == golden


def exchange(port: int, request: bytes) -> bytes:
    """Send these bytes; the body of the response."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        answer = connection.makefile("rb")
        assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
        length = 0
        while (line := answer.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return answer.read(length)
