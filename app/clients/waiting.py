"""Waits for messages with an end."""

from __future__ import annotations

import time
from collections.abc import Iterator


def until(seconds: float) -> Iterator[float]:
    """Yield the seconds that are left, at least once, until they are over."""
    end = time.monotonic() + seconds
    left = seconds
    while True:
        yield left
        left = end - time.monotonic()
        if left <= 0:
            return
