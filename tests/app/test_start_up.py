"""What the function imports at its cold start, which every tester waits for."""

from __future__ import annotations

import subprocess
import sys

from tests.support.processes import REPOSITORY

# Each is needed by one endpoint alone.
LATE = {
    "requests",
    "urllib3",
    "sqlite3",
    "xml.etree",
    "xml.etree.ElementTree",
    "http.client",
    "urllib.request",
}


def test_nothing_is_imported_for_one_endpoint_alone() -> None:
    script = (
        "import datadog_lambda, sys; before = set(sys.modules); import app.handler; "
        "print('\\n'.join(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True
    )
    imported = set(done.stdout.split())
    assert "flask" in imported
    assert not imported & LATE
