"""What awslambdaric imports, with a datadog_lambda of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import REPOSITORY

STATSD = "class statsd:\n    port = 8125\n"
SHOW = """
import importlib, traced_handler
try:
    print(traced_handler.handler, importlib.import_module("datadog_lambda.dogstatsd").statsd.port)
except ImportError:
    print(traced_handler.handler)
"""


@pytest.mark.parametrize(
    ("dogstatsd", "port", "shown"),
    [
        (STATSD, "12345", "the handler 12345"),
        (STATSD, "", "the handler 8125"),
        (None, "12345", "the handler"),
    ],
    ids=["a port", "no port", "no dogstatsd"],
)
def test_the_port_of_the_metrics(tmp_path: Path, dogstatsd: str | None, port: str, shown: str) -> None:
    package = tmp_path / "datadog_lambda"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "handler.py").write_text("handler = 'the handler'\n")
    if dogstatsd:
        (package / "dogstatsd.py").write_text(dogstatsd)
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "DOGSTATSD_PORT": port, "DD_LAMBDA_HANDLER": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == (f"{shown}\n", "")
