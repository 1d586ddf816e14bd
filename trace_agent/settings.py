"""Reads the trace agent's settings from the environment; the only module here that does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class SettingError(Exception):
    """A setting has a value that means nothing; the message names it and the valid ones."""


@dataclass(frozen=True)
class Settings:
    """What the user configured, with the defaults filled in."""

    port: int
    view_port: int
    dogstatsd_port: int

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Return the settings in this environment; raises SettingError."""
        return cls(
            port=_port(environment, "AGENT_PORT", 8126),
            view_port=_port(environment, "TRACE_VIEW_PORT", 8128),
            # datadog_lambda always sends to this one.
            dogstatsd_port=_port(environment, "DOGSTATSD_PORT", 8125),
        )


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise SettingError(f"{name} is {text!r}; valid are whole numbers from 1 to 65535")
    return int(text)
