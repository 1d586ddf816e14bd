"""Tells the trace view what this process knows of an invocation, and never lets anybody wait for that.

What is told waits in a bounded queue; a thread of its own makes JSON of it and sends it, at most a few
times a second.
When the view is slow, full or gone, what is told is dropped and counted, and one line says so.

The Invoke API, the lambda proxy and the trace agent all use this module. It uses the standard library alone,
and nothing else of this project.
"""

from __future__ import annotations

import http.client
import json
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

PATH = "/intake"
WAITING = 2000
"""So many parts may wait."""
WAITING_BYTES = 64 * 1024 * 1024
"""And so many bytes of them."""
SOON_SECONDS = 0.02
"""What comes alone is sent so soon."""
TOGETHER_SECONDS = 0.25
"""Under load there is one message in this time: a large one takes less than many small ones."""
PAUSE_SECONDS = 1.0
"""After a failure the view is left alone for so long."""
TIMEOUT_SECONDS = 5.0
REPEAT_SECONDS = 5.0
"""What runs is told again after this time: so the view knows that it still does."""

Part = Mapping[str, Any]


class RefusedError(Exception):
    """The view answers that it does not take it."""


class ViewSender:
    """Sends parts of records to the view at `url`, in the name of `process`; `report` writes a line."""

    def __init__(self, url: str, process: str, report: Callable[[str], None]) -> None:
        self._url = url
        self._process = process
        self._report = report
        self._queue: queue.SimpleQueue[tuple[Callable[[], Part | None], int]] = queue.SimpleQueue()
        self._counting = threading.Lock()
        self._waiting = self._waiting_bytes = self._lost = 0
        self._is_away = False
        self._connection: http.client.HTTPConnection | None = None
        threading.Thread(target=self._work, daemon=True).start()

    def tell(self, make: Callable[[], Part | None], size: int = 0) -> None:
        """Send what `make` returns, which is called later, in another thread; None is not sent.

        `size`: its bytes, about.
        """
        with self._counting:
            if self._waiting >= WAITING or self._waiting_bytes + size > WAITING_BYTES:
                self._lost += 1
                return
            self._waiting += 1
            self._waiting_bytes += size
        self._queue.put((make, size))

    def _work(self) -> None:
        sent_at = 0.0
        while True:
            batch = [self._queue.get()]
            time.sleep(max(SOON_SECONDS, sent_at + TOGETHER_SECONDS - time.monotonic()))
            while not self._queue.empty():
                batch.append(self._queue.get())
            with self._counting:
                self._waiting -= len(batch)
                self._waiting_bytes -= sum(size for _, size in batch)
            self._send([make for make, _ in batch])
            sent_at = time.monotonic()

    def _send(self, batch: list[Callable[[], Part | None]]) -> None:
        lines = [line for make in batch if (line := self._line(make))]
        count = len(lines)
        with self._counting:
            lost, self._lost = self._lost, 0
        if lost:
            lines.append(json.dumps({"part": "lost", "process": self._process, "count": lost}))
        if not lines:
            return
        try:
            self._post("\n".join(lines).encode())
        except (OSError, http.client.HTTPException, RefusedError) as error:
            with self._counting:
                self._lost += lost + count
            if not self._is_away:
                self._is_away = True
                self._report(f"the trace view at {self._url} does not take what is told: {error!r}")
            time.sleep(PAUSE_SECONDS)
        else:
            if self._is_away:
                self._is_away = False
                self._report(f"the trace view answers again; {lost} messages to it are lost")

    def _line(self, make: Callable[[], Part | None]) -> str:
        """A part as JSON; empty where there is none, or where it cannot be made and one more is lost."""
        try:
            part = make()
            return "" if part is None else json.dumps(part, default=_text)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one part, the others are told
            self._report(f"the trace view cannot be told of something: {error!r}")
            with self._counting:
                self._lost += 1
            return ""

    def _post(self, body: bytes) -> None:
        connection = self._connection or http.client.HTTPConnection(
            urlsplit(self._url).netloc, timeout=TIMEOUT_SECONDS
        )
        self._connection = None
        try:
            connection.request("POST", PATH, body, {"Content-Type": "application/x-ndjson"})
            response = connection.getresponse()
            answer = response.read()
        except Exception:
            connection.close()
            raise
        if response.status >= 300:
            connection.close()
            raise RefusedError(f"{response.status} {answer[:200].decode(errors='replace')}")
        self._connection = connection


def _text(value: object) -> str:
    """What JSON cannot hold, such as bytes."""
    return value.decode(errors="replace") if isinstance(value, bytes) else repr(value)
