"""Makes the cold start short: every tester waits for it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collection_paused() -> Iterator[None]:
    """Let the garbage collector rest while the context lasts.

    Imports make many objects that stay, and hardly any garbage. Without this the collector walks through
    all of them again and again, the tracer's included: an eighth of the time that the app's start takes.
    The imports of the tracer itself come before, and are as in any function.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
