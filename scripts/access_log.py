"""Makes the access log: one line a request, of what the programs tell with `invoke_api.access_log`.

The lambda proxy tells the HTTP side, the Invoke API every invocation, the trace agent the trace. A line is
written when all three are there; without a trace, after `WAIT_SECONDS`. Times are seconds since 1970.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from invoke_api.access_log import SETTING, mark

WAIT_SECONDS = 1.5
"""How long a line waits for its trace: without an extension the tracer sends once a second."""
KEPT_TRACES = 1000

# What the emulator itself writes, up to the end of the line. A function's own text without a line's end may
# stand before it. Its warnings and errors are not among these.
EMULATORS = re.compile(
    r"((START|END) RequestId: [0-9a-f-]{36}( Version: \S+)?"
    r"|REPORT RequestId: [0-9a-f-]{36}\t.*"
    r"|\d\d \w{3} \d{4} [\d:,]+ \[INFO\] \(rapid\) .*)$"
)
COLD_START = "[INFO] (rapid) INIT START("
RAN = (200, 500, 504)
"""The Invoke API's statuses of invocations that reached the function; all others are refusals."""

Facts = dict[str, Any]


class AccessLog:
    """Takes every line of the programs, and writes the access log between them.

    `write` gets each line of the log, without its end. `shows_emulator`: the emulator's own lines stay.
    """

    def __init__(self, write: Callable[[str], None], *, as_json: bool, shows_emulator: bool) -> None:
        self._word = secrets.token_hex(8)
        self._mark = mark(self._word)
        self._write = write
        self._as_json = as_json
        self._shows_emulator = shows_emulator
        self._lock = threading.Lock()
        self._waiting: dict[str, dict[str, Facts]] = {}
        self._due: dict[str, float] = {}
        self._traces: OrderedDict[str, Facts] = OrderedDict()
        self._is_cold = False
        threading.Thread(target=self._write_what_is_due, daemon=True).start()

    @property
    def environment(self) -> Mapping[str, str]:
        """What the programs need in theirs, to tell what they know."""
        return {SETTING: self._word}

    def take(self, line: str) -> str | None:
        """Take a line of a program; return what of it is to be shown, None for nothing."""
        shown, found, told = line.partition(self._mark)
        if found:
            facts = json.loads(told)
            with self._lock:
                self._take_facts(facts)
            return shown or None
        if COLD_START in line:
            # The Invoke API tells of the invocation in the same output, after this line.
            self._is_cold = True
        if self._shows_emulator:
            return line
        shown, count = EMULATORS.subn("", line)
        return line if not count else shown or None

    def finish(self) -> None:
        """Write what still waits."""
        with self._lock:
            for request_id in list(self._due):
                self._write_known(request_id)

    def _take_facts(self, facts: Facts) -> None:
        teller, request_id = facts.pop("teller"), facts.pop("request_id")
        if request_id is None:
            # It was answered without the function.
            self._write_line({teller: facts})
            return
        if teller == "trace":
            self._traces[request_id] = facts
            if len(self._traces) > KEPT_TRACES:
                self._traces.popitem(last=False)
        else:
            if teller == "invoke_api":
                ran = facts["status"] in RAN
                facts["cold_start"] = ran and self._is_cold
                self._is_cold = self._is_cold and not ran
            known = self._waiting.setdefault(request_id, {"id": {"request_id": request_id}})
            known[teller] = facts
            self._due.setdefault(request_id, time.monotonic() + WAIT_SECONDS)
        self._write_if_complete(request_id)

    def _write_if_complete(self, request_id: str) -> None:
        known = self._waiting.get(request_id, {})
        invoked = known.get("invoke_api")
        if not invoked or (invoked["by_proxy"] and "proxy" not in known):
            return
        if invoked["status"] not in RAN or request_id in self._traces:
            self._write_known(request_id)

    def _write_known(self, request_id: str) -> None:
        del self._due[request_id]
        trace = self._traces.pop(request_id, {})
        self._write_line({**self._waiting.pop(request_id), "trace": trace})

    def _write_what_is_due(self) -> None:
        while True:
            time.sleep(0.1)
            now = time.monotonic()
            with self._lock:
                for request_id in [one for one, due in self._due.items() if due <= now]:
                    self._write_known(request_id)

    def _write_line(self, known: Mapping[str, Facts]) -> None:
        record = _record(known)
        self._write(json.dumps(record) if self._as_json else _text(record))


def _record(known: Mapping[str, Facts]) -> Facts:
    """The fields of a line; what is not known is null. The README says what each is."""
    proxy, invoked, trace = (known.get(teller, {}) for teller in ("proxy", "invoke_api", "trace"))
    # What the client of the front door saw, if there was one; otherwise what the Invoke API's saw.
    first = proxy or invoked
    moment = datetime.fromtimestamp(first["time"]).astimezone()
    return {
        "time": moment.isoformat(timespec="milliseconds"),
        "source": proxy.get("front_door") or trace.get("source") or "event",
        "source_arn": None if proxy else trace.get("source_arn"),
        "method": proxy.get("method"),
        "path": proxy.get("path"),
        "status": first["status"],
        "function_error": invoked.get("function_error"),
        "duration_ms": first["duration_ms"],
        "cold_start": invoked.get("cold_start"),
        "request_id": known.get("id", {}).get("request_id"),
        "trace_id": trace.get("trace_id"),
    }


def _text(record: Facts) -> str:
    words = [
        record["time"][11:23],
        record["source"],
        record["method"],
        record["path"] or record["source_arn"],
        record["status"],
        record["function_error"],
        f"{record['duration_ms']:g}ms",
        "cold" if record["cold_start"] else None,
        f"request={record['request_id'] or '-'}",
        f"trace={record['trace_id'] or '-'}",
    ]
    # In an event anybody may have written anything; it must not reach the terminal as control characters.
    return " ".join(json.dumps(str(word))[1:-1] for word in words if word is not None)
