"""Invokes the function, first come first served, on emulators that take one event at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp

from lambda_proxy.outcome import Answer, Failure, InvocationError


class Emulators:
    """The emulators behind the proxy, each an execution environment of its own.

    An emulator dies of two invocations at once (R93). So each is taken out of `_free` for an
    invocation and put back when that has ended, whatever has become of the client meanwhile.
    """

    def __init__(self, urls: Sequence[str], *, concurrency: int = 0, queue: int = 1000) -> None:
        self._free: asyncio.Queue[str] = asyncio.Queue()
        for url in urls:
            self._free.put_nowait(url)
        self._limit = concurrency or len(urls) + queue
        self._pending = 0
        self._running: set[asyncio.Task[Answer]] = set()
        # The emulator ends every invocation by its own timeout; none is needed here, and one that
        # fired early would make two invocations overlap.
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None),
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=3600),
            auto_decompress=False,
        )

    async def invoke(self, payload: bytes, *, timeout: float = 0) -> Answer:
        """Wait for a free emulator and give it this event.

        Raises InvocationError when too many are waiting, when `timeout` seconds of running were
        not enough (the invocation goes on), and when nothing answers.
        """
        if self._pending >= self._limit:
            raise InvocationError(Failure.THROTTLED, f"{self._pending} at once")
        self._pending += 1
        try:
            url = await self._free.get()
        except asyncio.CancelledError:
            self._pending -= 1
            raise
        task = asyncio.create_task(self._run(url, payload))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.wait_for(asyncio.shield(task), timeout or None)
        except asyncio.TimeoutError as error:
            raise InvocationError(Failure.TIMED_OUT, f"{timeout} s") from error

    async def close(self) -> None:
        """Drop the connections."""
        await self._session.close()

    async def _run(self, url: str, payload: bytes) -> Answer:
        try:
            async with self._session.post(url, data=payload) as response:
                body = await response.read()
                error = response.headers.get("X-Amz-Function-Error", "")
                return Answer(response.status, body, error)
        except aiohttp.ClientConnectorError as error:
            raise InvocationError(Failure.UNREACHABLE, f"{url}: {error}") from error
        except (aiohttp.ClientError, OSError) as error:
            # The connection broke while the function ran: the emulator or the function died.
            raise InvocationError(Failure.FUNCTION_ERROR, f"{url}: {error!r}") from error
        finally:
            self._pending -= 1
            self._free.put_nowait(url)
