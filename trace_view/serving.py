"""Runs the server until a signal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from trace_view.server import make_app
from trace_view.settings import Settings
from trace_view.view import View, give_way

SHUTDOWN_SECONDS = 0.2
"""Browsers keep a stream open; nobody has to wait for them."""


async def serve(settings: Settings, host: str, port: int, records: Iterable[dict[str, Any]]) -> None:
    """Serve until SIGTERM or SIGINT; OSError if the port cannot be had."""
    give_way()
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    view = View(settings)
    for record in records:
        view.store.put(record)
    working = asyncio.create_task(view.work())
    runner = web.AppRunner(
        make_app(settings, view),
        access_log=None,
        shutdown_timeout=SHUTDOWN_SECONDS,
        handler_cancellation=True,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        await stopped.wait()
    finally:
        working.cancel()
        await runner.cleanup()
