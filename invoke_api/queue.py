"""Queues invocations, first come first served, for emulators that take one at a time."""

from __future__ import annotations

import http.client
import queue
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from invoke_api.outcome import Answer

# Headers of the Invoke API that the emulator understands and hands to the function.
PASSED_ON = ("x-amz-client-context", "x-amz-tenant-id", "x-amzn-trace-id")


class QueueFull(Exception):  # noqa: N818 - as in the standard library
    """The limit is reached: no further invocation is taken now."""


class EmulatorGone(Exception):  # noqa: N818 - says what happened
    """There is no answer: the emulator cannot be reached, or ended while the function ran."""

    def __init__(self, message: str, *, started: bool) -> None:
        super().__init__(message)
        self.started = started


class Emulator(Protocol):
    """The emulator's process, as far as the queue must know it."""

    def wait_until_ready(self) -> int:
        """Wait until the emulator can be invoked; its number, 0 when there will be none again."""

    def wait_until_gone(self, number: int) -> None:
        """Wait until the emulator of that number is known to have ended."""

    def clear_log(self) -> None:
        """Forget the output so far: an invocation begins."""

    def log_tail(self) -> bytes:
        """Return the end of the output since then."""


@dataclass(eq=False)
class Invocation:
    """One event on its way to the function.

    `started` is set when it is sent to an emulator, and when it is sure that it never will be.
    """

    payload: bytes
    request_id: str
    source: str = ""
    """What sent it, by the name of its folder; empty where nobody said."""
    headers: Mapping[str, str] = field(default_factory=dict)
    wants_log: bool = False
    log: bytes = b""
    started: threading.Event = field(default_factory=threading.Event)
    started_at: int = 0
    ended_at: int = 0
    """Nanoseconds since 1970; 0 where it has not come to that."""
    answer: Future[Answer] = field(default_factory=Future)


class InvocationQueue:
    """The queue and one worker thread an emulator.

    `on_begin` gets each invocation when its event is sent, `on_end` each that has run; they must not wait
    for anything.

    A worker belongs to its emulator until the answer is there, whatever has become of the
    client: two invocations at once kill an emulator (R93).
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        waiting: int,
        concurrency: int = 0,
        emulator: Emulator | None = None,
        on_begin: Callable[[Invocation], None] | None = None,
        on_end: Callable[[Invocation, Answer | EmulatorGone], None] | None = None,
    ) -> None:
        self._queue: queue.SimpleQueue[Invocation] = queue.SimpleQueue()
        self._limit = concurrency or len(urls) + waiting
        self._pending = 0
        self._lock = threading.Lock()
        self._connections: dict[str, http.client.HTTPConnection] = {}
        self._emulator = emulator
        self._on_begin = on_begin
        self._on_end = on_end
        for url in urls:
            threading.Thread(target=self._work, args=(url,), daemon=True).start()

    def submit(self, invocation: Invocation) -> None:
        """Queue it; QueueFull past the limit.

        Its `answer` will be set in any case, to an EmulatorGone when there is none.
        """
        with self._lock:
            if self._pending >= self._limit:
                raise QueueFull(f"{self._pending} invocations at once")
            self._pending += 1
            self._queue.put(invocation)

    def _work(self, url: str) -> None:
        while True:
            invocation = self._queue.get()
            try:
                answer = self._invoke(url, invocation)
            except EmulatorGone as error:
                self._leave()
                invocation.answer.set_exception(error)
                self._tell(invocation, error)
            else:
                self._leave()
                invocation.answer.set_result(answer)
                self._tell(invocation, answer)
            invocation.started.set()

    def _tell(self, invocation: Invocation, outcome: Answer | EmulatorGone) -> None:
        if self._on_end is not None and invocation.started_at:
            invocation.ended_at = time.time_ns()
            self._on_end(invocation, outcome)

    def _leave(self) -> None:
        with self._lock:
            self._pending -= 1

    def _invoke(self, url: str, invocation: Invocation) -> Answer:
        if self._emulator is None:
            return self._post(url, invocation)
        while number := self._emulator.wait_until_ready():
            try:
                return self._post(url, invocation)
            except EmulatorGone as error:  # noqa: PERF203 - once a restart
                self._emulator.wait_until_gone(number)
                # Nothing was sent: it waits for the restart like the ones behind it.
                if error.started:
                    raise
        raise EmulatorGone("the emulator is being stopped", started=False)

    def _post(self, url: str, invocation: Invocation) -> Answer:
        try:
            connection = self._connection(url)
        except OSError as error:
            raise EmulatorGone(f"{url}: {error}", started=False) from error
        if self._emulator is not None and invocation.wants_log:
            self._emulator.clear_log()
        invocation.started.set()
        invocation.started_at = time.time_ns()
        # The emulator hands this id to the function, as it is.
        headers = {"x-amzn-requestid": invocation.request_id, **invocation.headers}
        try:
            connection.request("POST", urlsplit(url).path, invocation.payload, headers)
            if self._on_begin is not None:
                self._on_begin(invocation)
            response = connection.getresponse()
            answer = Answer(response.status, response.read(), request_id=invocation.request_id)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise EmulatorGone("the emulator ended while the function ran", started=True) from error
        if self._emulator is not None and invocation.wants_log:
            invocation.log = self._emulator.log_tail()
        return answer

    def _connection(self, url: str) -> http.client.HTTPConnection:
        """Return a connection to the emulator that lives now; the last one if it is still open."""
        connection = self._connections.get(url)
        if connection is None or not _is_open(connection):
            parts = urlsplit(url)
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80)
            connection.connect()
            self._connections[url] = connection
        return connection


def _is_open(connection: http.client.HTTPConnection) -> bool:
    """Whether the other side has not closed it: it would then be readable, at its end."""
    if connection.sock is None:
        return False
    try:
        connection.sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return True
    except OSError:
        pass
    connection.close()
    return False
