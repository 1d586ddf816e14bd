"""Reads the lambda proxy's settings from the environment; the only module here that does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir

from lambda_proxy.front_doors import FRONT_DOORS, Options
from lambda_proxy.front_doors.routes import Route, parse_routes

EVENT_TYPES = {front_door.event_type: front_door for front_door in FRONT_DOORS}
# The names of the image's variants, shorter to type.
VARIANTS = dict(
    zip(("apigw-rest", "apigw-http", "function-url", "alb", "alb-multi"), FRONT_DOORS, strict=True)
)
DEAD_LETTERS = Path(gettempdir(), "lambda-dead-letters.jsonl")
# What the existing proxy declares binary, so that either can replace the other.
BINARY_MEDIA_TYPES = "application/octet-stream"
INVOCATIONS = "/2015-03-31/functions/{name}/invocations"


class SettingError(Exception):
    """A setting has a value that means nothing; the message names it and the valid ones."""


@dataclass(frozen=True)
class Settings:
    """What the user configured, with the defaults filled in."""

    event_type: str
    emulator_host: str
    emulator_port: int
    emulator_urls: tuple[str, ...]
    function_name: str
    host: str
    port: int
    concurrency: int
    queue: int
    timeout: float | None
    routes: tuple[Route, ...]
    binary_media_types: tuple[str, ...]
    debug: bool
    function_names: tuple[str, ...]
    retry_delays: tuple[int, ...]
    dead_letters: Path

    @property
    def options(self) -> Options:
        """The part that a front door needs."""
        return Options(self.routes, self.binary_media_types, self.timeout)

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Return the settings in this environment; raises SettingError."""
        event_type = environment.get("LAMBDA_EVENT_TYPE") or "apigateway-rest"
        if event_type not in EVENT_TYPES:
            raise SettingError(f"LAMBDA_EVENT_TYPE is {event_type!r}; valid are: {', '.join(EVENT_TYPES)}")
        timeout = environment.get("LAMBDA_PROXY_TIMEOUT")
        return cls(
            event_type=event_type,
            emulator_host=environment.get("RIE_HOST") or "127.0.0.1",
            emulator_port=_number(environment, "RIE_PORT", 8080, least=1, most=65535),
            emulator_urls=_urls(environment, "RIE_URLS"),
            function_name=environment.get("FUNCTION_NAME") or "function",
            host=environment.get("LAMBDA_PROXY_HOST") or "127.0.0.1",
            port=_number(environment, "LAMBDA_PROXY_PORT", 7777, least=0, most=65535),
            concurrency=_number(environment, "LAMBDA_CONCURRENCY", 0, least=0),
            queue=_number(environment, "LAMBDA_PROXY_QUEUE", 1000, least=0),
            timeout=_number(environment, "LAMBDA_PROXY_TIMEOUT", 0, least=0) if timeout else None,
            routes=_routes(environment.get("LAMBDA_PROXY_ROUTES") or ""),
            binary_media_types=tuple(
                kind.lower()
                for kind in _list(environment, "LAMBDA_PROXY_BINARY_MEDIA_TYPES", BINARY_MEDIA_TYPES)
            ),
            debug=_switch(environment, "LAMBDA_PROXY_DEBUG"),
            function_names=tuple(_list(environment, "AWS_LAMBDA_FUNCTION_NAME")),
            retry_delays=_delays(environment, "LAMBDA_RETRY_DELAYS", "60,120"),
            dead_letters=Path(environment.get("LAMBDA_DEAD_LETTERS") or DEAD_LETTERS),
        )

    def urls(self) -> tuple[str, ...]:
        """Where to invoke: `RIE_URLS`, or the one place that host and port make."""
        return self.emulator_urls or (f"http://{self.emulator_host}:{self.emulator_port}",)


def _number(environment: Mapping[str, str], name: str, default: int, *, least: int, most: int = 10**6) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise SettingError(f"{name} is {text!r}; valid are whole numbers from {least} to {most}")
    return int(text)


def _delays(environment: Mapping[str, str], name: str, default: str) -> tuple[int, ...]:
    items = (environment.get(name) or default).split(",")
    if not all(item.strip().isascii() and item.strip().isdigit() for item in items):
        raise SettingError(
            f"{name} is {environment.get(name)!r}; valid is a list of seconds such as {default!r}"
        )
    return tuple(int(item) for item in items)


def _switch(environment: Mapping[str, str], name: str) -> bool:
    text = (environment.get(name) or "false").lower()
    if text not in ("0", "1", "false", "true"):
        raise SettingError(f"{name} is {text!r}; valid are: true, 1, false, 0")
    return text in ("1", "true")


def _list(environment: Mapping[str, str], name: str, default: str = "") -> list[str]:
    return [item for item in (item.strip() for item in (environment.get(name) or default).split(",")) if item]


def _urls(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    urls = tuple(url.rstrip("/") for url in _list(environment, name))
    for url in urls:
        if not re.fullmatch(r"http://[^/:]+:[0-9]{1,5}", url):
            raise SettingError(
                f"{name} has {url!r}; valid is a list such as http://127.0.0.1:8081,http://rie:8080"
            )
    return urls


def _routes(text: str) -> tuple[Route, ...]:
    try:
        return parse_routes(text)
    except ValueError as error:
        raise SettingError(
            f"LAMBDA_PROXY_ROUTES: {error} is no route; valid is a list such as"
            " 'GET /users/{userId}, ANY /{proxy+}'"
        ) from error
