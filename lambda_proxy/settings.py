"""Reads the lambda proxy's settings from the environment; the only module here that does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from invoke_api.other_sites import OtherSites
from invoke_api.settings import SettingError, read_list, read_number, read_url, read_urls
from lambda_proxy.front_doors import BY_NAME, FRONT_DOORS, Options
from lambda_proxy.front_doors.routes import Route, parse_routes

# What the existing proxy declares binary, so that either can replace the other.
BINARY_MEDIA_TYPES = "application/octet-stream"


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
    other_sites: OtherSites
    trace_view: str
    """The trace view that is told of each exchange; empty where there is none."""

    @property
    def options(self) -> Options:
        """The part that a front door needs."""
        return Options(self.routes, self.binary_media_types, self.timeout)

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Return the settings in this environment; raises SettingError."""
        name = environment.get("LAMBDA_EVENT_TYPE") or FRONT_DOORS[0].event_type
        if name not in BY_NAME:
            raise SettingError(f"LAMBDA_EVENT_TYPE is {name!r}; valid are: {', '.join(BY_NAME)}")
        timeout = environment.get("LAMBDA_PROXY_TIMEOUT")
        return cls(
            event_type=BY_NAME[name].event_type,
            emulator_host=environment.get("RIE_HOST") or "127.0.0.1",
            emulator_port=read_number(environment, "RIE_PORT", 8080, least=1, most=65535),
            emulator_urls=read_urls(environment, "RIE_URLS"),
            function_name=environment.get("FUNCTION_NAME") or "function",
            host=environment.get("LAMBDA_PROXY_HOST") or "127.0.0.1",
            port=read_number(environment, "LAMBDA_PROXY_PORT", 7777, least=0, most=65535),
            concurrency=read_number(environment, "LAMBDA_CONCURRENCY", 0, least=0),
            queue=read_number(environment, "LAMBDA_PROXY_QUEUE", 1000, least=0),
            timeout=read_number(environment, "LAMBDA_PROXY_TIMEOUT", 0, least=0) if timeout else None,
            routes=_routes(environment.get("LAMBDA_PROXY_ROUTES") or ""),
            binary_media_types=tuple(
                kind.lower()
                for kind in read_list(environment, "LAMBDA_PROXY_BINARY_MEDIA_TYPES", BINARY_MEDIA_TYPES)
            ),
            debug=_switch(environment, "LAMBDA_PROXY_DEBUG"),
            other_sites=OtherSites.from_environment(environment, any_origin=True),
            trace_view=read_url(environment, "TRACE_VIEW_URL"),
        )

    def urls(self) -> tuple[str, ...]:
        """Where to invoke: `RIE_URLS`, or the one place that host and port make."""
        return self.emulator_urls or (f"http://{self.emulator_host}:{self.emulator_port}",)


def _switch(environment: Mapping[str, str], name: str) -> bool:
    text = (environment.get(name) or "false").lower()
    if text not in ("0", "1", "false", "true"):
        raise SettingError(f"{name} is {text!r}; valid are: true, 1, false, 0")
    return text in ("1", "true")


def _routes(text: str) -> tuple[Route, ...]:
    try:
        return parse_routes(text)
    except ValueError as error:
        raise SettingError(
            f"LAMBDA_PROXY_ROUTES: {error} is not a route; valid is a list such as"
            " 'GET /users/{userId}, ANY /{proxy+}'"
        ) from error
