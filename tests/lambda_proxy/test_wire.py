"""What goes over the wire as only bytes can show it: rule R117 of docs/events.md, and what that page decides.

The page says which methods and framings the server refuses before any front door sees the request.
"""

from __future__ import annotations

import json

import pytest

from lambda_proxy.front_doors import FRONT_DOORS, FrontDoor
from tests.lambda_proxy.support import exchange_bytes, parse_response, start_proxy
from tests.support.emulator import start_emulator
from tests.support.processes import ProcessStarter, free_port

ACT = "tests.lambda_proxy.functions.act"


def request_bytes(line: str, *headers: str, body: bytes = b"") -> bytes:
    """A request after whose response the server closes the connection."""
    return "\r\n".join([line, "Host: h", "Connection: close", *headers, "", ""]).encode("latin-1") + body


@pytest.mark.emulator
def test_header_bytes_above_127_reach_the_client_unchanged(start_process: ProcessStarter) -> None:
    emulator = start_emulator(start_process, ACT)
    sent = {"X-Utf8": "é".encode(), "X-Latin": b"\xe9\xff", "X-Ascii": b"a"}
    wsgi = {name: value.decode("latin-1") for name, value in sent.items()}
    result = {
        "statusCode": 200,
        "headers": wsgi,
        "multiValueHeaders": {name: [value] for name, value in wsgi.items()},
        "isBase64Encoded": False,
        "body": "done",
    }
    for front_door in FRONT_DOORS:
        env = {"LAMBDA_EVENT_TYPE": front_door.event_type}
        proxy = start_proxy(start_process, emulator.port, env=env)
        body = json.dumps(result).encode()
        head = ("Content-Type: text/plain", f"Content-Length: {len(body)}")
        request = request_bytes("POST /result HTTP/1.1", *head, body=body)
        answer = parse_response(exchange_bytes(proxy.port, request))
        arrived = {name: value.encode("latin-1") for name, value in answer.headers if name in sent}
        assert (answer.status, arrived, answer.body) == (200, sent, b"done"), front_door.event_type


@pytest.mark.emulator
def test_r117_rest_answers_with_an_id_of_its_own(start_process: ProcessStarter) -> None:
    emulator = start_emulator(start_process, ACT, env={"AWS_LAMBDA_FUNCTION_TIMEOUT": "1"})
    proxy = start_proxy(start_process, emulator.port, env={"LAMBDA_EVENT_TYPE": "apigateway-rest"})
    response = proxy.get("/event")
    assert response.headers["x-amzn-RequestId"] == response.json()["requestContext"]["requestId"]
    response = proxy.get("/request-id")
    assert len(response.text) == len(response.headers["x-amzn-RequestId"]) == 36
    assert response.headers["x-amzn-RequestId"] != response.text


@pytest.fixture(params=FRONT_DOORS, ids=lambda front_door: front_door.event_type)
def unreachable(request: pytest.FixtureRequest, start_process: ProcessStarter) -> tuple[FrontDoor, int]:
    """Each front door with nothing behind it, and its port: what passes gets its answer to that."""
    front_door: FrontDoor = request.param()
    env = {"LAMBDA_EVENT_TYPE": front_door.event_type}
    return front_door, start_proxy(start_process, free_port(), env=env).port


# When nothing answers where the function should be; docs/events.md says so.
UNREACHABLE = {
    "apigateway-rest": 500,
    "apigateway-http": 500,
    "function-url": 502,
    "application-load-balancer": 504,
    "application-load-balancer-multi": 504,
}


def test_methods_and_transfer_encodings(unreachable: tuple[FrontDoor, int]) -> None:
    front_door, port = unreachable
    passed = UNREACHABLE[front_door.event_type]
    balancer = front_door.event_type.startswith("application-load-balancer")

    def status(line: str, *headers: str, body: bytes = b"") -> int:
        return parse_response(exchange_bytes(port, request_bytes(line, *headers, body=body))).status

    for method in ("GET", "DELETE", "PROPFIND", "M-SEARCH"):
        assert status(f"{method} / HTTP/1.1") == passed, method
    assert status("TRACE / HTTP/1.1") == (405 if balancer else passed)
    for method in ("BREW", "get", "X!"):
        assert status(f"{method} / HTTP/1.1") == 400, method

    chunks = b"3\r\nabc\r\n0\r\n\r\n"
    for coding, expected in {
        "chunked": passed,
        "gzip, chunked": 501 if balancer else passed,
        "gzip": 400,
        "identity": 400,
        "chunked, gzip": 400,
    }.items():
        assert status("POST / HTTP/1.1", f"Transfer-Encoding: {coding}", body=chunks) == expected, coding
