"""What is told to the trace view, and what happens when the view does not take it."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from invoke_api import view_sender
from invoke_api.view_sender import WAITING, WAITING_BYTES, ViewSender
from tests.support.processes import free_port, wait_for


class Listener(ThreadingHTTPServer):
    """Notes what is told; `status` is its answer, and until `released` is set there is none."""

    daemon_threads = True

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.status = 204
        self.released = threading.Event()
        self.released.set()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Listener
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Note the parts."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.released.wait(30)
        if self.server.status == 204:
            self.server.told += [json.loads(line) for line in body.splitlines()]
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def said() -> list[str]:
    """What a sender had to say."""
    return []


def test_all_is_told_in_order(listener: Listener, said: list[str]) -> None:
    sender = ViewSender(listener.url, "test", said.append)
    for number in range(100):
        sender.tell(lambda number=number: {"part": "x", "number": number, "bytes": b"\xff"})  # type: ignore[misc]
    wait_for(lambda: len(listener.told) == 100, what="what was told")
    assert listener.told == [{"part": "x", "number": number, "bytes": "\ufffd"} for number in range(100)]
    assert said == []


def test_a_part_that_cannot_be_made_does_not_end_the_telling(listener: Listener, said: list[str]) -> None:
    sender = ViewSender(listener.url, "test", said.append)
    sender.tell(lambda: {"part": 1 // 0})
    sender.tell(lambda: {"part": "x"})
    wait_for(lambda: len(listener.told) == 2, what="what was told")
    assert listener.told == [{"part": "x"}, {"part": "lost", "process": "test", "count": 1}]
    (line,) = said
    assert line.startswith("the trace view cannot be told of something: ZeroDivisionError")


def test_what_need_not_be_told_any_more_is_not_sent(listener: Listener, said: list[str]) -> None:
    sender = ViewSender(listener.url, "test", said.append)
    sender.tell(lambda: None)
    sender.tell(lambda: {"part": "x"})
    sender.tell(lambda: None)
    wait_for(lambda: listener.told, what="what was told")
    assert listener.told == [{"part": "x"}]


def test_a_view_that_hangs_costs_a_bounded_queue_and_one_line(
    listener: Listener, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_sender, "TIMEOUT_SECONDS", 0.5)
    listener.released.clear()
    sender = ViewSender(listener.url, "test", said.append)
    begin = time.monotonic()
    for _ in range(5 * WAITING):
        sender.tell(lambda: {"part": "x"})
    assert time.monotonic() - begin < 10
    assert sender._waiting <= WAITING
    wait_for(lambda: said, what="the complaint")
    listener.told.clear()
    listener.released.set()
    sender.tell(lambda: {"part": "x"})
    wait_for(lambda: len(said) == 2, what="the end of the complaint")
    assert said[0].startswith(f"the trace view at {listener.url} does not take what is told: TimeoutError")
    assert said[1].startswith("the trace view answers again; ")
    lost = wait_for(
        lambda: sum(part.get("count", 0) for part in listener.told if part["part"] == "lost"), what="the loss"
    )
    # Whatever did not come is counted, what came in spite of the time-out once more.
    assert lost + sum(part["part"] == "x" for part in listener.told) >= 5 * WAITING


def test_large_parts_are_bounded_too(said: list[str]) -> None:
    with socket.socket() as hanging:
        hanging.bind(("127.0.0.1", 0))
        hanging.listen()
        sender = ViewSender(f"http://127.0.0.1:{hanging.getsockname()[1]}", "test", said.append)
        for _ in range(20):
            sender.tell(lambda: {"part": "x"}, WAITING_BYTES // 8)
        assert sender._waiting_bytes <= WAITING_BYTES
        assert sender._lost >= 4


@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_view_that_refuses_is_told_of_once(listener: Listener, said: list[str], status: int) -> None:
    listener.status = status
    sender = ViewSender(listener.url, "test", said.append)
    sender.tell(lambda: {"part": "x"})
    wait_for(lambda: said, what="the complaint")
    assert f"{status}" in said[0]


def test_a_view_that_is_gone(said: list[str]) -> None:
    sender = ViewSender(f"http://127.0.0.1:{free_port()}", "test", said.append)
    for _ in range(3):
        sender.tell(lambda: {"part": "x"})
    wait_for(lambda: said, what="the complaint")
    assert len(said) == 1
    assert "ConnectionRefusedError" in said[0]
