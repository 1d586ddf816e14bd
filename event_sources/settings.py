"""Reads the settings from the environment; the only module of event_sources that does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

KEY = "local"
"""Access key and secret: boto3 does not work without, and an endpoint on this machine takes any."""
MAPPINGS = Path(__file__).with_name("mappings.json")


class SettingError(Exception):
    """A setting or a mapping has a value that means nothing; the message names it and the valid ones."""


@dataclass(frozen=True)
class Settings:
    """What the user configured, with the defaults filled in."""

    endpoint: str = "http://127.0.0.1:4566"
    """The AWS endpoint of all services."""
    aws_port: int = 4566
    """The port of the endpoint that `--aws` serves."""
    region: str = "us-east-1"
    invoke_api: str = "http://127.0.0.1:8080"
    function_name: str = "function"
    mappings: Path = MAPPINGS
    retry_seconds: float = 1
    """The pause before the first retry of a stream's batch; each further one is twice as long."""
    idle_seconds: float = 0.5
    """The pause after a poll that found nothing."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """The settings in this environment; raises SettingError."""
        host = environment.get("RIE_HOST") or "127.0.0.1"
        aws_port = _port(environment, "AWS_PORT", cls.aws_port)
        return cls(
            endpoint=_url(environment, "AWS_ENDPOINT_URL", f"http://127.0.0.1:{aws_port}"),
            aws_port=aws_port,
            region=environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or cls.region,
            invoke_api=f"http://{host}:{_port(environment, 'RIE_PORT', 8080)}",
            function_name=environment.get("FUNCTION_NAME") or cls.function_name,
            mappings=Path(environment.get("EVENT_SOURCE_MAPPINGS") or MAPPINGS),
            retry_seconds=_seconds(environment, "EVENT_SOURCE_RETRY_SECONDS", cls.retry_seconds),
            idle_seconds=_seconds(environment, "EVENT_SOURCE_IDLE_SECONDS", cls.idle_seconds),
        )

    def own_aws(self) -> Settings:
        """The settings for the endpoint that `--aws` serves: its address, and the region of its resources.

        Raises SettingError when AWS_ENDPOINT_URL names another.
        """
        endpoint = f"http://127.0.0.1:{self.aws_port}"
        if self.endpoint != endpoint:
            raise SettingError(
                f"AWS_ENDPOINT_URL is {self.endpoint!r}; with --aws, which serves its own endpoint"
                f" at AWS_PORT, valid is {endpoint}, or none"
            )
        return replace(self, region=Settings.region)


def _url(environment: Mapping[str, str], name: str, default: str) -> str:
    text = environment.get(name) or default
    if not text.startswith(("http://", "https://")):
        raise SettingError(f"{name} is {text!r}; valid is a URL such as {default}")
    return text.rstrip("/")


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise SettingError(f"{name} is {text!r}; valid are ports from 1 to 65535")
    return int(text)


def _seconds(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name) or str(default)
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0.01 <= seconds <= 60:
        raise SettingError(f"{name} is {text!r}; valid are seconds from 0.01 to 60")
    return seconds
