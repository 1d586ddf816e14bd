"""Invokes the function, first come first served, on emulators that take one event at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from invoke_api.outcome import Answer
from lambda_proxy.connection import Connection
from lambda_proxy.failures import Failure, InvocationError

# An emulator that does not answer sits out so many seconds, for another may.
PAUSE = 1.0


@dataclass
class Invocation:
    """An event on its way; whoever waits for `answer` may go away at any time."""

    payload: bytes
    timeout: float
    answer: asyncio.Future[Answer]


class Emulators:
    """The emulators behind the proxy, each an execution environment of its own.

    An emulator dies of two invocations at once (R93). So each is in `_busy` and not in `_free` from
    the moment it gets an event until that invocation has ended, whatever becomes of the client.
    """

    def __init__(self, *, concurrency: int = 0, queue: int = 1000) -> None:
        self._known: dict[str, Connection | None] = {}
        self._free: list[str] = []
        self._waiting: deque[Invocation] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._concurrency = concurrency
        self._queue = queue
        self._busy: set[str] = set()

    @property
    def urls(self) -> Iterable[str]:
        """The emulators in use."""
        return self._known.keys()

    def set_urls(self, urls: Iterable[str]) -> None:
        """Use these emulators from now on; one that is left out ends what it is doing."""
        wanted = dict.fromkeys(urls)
        for url in [url for url in self._known if url not in wanted]:
            connection = self._known.pop(url)
            if connection and url in self._free:
                connection.close()
            if url in self._free:
                self._free.remove(url)
        for url in wanted:
            if url not in self._known:
                self._known[url] = None
                # One that comes back may still be at what it did when it was left out.
                if url not in self._busy:
                    self._release(url)

    async def invoke(self, payload: bytes, *, timeout: float = 0) -> Answer:
        """Give this event to the next free emulator.

        Raises InvocationError when too many are under way, when `timeout` seconds of running were
        not enough (the invocation itself goes on), and when nothing answers.
        """
        pending = len(self._busy) + len(self._waiting)
        if pending >= (self._concurrency or max(1, len(self._known)) + self._queue):
            raise InvocationError(Failure.THROTTLED, f"{pending} at once")
        invocation = Invocation(payload, timeout, asyncio.get_running_loop().create_future())
        if self._free:
            self._start(self._free.pop(), invocation)
        elif self._known:
            self._waiting.append(invocation)
        else:
            raise InvocationError(Failure.UNREACHABLE, "the emulator's name does not resolve")
        return await invocation.answer

    def close(self) -> None:
        """Drop the connections."""
        for connection in self._known.values():
            if connection:
                connection.close()

    def _start(self, url: str, invocation: Invocation) -> None:
        self._busy.add(url)
        connection = self._known[url]
        if connection and connection.is_open:
            self._send(url, connection, invocation)
            return
        task = asyncio.get_running_loop().create_task(self._connect(url, invocation))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, url: str, invocation: Invocation) -> None:
        try:
            connection = await Connection.open(url)
        except OSError as error:
            asyncio.get_running_loop().call_later(PAUSE if self._free else 0, self._release, url)
            _set(invocation, InvocationError(Failure.UNREACHABLE, f"{url}: {error}"))
        else:
            if url in self._known:
                self._known[url] = connection
            self._send(url, connection, invocation)

    def _send(self, url: str, connection: Connection, invocation: Invocation) -> None:
        timer: asyncio.TimerHandle | None = None
        if invocation.timeout:
            late = InvocationError(Failure.TIMED_OUT, f"it still runs after {invocation.timeout:g} s")
            timer = asyncio.get_running_loop().call_later(invocation.timeout, _set, invocation, late)

        def done(outcome: Answer | InvocationError) -> None:
            if timer is not None:
                timer.cancel()
            # The next one starts before this one's answer is looked at: the emulator never idles.
            self._release(url)
            _set(invocation, outcome)

        connection.send(invocation.payload, done)

    def _release(self, url: str) -> None:
        """Give the emulator to the one that has waited longest and is still there."""
        self._busy.discard(url)
        if url not in self._known:
            return
        while self._waiting:
            invocation = self._waiting.popleft()
            if not invocation.answer.done():
                self._start(url, invocation)
                return
        # The one used last is used first: it is the one that is warm.
        self._free.append(url)


def _set(invocation: Invocation, outcome: Answer | InvocationError) -> None:
    if invocation.answer.done():
        return
    if isinstance(outcome, InvocationError):
        invocation.answer.set_exception(outcome)
    else:
        invocation.answer.set_result(outcome)
