"""Invokes the function: at once where an Invoke API answers, in turns where bare emulators do.

An Invoke API, ours or AWS's, puts an id of its own into each answer and queues by itself. A bare emulator
does neither, and dies of two invocations at once (R93 of docs/events.md).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from invoke_api.api import SERVER
from invoke_api.outcome import Answer
from lambda_proxy.connection import Connection
from lambda_proxy.failures import Failure, InvocationError

# An emulator that does not answer is not asked for this many seconds, as long as another is free.
PAUSE = 1.0


@dataclass
class Emulator:
    """One place where the function is invoked, and what is known about it.

    `running` counts its invocations under way. A bare emulator has one at most, from the moment it
    gets an event until that invocation has ended, whatever has become of the client. `keeps_time`
    says that it answers in time by itself: it is this project's Invoke API.
    """

    url: str
    wanted: bool = True
    queues: bool = False
    keeps_time: bool = False
    running: int = 0
    last_used: float = 0
    paused_until: float = 0
    idle: list[Connection] = field(default_factory=list)

    @property
    def is_free(self) -> bool:
        """Whether it takes an invocation now."""
        return self.wanted and (self.queues or not self.running)


class Emulators:
    """The emulators behind the proxy, each an execution environment of its own."""

    def __init__(self, *, concurrency: int = 0, queue: int = 1000) -> None:
        self._emulators: dict[str, Emulator] = {}
        self._waiting: deque[asyncio.Future[Emulator]] = deque()
        self._exchanging: set[Connection] = set()
        self._concurrency = concurrency
        self._queue = queue

    @property
    def urls(self) -> list[str]:
        """The emulators in use."""
        return [emulator.url for emulator in self._emulators.values() if emulator.wanted]

    def set_urls(self, urls: Iterable[str]) -> None:
        """Use these emulators from now on; one that is left out ends what it is doing."""
        for emulator in self._emulators.values():
            emulator.wanted = False
        for url in urls:
            # One that comes back may still be at what it did when it was left out.
            self._emulators.setdefault(url, Emulator(url)).wanted = True
        for emulator in list(self._emulators.values()):
            if not emulator.wanted and not emulator.running:
                self._close(self._emulators.pop(emulator.url))
        self._serve_waiting()

    async def invoke(self, payload: bytes, *, timeout: float = 0) -> Answer:
        """Give this event to the next free emulator.

        Raises InvocationError when too many are under way, when `timeout` seconds of running were
        not enough (the invocation itself goes on), and when nothing answers.
        """
        self._check_limits()
        emulator = self._take() or await self._wait()
        connection = await self._connect(emulator)
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Answer] = loop.create_future()
        timer: asyncio.TimerHandle | None = None
        if timeout and not emulator.keeps_time:
            late = InvocationError(Failure.TIMED_OUT, f"it still runs after {timeout:g} s")
            timer = loop.call_later(timeout, _set, waiter, late)

        def done(outcome: Answer | Exception) -> None:
            # Whatever has become of the one who waits, the emulator is free now and not earlier.
            self._exchanging.discard(connection)
            if connection.is_open:
                emulator.idle.append(connection)
            if isinstance(outcome, Answer):
                emulator.queues = bool(outcome.request_id)
                emulator.keeps_time = outcome.server == SERVER
            if timer is not None:
                timer.cancel()
            self._release(emulator)
            _set(waiter, outcome)

        self._exchanging.add(connection)
        connection.send(payload, timeout, done)
        return await waiter

    def close(self) -> None:
        """Drop the connections."""
        for emulator in self._emulators.values():
            self._close(emulator)
        for connection in self._exchanging:
            connection.close()

    def _check_limits(self) -> None:
        """Raise InvocationError past the limits; an Invoke API keeps its own."""
        if not self.urls:
            raise InvocationError(Failure.UNREACHABLE, "the emulator's name does not resolve")
        bare = [emulator for emulator in self._emulators.values() if not emulator.queues]
        pending = sum(emulator.running for emulator in bare) + len(self._waiting)
        if bare and pending >= (self._concurrency or len(bare) + self._queue):
            raise InvocationError(Failure.THROTTLED, f"{pending} at once")

    def _take(self) -> Emulator | None:
        """Return the free emulator with the least to do, None if there is none.

        Of several, the one used last: it is the one that is warm.
        """
        free = [emulator for emulator in self._emulators.values() if emulator.is_free]
        if not free:
            return None
        now = asyncio.get_running_loop().time()
        emulator = min(free, key=lambda one: (one.paused_until > now, one.running, -one.last_used))
        emulator.running += 1
        emulator.last_used = now
        return emulator

    async def _wait(self) -> Emulator:
        """Wait for a free emulator, first come first served."""
        turn: asyncio.Future[Emulator] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            # It may have got its turn in the moment in which it left.
            if not turn.cancelled():
                self._release(turn.result())
            raise

    async def _connect(self, emulator: Emulator) -> Connection:
        """Return an open connection; if there is none, release the emulator and raise InvocationError."""
        for connection in _idle(emulator):
            if connection.is_open:
                return connection
        try:
            return await Connection.open(emulator.url)
        except OSError as error:
            emulator.paused_until = asyncio.get_running_loop().time() + PAUSE
            self._release(emulator)
            raise InvocationError(Failure.UNREACHABLE, f"{emulator.url}: {error}") from error
        except asyncio.CancelledError:
            self._release(emulator)
            raise

    def _release(self, emulator: Emulator) -> None:
        emulator.running -= 1
        self._serve_waiting()

    def _serve_waiting(self) -> None:
        """Give what is free to those that have waited longest and are still there."""
        while self._waiting:
            if self._waiting[0].done():
                self._waiting.popleft()
            elif emulator := self._take():
                self._waiting.popleft().set_result(emulator)
            else:
                return

    @staticmethod
    def _close(emulator: Emulator) -> None:
        for connection in _idle(emulator):
            connection.close()


def _idle(emulator: Emulator) -> Iterable[Connection]:
    """Take the idle connections, the one used last first."""
    while emulator.idle:
        yield emulator.idle.pop()


def _set(waiter: asyncio.Future[Answer], outcome: Answer | Exception) -> None:
    """Tell the one who waits, if it still does."""
    if waiter.done():
        return
    if isinstance(outcome, Answer):
        waiter.set_result(outcome)
        return
    if isinstance(outcome, OSError):
        outcome = InvocationError(Failure.FUNCTION_ERROR, f"the emulator closed the connection: {outcome}")
    elif isinstance(outcome, ValueError):
        outcome = InvocationError(Failure.FUNCTION_ERROR, f"the emulator's answer is {outcome}")
    waiter.set_exception(outcome)
