"""Reads the trace view's settings from the environment; the only module here that does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

WAIT = 5
SAVED_EVENTS = "saved-events"


class SettingError(Exception):
    """A setting has a value that means nothing; the message names it and the valid ones."""


@dataclass(frozen=True)
class Settings:
    """What the user configured, with the defaults filled in."""

    port: int
    wait: int
    """Seconds after which an invocation without a trace is given up."""
    saved_events: Path
    rie_host: str
    rie_port: int
    proxy_port: int
    function_name: str
    infers_spans: bool
    """DD_TRACE_MANAGED_SERVICES, which the checks have to know."""

    @property
    def invoke_api(self) -> str:
        """Where an event is sent."""
        return f"http://{self.rie_host}:{self.rie_port}/2015-03-31/functions/{self.function_name}/invocations"

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Return the settings in this environment; raises SettingError."""
        return cls(
            port=_number(environment, "TRACE_VIEW_PORT", 8128),
            wait=_number(environment, "TRACE_VIEW_WAIT", WAIT, most=3600),
            # As ./run.sh is called from anywhere: a folder of the user's.
            saved_events=Path(environment.get("STARTED_IN") or ".")
            / (environment.get("SAVED_EVENTS") or SAVED_EVENTS),
            rie_host=environment.get("RIE_HOST") or "127.0.0.1",
            rie_port=_number(environment, "RIE_PORT", 8080),
            proxy_port=_number(environment, "LAMBDA_PROXY_PORT", 7777),
            function_name=environment.get("FUNCTION_NAME") or "function",
            infers_spans=environment.get("DD_TRACE_MANAGED_SERVICES", "true").lower() not in ("false", "0"),
        )


def _number(environment: Mapping[str, str], name: str, default: int, most: int = 65535) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise SettingError(f"{name} is {text!r}; valid are whole numbers from 1 to {most}")
    return int(text)
