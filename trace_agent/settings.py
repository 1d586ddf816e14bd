"""Reads the trace agent's settings from the environment; the only module here that does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


class SettingError(Exception):
    """A setting has a value that means nothing; the message names it and the valid ones."""


@dataclass(frozen=True)
class Settings:
    """What the user configured, with the defaults filled in."""

    port: int
    dogstatsd_port: int
    trace_view: str
    """The address of the trace view, which is told of everything; empty where there is none."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Return the settings in this environment; raises SettingError."""
        return cls(
            port=_port(environment, "AGENT_PORT", 8126),
            # datadog_lambda always sends to this one.
            dogstatsd_port=_port(environment, "DOGSTATSD_PORT", 8125),
            trace_view=_url(environment, "TRACE_VIEW_URL"),
        )


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise SettingError(f"{name} is {text!r}; valid are whole numbers from 1 to 65535")
    return int(text)


def _url(environment: Mapping[str, str], name: str) -> str:
    text = (environment.get(name) or "").rstrip("/")
    if text and not re.fullmatch(r"http://[^/:]+:[0-9]{1,5}", text):
        raise SettingError(f"{name} is {text!r}; valid is an address such as http://127.0.0.1:8128")
    return text
