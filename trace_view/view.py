"""What goes on around the store: live rows, checks, and the time after which no trace is waited for."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable
from typing import Any

from invoke_api.view_sender import REPEAT_SECONDS
from trace_checks.record import Settings as CheckSettings
from trace_view.entry import Entry
from trace_view.errors import ApiError
from trace_view.judging import judge
from trace_view.live import Live
from trace_view.reasons import why_no_trace
from trace_view.settings import Settings
from trace_view.store import Store

Json = dict[str, Any]

SETTLE_SECONDS = 0.05
"""The parts of an invocation come within this time of each other, as a rule."""


class View:
    """The records as they come; lives in an event loop."""

    def __init__(self, settings: Settings) -> None:
        self.live = Live()
        self.store = Store(self._changed)
        self._settings = settings
        self._check_settings = CheckSettings(inferred_spans=settings.infers_spans)
        self._timers: dict[Entry, asyncio.TimerHandle] = {}
        self._waiting: dict[str, list[asyncio.Future[Json]]] = {}
        self._due: asyncio.Queue[Entry] = asyncio.Queue()

    def add(self, parts: Iterable[Json]) -> None:
        """Take parts; ValueError, KeyError or TypeError for what is none."""
        self.store.add(parts)

    async def wait_for(self, request_id: str) -> Json:
        """The record of the invocation, as soon as it is complete or given up; ApiError where none comes."""
        entry = self.store.get(request_id)
        if entry is not None and entry.is_settled:
            return entry.record
        waiter: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(request_id, []).append(waiter)
        try:
            return await asyncio.wait_for(waiter, self._settings.wait + 5)
        except asyncio.TimeoutError:
            entry = self.store.get(request_id)
            if entry is not None and "began" in entry.has and "invocation" not in entry.has:
                # The front door did not wait for its end.
                record = entry.record
                return {**record, "incomplete": record["incomplete"] or "It still runs."}
            raise ApiError(
                504,
                f"the function was invoked, but nothing about {request_id} came here: does the Invoke API"
                " have this view's address in TRACE_VIEW_URL?",
            ) from None
        finally:
            self._waiting[request_id].remove(waiter)
            if not self._waiting[request_id]:
                del self._waiting[request_id]

    def _changed(self, entry: Entry) -> None:
        """Tell of it, and look at it again when the rest has had its time to come."""
        if entry.is_whole:
            # Its row is told in a moment, with what the checks say.
            seconds = SETTLE_SECONDS
        else:
            seconds = self._settings.wait + (REPEAT_SECONDS if entry.is_running else 0)
            self.live.tell(entry)
        if entry in self._timers:
            self._timers.pop(entry).cancel()
        self._timers[entry] = asyncio.get_running_loop().call_later(seconds, self._come_due, entry)

    def _come_due(self, entry: Entry) -> None:
        self._timers.pop(entry, None)
        self._due.put_nowait(entry)

    async def work(self) -> None:
        """Settle what is due, one after the other, until cancelled."""
        while True:
            entry = await self._due.get()
            # Where more comes than can be checked, only what is still kept is. What has a timer is due again.
            if entry.is_kept and not entry.is_settled and entry not in self._timers:
                try:
                    await self._settle(entry)
                except Exception as error:  # noqa: BLE001 - the others must not wait for ever
                    sys.stderr.write(f"invocation {entry.request_id} cannot be shown whole: {error!r}\n")

    async def _settle(self, entry: Entry) -> None:
        """Check the invocation, and say whether its trace has come."""
        version = entry.version
        record = entry.snapshot()
        before = self.store.before(entry)
        # Of what runs something would have been heard.
        record["running"] = False
        record["complete"] = "traces" in entry.has
        record["incomplete"] = (
            None if record["complete"] else why_no_trace(entry, self.store, self._settings.wait)
        )
        # Of an invocation whose event is not known there is nothing to say.
        settings = self._check_settings if "invocation" in entry.has else None
        # Beside the server, which goes on answering.
        record["checks"], text = await asyncio.to_thread(
            judge, record, before.record if before else None, settings
        )
        if entry.version != version or not entry.is_kept:
            # More has come meanwhile, and it is looked at again.
            return
        entry.change({name: record[name] for name in ("running", "complete", "incomplete", "checks")})
        self.live.tell(entry)
        self.store.freeze(entry, text)
        entry.is_settled = True
        for waiter in self._waiting.get(entry.request_id, []):
            if not waiter.done():
                waiter.set_result(record)


def give_way() -> None:
    """Let every other process have the processor first: what is recorded must not delay what runs."""
    os.nice(10)
