"""Takes the lines that the function wrote during an invocation out of the emulator's output.

The emulator writes `START RequestId: ...` before them and `REPORT RequestId: ...` behind them, all to its
standard output. What comes before `START` was written while the function started.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

KEPT = 100
"""So many invocations wait to be asked for."""
MOST_BYTES = 512 * 1024
"""So much is kept of one."""

_REPORT = re.compile(rb"REPORT RequestId: (\S+)\t")
# Written for an invocation that needed a start of the function.
_INIT = "\tInit Duration: "


@dataclass(frozen=True)
class Log:
    """What an invocation left in the output."""

    lines: Sequence[str] = ()
    cold_start: bool | None = None
    """None where the report has not come."""


class Logs:
    """The output, cut into invocations."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rest = b""
        self._lines: list[bytes] = []
        self._size = self._left_out = 0
        self._done: OrderedDict[str, Log] = OrderedDict()

    def feed(self, piece: bytes) -> None:
        """Take output."""
        with self._lock:
            *lines, self._rest = (self._rest + piece).split(b"\n")
            for line in lines:
                self._take(line)
            if len(self._rest) > MOST_BYTES:
                self._take(self._rest)
                self._rest = b""

    def has(self, request_id: str) -> bool:
        """Whether the report of that invocation has come."""
        return request_id in self._done

    def pop(self, request_id: str) -> Log:
        """The log of that invocation; what there is so far, where its report has not come."""
        with self._lock:
            return self._done.pop(request_id, None) or Log(self._text())

    def _take(self, line: bytes) -> None:
        if self._size < MOST_BYTES:
            self._lines.append(line)
        else:
            self._left_out += 1
        self._size += len(line)
        if match := _REPORT.match(line):
            report = line.decode(errors="replace")
            self._done[match[1].decode()] = Log(self._text(), _INIT in report)
            self._lines = []
            self._size = self._left_out = 0
            if len(self._done) > KEPT:
                self._done.popitem(last=False)

    def _text(self) -> list[str]:
        text = b"\n".join(self._lines).decode(errors="replace")
        # awslambdaric puts \r between the lines of a traceback.
        lines = [part for line in text.split("\n") for part in line.rstrip("\r").split("\r")] if text else []
        return [*lines, f"({self._left_out} more lines are left out)"] if self._left_out else lines
