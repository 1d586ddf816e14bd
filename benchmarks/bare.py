"""The floor: a handler that does nothing, wrapped by datadog_lambda like the weblog's."""

from __future__ import annotations

from typing import Any


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """The root's answer, in a shape that each front door takes."""
    key, value = (
        ("multiValueHeaders", ["text/plain"]) if "multiValueHeaders" in event else ("headers", "text/plain")
    )
    return {
        "statusCode": 200,
        key: {"Content-Type": value},
        "body": "Hello world!\n",
        "isBase64Encoded": False,
    }
