"""What the weblog does to the tracer when it starts; tests/app/test_traces.py has what the filter does."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.processes import REPOSITORY


@pytest.mark.parametrize("enabled", ["true", "false"])
def test_tracing_stays_as_it_was_set(enabled: str) -> None:
    script = "import app.handler; from ddtrace.trace import tracer; print(tracer.enabled)"
    env = {**os.environ, "DD_TRACE_ENABLED": enabled}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == enabled.capitalize()
