"""The function's own settings: the only module in `app` that reads the environment.

What starts with `DD_` belongs to the tracer and to datadog_lambda, which read it themselves.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What can be set from outside."""

    internal_server_url: str = "http://internal_server:8089"
    """The HTTP mirror that /external_request calls; a test scenario brings it."""

    aws_url: str | None = None
    """Where AWS's services answer; None for AWS's own addresses."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """The settings in this environment; raises ValueError, with the setting's name, for a wrong value."""
        return cls(
            internal_server_url=_url(environment, "INTERNAL_SERVER_URL") or cls.internal_server_url,
            aws_url=_url(environment, "SYSTEM_TESTS_AWS_URL") or _url(environment, "AWS_ENDPOINT_URL"),
        )


def _url(environment: Mapping[str, str], name: str) -> str | None:
    """The URL in this setting, without a slash at its end; None where it is not set or empty."""
    url = environment.get(name)
    if not url:
        return None
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{name} must start with http:// or https://, it is {url!r}")
    return url.rstrip("/")
