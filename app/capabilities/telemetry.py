"""Does, while the function runs, what the tracer's telemetry reports as a change."""

from __future__ import annotations


def load_dependency() -> None:
    """Import a package that is installed with the function and that nothing else here imports."""
    import datadog  # noqa: F401


def enable_integration() -> None:
    """Import a module that the tracer instruments, so that its integration becomes active."""
    import sqlite3  # noqa: F401


def enable_product() -> None:
    """Switch one of the tracer's products on, and off again, so that later requests are as before."""
    from ddtrace.llmobs import LLMObs

    LLMObs.enable(ml_app="weblog", agentless_enabled=False, integrations_enabled=False)
    LLMObs.disable()
