"""Runs the mappings: a thread for each queue and each shard."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from event_sources import aws
from event_sources.function import Function, NotInvokedError
from event_sources.mapping import Mapping
from event_sources.settings import Settings
from event_sources.sources import BY_SERVICE, Source
from event_sources.sources.base import Poller

log = logging.getLogger("event_sources")

# Seconds until a missing source, or a stream's new shards, are looked for again.
LOOK_AGAIN = 2
# Seconds for what is under way at the end. What is cut off is delivered again by the next start.
GRACE = 0.5


class Runner:
    """Polls the sources of all mappings until `stop` is set."""

    def __init__(self, settings: Settings, mappings: Sequence[Mapping], stop: threading.Event) -> None:
        self.settings = settings
        self.stop = stop
        client = aws.invoke_client(settings)
        self._sources: list[Source] = [
            BY_SERVICE[mapping.source.service](
                mapping, settings, Function(client, mapping.function or settings.function_name), stop
            )
            for mapping in mappings
            if mapping.enabled
        ]
        self._threads: dict[str, threading.Thread] = {}
        self._complaints: dict[str, str] = {}

    def run(self) -> None:
        """Return when `stop` is set; says once when every source is there."""
        missing = list(self._sources)
        while not self.stop.is_set():
            were_missing = bool(missing)
            looked = [source for source in self._sources if source.grows or source in missing]
            missing = [source for source in looked if not self._start(source)]
            if were_missing and not missing:
                log.info("ready: %d mappings", len(self._sources))
            self.stop.wait(LOOK_AGAIN)
        end = time.monotonic() + GRACE
        for thread in self._threads.values():
            thread.join(timeout=max(0, end - time.monotonic()))

    def _start(self, source: Source) -> bool:
        """Start a thread for each poller that has none; False when the source is not there."""
        name = str(source.mapping.source)
        try:
            found = list(source.pollers())
        except (BotoCoreError, ClientError, LookupError) as error:
            self._complain(name, f"is not there yet: {error}")
            return False
        for poller in found:
            if poller.name not in self._threads:
                thread = threading.Thread(target=self._poll, args=(poller,), daemon=True)
                self._threads[poller.name] = thread
                thread.start()
        return True

    def _poll(self, poller: Poller) -> None:
        while not self.stop.is_set():
            try:
                busy = poller.poll()
            except (BotoCoreError, ClientError, NotInvokedError) as error:
                busy = False
                if not self.stop.is_set():
                    self._complain(poller.name, str(error))
            except Exception:
                # Whatever it is, the source must not stay silent for the rest of the day.
                busy = False
                log.exception("%s: cannot deliver", poller.name)
            else:
                self._complaints.pop(poller.name, None)
            if not busy:
                self.stop.wait(self.settings.idle_seconds)

    def _complain(self, name: str, problem: str) -> None:
        """Log a problem, but not the same one again and again."""
        if self._complaints.get(name) != problem:
            self._complaints[name] = problem
            log.warning("%s: %s", name, problem)
