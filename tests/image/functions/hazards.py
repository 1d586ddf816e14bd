"""A Lambda function that does to its process what functions do by accident; mounted into containers."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Do what `event["do"]` says, else answer with the event and the process id."""
    what = event.get("do")
    if what == "exit":
        os._exit(3)
    if what == "crash":
        ctypes.string_at(0)
    if what == "eat":
        memory = []
        while True:
            memory.append(b"x" * 2**20)
    if what == "sleep":
        sys.stderr.write(f"the function sleeps for {event['seconds']} s\n")
        time.sleep(event["seconds"])
    return {"event": event, "pid": os.getpid()}
