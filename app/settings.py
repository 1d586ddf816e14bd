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
    """The mirror that /external_request calls, and the Stripe of /stripe/*; a test scenario brings it."""

    openai_base_url: str = "http://internal_server:8089/v1"
    """The OpenAI of /llm; a test scenario brings it. Without a setting, it is the internal server's."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """The settings in this environment; raises ValueError, with the setting's name, for a wrong value."""
        internal_server = _url(environment, "INTERNAL_SERVER_URL", cls.internal_server_url)
        return cls(
            internal_server_url=internal_server,
            openai_base_url=_url(environment, "OPENAI_BASE_URL", f"{internal_server}/v1"),
        )


def _url(environment: Mapping[str, str], name: str, default: str) -> str:
    """An HTTP URL, without a slash at its end."""
    url = environment.get(name, default)
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{name} must start with http:// or https://, it is {url!r}")
    return url.rstrip("/")
