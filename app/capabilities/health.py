"""The health document: it says that the function answers, and the version of datadog_lambda."""

from __future__ import annotations

from typing import TypedDict

import datadog_lambda


class Library(TypedDict):
    """The library under test, by the test suite's name for it."""

    name: str
    version: str


class Health(TypedDict):
    """What the test suite's readiness check reads."""

    status: str
    library: Library


def health() -> Health:
    """`{"status": "ok", "library": {"name": "python_lambda", "version": datadog_lambda's}}`."""
    return {
        "status": "ok",
        "library": {"name": "python_lambda", "version": datadog_lambda.__version__},
    }
