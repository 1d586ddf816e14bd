"""Clients of the AWS endpoint, and of the Invoke API."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from event_sources.settings import KEY, Settings

Client = Any
"""A client of boto3; it has no types."""

# An invocation may take as long as Lambda allows: 15 minutes.
LONGEST_INVOCATION = 900


def client(settings: Settings, service: str) -> Client:
    """A client of that service of the AWS endpoint. Clients may be shared by threads."""
    return _client(settings, service, settings.endpoint, Config(retries={"total_max_attempts": 1}))


def invoke_client(settings: Settings) -> Client:
    """A client of the Invoke API. It does not repeat by itself: that would be a second delivery."""
    config = Config(
        retries={"total_max_attempts": 1},
        read_timeout=LONGEST_INVOCATION,
        connect_timeout=5,
        max_pool_connections=50,
    )
    found = _client(settings, "lambda", settings.invoke_api, config)
    # So that the Invoke API can say which invocations were made here.
    found.meta.events.register("before-call.lambda.Invoke", _add_source)
    return found


def _add_source(params: dict[str, Any], **_: object) -> None:
    params["headers"]["x-invoke-api-source"] = "event_sources"


def _client(settings: Settings, service: str, endpoint: str, config: Config) -> Client:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=settings.region,
        aws_access_key_id=KEY,
        aws_secret_access_key=KEY,
        config=config,
    )
