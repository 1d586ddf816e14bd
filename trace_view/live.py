"""Tells everybody who listens about each row that changes: server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from trace_view.entry import Entry

BEHIND = 1000
"""A listener who is so many rows behind is sent away; a browser then comes again."""
PING_SECONDS = 15


class Live:
    """The listeners."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[bytes]] = set()

    def tell(self, entry: Entry) -> None:
        """Send its row to all."""
        if not self._listeners:
            return
        message = b"event: invocation\ndata: %b\n\n" % json.dumps(entry.row).encode()
        for listener in list(self._listeners):
            if listener.full():
                self._listeners.discard(listener)
            else:
                listener.put_nowait(message)

    async def messages(self) -> AsyncIterator[bytes]:
        """The rows for one listener, and something now and then while there are none."""
        queue: asyncio.Queue[bytes] = asyncio.Queue(BEHIND)
        self._listeners.add(queue)
        try:
            yield b": the trace view\n\n"
            while queue in self._listeners or not queue.empty():
                yield await _next(queue)
        finally:
            self._listeners.discard(queue)


async def _next(queue: asyncio.Queue[bytes]) -> bytes:
    try:
        messages = [await asyncio.wait_for(queue.get(), PING_SECONDS)]
        # Rows come several at a time: one packet for all.
        while not queue.empty():
            messages.append(queue.get_nowait())
        return b"".join(messages)
    except asyncio.TimeoutError:
        # So that a connection that has broken is noticed.
        return b": still here\n\n"
