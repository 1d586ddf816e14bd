"""Calls another service over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def call(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> dict[str, Any]:
    """Make the call, and describe its answer or its failure.

    `{"status": int, "headers": {...}, "payload": <the JSON body>}`, or
    `{"status": int | None, "error": str}` where the body is not valid JSON, or where no answer came
    within ten seconds.
    """
    import requests

    try:
        response = requests.request(method, url, data=body, headers=dict(headers), timeout=10)
    except requests.RequestException as error:
        return {"status": None, "error": repr(error)}
    try:
        payload = response.json()
    except requests.JSONDecodeError as error:
        return {"status": response.status_code, "error": repr(error)}
    return {"status": response.status_code, "headers": dict(response.headers), "payload": payload}
