"""Sends metrics of one's own, as Lambda functions do: with datadog_lambda, as distributions."""

from __future__ import annotations

from collections.abc import Sequence


def send(name: str, value: float, tags: Sequence[str]) -> None:
    """Send one value of the metric; a tag has the form `name:value`."""
    from datadog_lambda.metric import lambda_metric

    lambda_metric(name, value, tags=list(tags))
