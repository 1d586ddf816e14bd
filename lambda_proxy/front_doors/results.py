"""Reads the fields of a function's result, strictly, in the way that all front doors share.

Rules such as `R54` are explained in docs/events.md.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from lambda_proxy.messages import Header

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
REMAPPED = frozenset({"connection", "content-length", "date", "server"})
UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class ResultError(Exception):
    """The function's result does not have the shape that the front door requires."""


class Base64Error(ResultError):
    """The body is not the base64 that the result says it is."""


def status_of(result: Mapping[str, Any]) -> int:
    """Return the status code, from 200 to 999; in the result it may be a string of three digits.

    1xx is refused because it would not end the exchange.
    """
    status = result["statusCode"]
    if isinstance(status, str) and re.fullmatch(r"[0-9]{3}", status):
        status = int(status)
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 999:
        raise ResultError(f"statusCode is {short(status)}")
    return status


def headers_of(result: Mapping[str, Any], key: str = "headers") -> list[Header]:
    """Return the single-value headers; null is left out, numbers and booleans become text (R65)."""
    return [header(name, value) for name, value in _mapping(result, key).items() if value is not None]


def multi_headers_of(result: Mapping[str, Any]) -> list[Header]:
    """Return the multi-value headers, one pair for each value (R65, R68)."""
    pairs = []
    for name, values in _mapping(result, "multiValueHeaders").items():
        if not isinstance(values, list):
            raise ResultError(f"multiValueHeaders[{name!r}] is not a list")
        pairs += [header(name, value) for value in values]
    return pairs


def header(name: str, value: object) -> Header:
    """Return a header that can be sent; each character of its value is one byte.

    A WSGI app's values have that form already. A value that cannot have it is sent in UTF-8.
    """
    if isinstance(value, (bool, int, float)):
        value = json.dumps(value)
    if not isinstance(value, str):
        raise ResultError(f"the header {name!r} is {short(value)}")
    if not HEADER_NAME.fullmatch(name) or UNSENDABLE.search(value):
        raise ResultError(f"the header {name!r} cannot be sent: {short(value)}")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        value = encode_text(value).decode("latin-1")
    return name, value


def body_of(result: Mapping[str, Any]) -> str:
    """Return the result's body as it is; empty if it is missing or null."""
    body = result.get("body")
    if body is None:
        return ""
    if not isinstance(body, str):
        raise ResultError(f"body is not a string but {short(body)}")
    return body


def is_base64(result: Mapping[str, Any]) -> bool:
    """Return the base64 flag; false if it is missing or null."""
    flag = result.get("isBase64Encoded")
    if not isinstance(flag, (bool, type(None))):
        raise ResultError(f"isBase64Encoded is {short(flag)}")
    return bool(flag)


def decode_base64(text: str) -> bytes:
    """Return the bytes behind the text; Base64Error if it is not valid base64."""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Base64Error(f"body is not valid base64: {short(text)}") from error


def encode_text(text: str) -> bytes:
    """Return the text in UTF-8; half a surrogate pair, which JSON may contain, becomes a question mark."""
    return text.encode("utf-8", "replace")


def without(headers: list[Header], *names: str) -> list[Header]:
    """Return the headers without those of these names, given in lower case."""
    return [pair for pair in headers if pair[0].lower() not in names]


def remapped(headers: list[Header], names: Collection[str] = REMAPPED) -> list[Header]:
    """Return the headers; those that only the gateway may send get another name (R88)."""
    return [(f"x-amzn-Remapped-{name}" if name.lower() in names else name, value) for name, value in headers]


def with_default_type(headers: list[Header], content_type: str) -> list[Header]:
    """Return the headers; if they have no Content-Type, this one is added."""
    if any(name.lower() == "content-type" for name, _ in headers):
        return headers
    return [*headers, ("Content-Type", content_type)]


def short(value: object) -> str:
    """Return the value as Python writes it, in 80 characters at most, for a log line."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _mapping(result: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = result.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ResultError(f"{key} is not an object but {short(value)}")
    return value
