"""The ids and the time that a front door gives a request when it arrives.

Rules such as `R54` are explained in docs/events.md.
"""

from __future__ import annotations

import base64
import os
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache


@dataclass(frozen=True)
class Arrival:
    """The ids and the time of one request (R8 to R10, R12, R111).

    `milliseconds` counts since 1970. `request_id` is a UUID, `short_id` has API Gateway's short
    form. `trace_root` and `parent_id` are the two parts of a new trace header.
    """

    milliseconds: int
    request_id: str
    short_id: str
    trace_root: str
    parent_id: str

    @classmethod
    def now(cls) -> Arrival:
        """Return new ids and the time of this moment."""
        milliseconds = time.time_ns() // 1_000_000
        noise = os.urandom(47)
        return cls(
            milliseconds=milliseconds,
            request_id=str(uuid.UUID(bytes=noise[23:39], version=4)),
            # 16 characters that end in "=", as API Gateway's short ids do: 11 bytes in base64.
            short_id=base64.urlsafe_b64encode(noise[:11]).decode(),
            trace_root=f"1-{milliseconds // 1000:08x}-{noise[11:23].hex()}",
            parent_id=noise[39:].hex(),
        )

    @property
    def clf_time(self) -> str:
        """The time in Common Log Format, always in English and UTC (R9)."""
        return _clf_time(self.milliseconds // 1000)


@lru_cache(maxsize=1)
def _clf_time(seconds: int) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return f"{moment.day:02}/{MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000"


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
