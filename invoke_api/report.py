"""The Invoke API's own lines in the output, one each, between those of the emulator."""

from __future__ import annotations

import sys


def report(message: str) -> None:
    """Write one line."""
    sys.stderr.write(f"invoke-api: {message}\n")
    sys.stderr.flush()
