"""Reads the Invoke API's settings from the environment; the only module here that does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir

from invoke_api.other_sites import OtherSites

DEAD_LETTERS = Path(gettempdir(), "lambda-dead-letters.jsonl")
INVOCATIONS = "/2015-03-31/functions/{name}/invocations"


class SettingError(Exception):
    """A setting has a value that is not valid; the message names the setting and the valid values."""


@dataclass(frozen=True)
class Settings:
    """What the user configured, with the defaults filled in."""

    emulator_host: str
    emulator_port: int
    emulator_urls: tuple[str, ...]
    function_names: frozenset[str]
    function_arn: str
    concurrency: int
    queue: int
    retry_delays: tuple[int, ...]
    dead_letters: Path
    other_sites: OtherSites
    trace_view: str
    """The trace view that is told of each invocation; empty where there is none."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Return the settings in this environment; raises SettingError."""
        # The emulator gives a function without a name this one (R100 of docs/events.md).
        own_name = environment.get("AWS_LAMBDA_FUNCTION_NAME") or "test_function"
        names = (environment.get(name) for name in ("FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_NAME"))
        return cls(
            emulator_host=environment.get("EMULATOR_HOST") or "127.0.0.1",
            emulator_port=read_number(environment, "EMULATOR_PORT", 8081, least=1, most=65535),
            emulator_urls=read_urls(environment, "EMULATOR_URLS"),
            function_names=frozenset({"function", *filter(None, names)}),
            function_arn=f"arn:aws:lambda:us-east-1:012345678912:function:{own_name}",
            concurrency=read_number(environment, "LAMBDA_CONCURRENCY", 0, least=0),
            queue=read_number(environment, "LAMBDA_PROXY_QUEUE", 1000, least=0),
            retry_delays=_read_delays(environment, "LAMBDA_RETRY_DELAYS", "60,120"),
            dead_letters=Path(environment.get("LAMBDA_DEAD_LETTERS") or DEAD_LETTERS),
            other_sites=OtherSites.from_environment(environment),
            trace_view=read_url(environment, "TRACE_VIEW_URL"),
        )

    def urls(self) -> tuple[str, ...]:
        """Where the emulators are: `EMULATOR_URLS`, or the one place that host and port make."""
        return self.emulator_urls or (f"http://{self.emulator_host}:{self.emulator_port}",)


def read_number(
    environment: Mapping[str, str], name: str, default: int, *, least: int, most: int = 10**6
) -> int:
    """Read a whole number from `least` to `most`; raises SettingError."""
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise SettingError(f"{name} is {text!r}; valid are whole numbers from {least} to {most}")
    return int(text)


def read_list(environment: Mapping[str, str], name: str, default: str = "") -> list[str]:
    """Read a list with commas between its items; empty items are left out."""
    items = (item.strip() for item in (environment.get(name) or default).split(","))
    return [item for item in items if item]


def read_urls(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Read a list of addresses such as `http://127.0.0.1:8081`; raises SettingError."""
    urls = tuple(url.rstrip("/") for url in read_list(environment, name))
    for url in urls:
        if not re.fullmatch(r"http://[^/:]+:[0-9]{1,5}", url):
            raise SettingError(
                f"{name} has {url!r}; valid is a list such as http://127.0.0.1:8081,http://rie:8080"
            )
    return urls


def read_url(environment: Mapping[str, str], name: str) -> str:
    """Read an address such as `http://127.0.0.1:8128`; empty where there is none. Raises SettingError."""
    urls = read_urls(environment, name)
    if len(urls) > 1:
        raise SettingError(f"{name} names {len(urls)} addresses; valid is one, such as http://127.0.0.1:8128")
    return urls[0] if urls else ""


def _read_delays(environment: Mapping[str, str], name: str, default: str) -> tuple[int, ...]:
    items = [item.strip() for item in (environment.get(name) or default).split(",")]
    if not all(item.isascii() and item.isdigit() for item in items):
        raise SettingError(
            f"{name} is {environment.get(name)!r}; valid is a list of seconds such as {default!r}"
        )
    return tuple(int(item) for item in items)
