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
    """Where all of AWS's services answer; None means where the SDK finds them."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """The settings in this environment; raises ValueError, with the setting's name, for a wrong value."""
        url = environment.get("INTERNAL_SERVER_URL", cls.internal_server_url)
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"INTERNAL_SERVER_URL must start with http:// or https://, it is {url!r}")
        aws_url = environment.get("SYSTEM_TESTS_AWS_URL") or None
        if aws_url and not aws_url.startswith(("http://", "https://")):
            raise ValueError(f"SYSTEM_TESTS_AWS_URL must start with http:// or https://, it is {aws_url!r}")
        return cls(internal_server_url=url.rstrip("/"), aws_url=aws_url)
