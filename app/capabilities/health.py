"""The health document: it says that the function answers, and which libraries it has imported."""

from __future__ import annotations

from typing import TypedDict

import datadog_lambda
import ddtrace


class Library(TypedDict):
    """The library under test, by the test suite's name for it."""

    name: str
    version: str


class Health(TypedDict):
    """What the test suite's readiness check reads."""

    status: str
    library: Library


class Imported(TypedDict):
    """A package of the function's, and the folder from which it was imported."""

    version: str
    path: str


class HealthWithVersions(Health):
    """The same, with the packages that may be a user's own."""

    versions: dict[str, Imported]


def health_with_versions() -> HealthWithVersions:
    """The health document, with `versions`: ddtrace and datadog_lambda by name."""
    packages = (ddtrace, datadog_lambda)
    versions: dict[str, Imported] = {
        package.__name__: {"version": package.__version__, "path": package.__path__[0]}
        for package in packages
    }
    return {**health(), "versions": versions}


def health() -> Health:
    """`{"status": "ok", "library": {"name": "python_lambda", "version": datadog_lambda's}}`."""
    return {
        "status": "ok",
        "library": {"name": "python_lambda", "version": datadog_lambda.__version__},
    }
