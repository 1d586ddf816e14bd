"""The shapes of the results that each front door takes."""

from __future__ import annotations

from typing import TypedDict

HeaderList = list[tuple[str, str]]
"""WSGI response headers: names in the app's case, and more than once where the app repeats them."""


class _Result(TypedDict):
    statusCode: int
    body: str
    isBase64Encoded: bool


class RestApiResult(_Result):
    """What API Gateway REST takes; any other top-level key would be a malformed result (R68)."""

    multiValueHeaders: dict[str, list[str]]


class _HttpApiResult(_Result):
    headers: dict[str, str]


class HttpApiResult(_HttpApiResult, total=False):
    """What API Gateway HTTP and Function URLs take (payload format 2.0)."""

    cookies: list[str]


class AlbResult(_Result):
    """What an ALB takes whose target group has single-value headers."""

    statusDescription: str
    headers: dict[str, str]


class AlbMultiResult(_Result):
    """What an ALB takes whose target group has multi-value headers."""

    statusDescription: str
    multiValueHeaders: dict[str, list[str]]


HttpResult = RestApiResult | HttpApiResult | AlbResult | AlbMultiResult
