"""What the lambda proxy's tests share: a fixed arrival, short ways to events and responses, real proxies."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from lambda_proxy.arrival import Arrival
from lambda_proxy.front_doors import FrontDoor
from lambda_proxy.messages import Header, Request, Response
from tests.support.processes import Process, ProcessStarter, free_port

ARRIVAL = Arrival(
    milliseconds=1_783_711_144_123,
    request_id="c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    short_id="ATfSmjLgPHcESJw=",
    trace_root="1-6a5142a8-0123456789abcdef01234567",
    parent_id="53995c3f42cd8ad8",
)
HOST = ("Host", "weblog.example.com")


def event_of(front_door: FrontDoor, target: str = "/", *headers: Header, **more: Any) -> Any:
    """The event of a request, through JSON as the function gets it."""
    request = Request(target=target, headers=(HOST, *headers), **more)
    refusal = front_door.refusal(request, ARRIVAL)
    assert refusal is None, refusal
    return json.loads(json.dumps(front_door.event(request, ARRIVAL)))


def refusal_of(front_door: FrontDoor, target: str = "/", *headers: Header, **more: Any) -> Response:
    """The refusal of a request."""
    refusal = front_door.refusal(Request(target=target, headers=(HOST, *headers), **more), ARRIVAL)
    assert refusal is not None
    return refusal


def response_of(front_door: FrontDoor, result: object, *headers: Header) -> Response:
    """The response to a result."""
    return front_door.response(Request(headers=(HOST, *headers)), result, ARRIVAL)


def values(response: Response, name: str) -> list[str]:
    """All values of a response header."""
    return [value for key, value in response.headers if key.lower() == name.lower()]


def parse_request(text: bytes) -> Request:
    """A request as it stands on the wire, with a body that its Content-Length frames."""
    head, _, body = text.partition(b"\r\n\r\n")
    request_line, *lines = head.decode().split("\r\n")
    method, target, _ = request_line.split(" ")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return Request(method, target, headers, body)


@dataclass
class Proxy:
    """A running lambda proxy."""

    process: Process
    port: int

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str = "/", **options: Any) -> requests.Response:
        """Send a GET request."""
        return requests.get(f"{self.url}{path}", timeout=60, **options)


def start_proxy(
    start_process: ProcessStarter,
    emulator_port: int,
    *,
    env: Mapping[str, str] | None = None,
    port: int | None = None,
) -> Proxy:
    """Start a proxy in front of the emulator at that port."""
    port = port or free_port()
    process = start_process(
        [sys.executable, "-m", "lambda_proxy"],
        env={**(env or {}), "RIE_PORT": str(emulator_port), "LAMBDA_PROXY_PORT": str(port)},
    )
    process.wait_for_output(f":{port}, invoking")
    return Proxy(process, port)


def exchange_bytes(port: int, request: bytes) -> bytes:
    """Send these bytes; what comes back until the server closes the connection.

    A server that waits for more is told after a silence that nothing will come.
    """
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        try:
            connection.sendall(request)
            while piece := _receive(connection):
                received += piece
        except ConnectionError:
            pass
    return received


def _receive(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except TimeoutError:
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(65536)


def parse_response(text: bytes) -> Response:
    """The first response in these bytes, byte for byte; its body goes to the end of them."""
    head, _, body = text.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = [(name, value.strip(" \t")) for name, _, value in (line.partition(":") for line in lines)]
    return Response(int(status_line.split(" ")[1]), headers, body)


def settled(event: Any, port: int) -> Any:
    """The event without what differs from request to request and from connection to connection."""
    text = json.dumps(event, sort_keys=True)
    text = text.replace("203.0.113.7", "127.0.0.1").replace(f'"{port}"', '"PORT"')
    event = json.loads(text)
    headers = event.get("headers", {}) | event.get("multiValueHeaders", {})
    root = next(value for name, value in headers.items() if name.lower() == "x-amzn-trace-id")
    root = root[0] if isinstance(root, list) else root
    event = json.loads(text.replace(root.partition(";")[0].partition("=")[2], "TRACE"))
    context = event["requestContext"]
    for key in ("requestId", "extendedRequestId", "requestTime", "requestTimeEpoch", "time", "timeEpoch"):
        if key in context:
            context[key] = type(context[key])()
    return event
