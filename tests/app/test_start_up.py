"""What the function imports at its cold start, which every tester waits for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.processes import REPOSITORY

# All that may be imported at start-up, beside the standard library. A package that only one endpoint
# needs is imported when that endpoint is first called.
AT_START_UP = {
    "app",
    "awsgi",
    "blinker",  # Flask's signals
    "click",  # Flask's command line
    "ddtrace",
    "flask",
    "itsdangerous",  # Flask's sessions
    "jinja2",  # Flask's templates
    "markupsafe",
    "werkzeug",
}
# Parts of the standard library that take time to import and that only some endpoints need. (`http.client`
# is not one: Flask's own import brings it, where datadog_lambda has not brought it before.)
LATE = {"sqlite3", "urllib.request", "xml.etree", "asyncio", "concurrent.futures.process"}
# Parts of the app that an HTTP request to another endpoint does not need.
LATE_IN_APP = ("app.capabilities.", "app.events.triggers", "app.clients.")
# The errors for which the web app has answers.
ERRORS = {"app.capabilities.errors", "app.clients.errors", "app.clients.packages"}


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """The modules that the handler imports, in addition to those of datadog_lambda."""
    script = (
        "import datadog_lambda.wrapper, sys; before = set(sys.modules); import app.handler;"
        " print('\\n'.join(set(sys.modules) - before))"
    )
    env = {"PATH": "/usr/bin:/bin", "AWS_LAMBDA_FUNCTION_NAME": "function", "DD_APPSEC_ENABLED": "true"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=env, capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stdout.split())


def test_only_these_packages_are_imported_at_start_up(imported: set[str]) -> None:
    packages = {name.partition(".")[0] for name in imported} - set(sys.stdlib_module_names) - {"__mp_main__"}
    assert {"app", "flask", "awsgi"} <= packages
    assert packages <= AT_START_UP


def test_what_some_endpoints_need_is_imported_late(imported: set[str]) -> None:
    assert not imported & LATE


def test_capabilities_and_triggers_are_imported_when_an_event_needs_them(imported: set[str]) -> None:
    assert {name for name in imported if name.startswith(LATE_IN_APP)} == ERRORS


def test_the_collector_runs_again_after_the_start() -> None:
    script = "import gc, app.handler; print(gc.isenabled())"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split()[-1] == "True"
