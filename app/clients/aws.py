"""The clients of AWS's services, with boto3."""

from __future__ import annotations

from typing import Any

from app.clients.errors import service_errors
from app.clients.packages import import_package

SETTING = "SYSTEM_TESTS_AWS_URL"
REGION = "us-east-1"
"""The region of the test suite; it expects it in ARNs."""

AwsClient = Any
"""A client of boto3, which makes its classes at run time."""


def client(service: str, url: str | None) -> AwsClient:
    """The client of a service at this address, or where the SDK finds it."""
    boto3 = import_package("boto3", "boto3")
    return boto3.client(service, region_name=REGION, endpoint_url=url)


def aws_errors() -> Any:  # noqa: ANN401 - the context manager of service_errors
    """Raise ServiceError for what the SDK raises."""
    exceptions = import_package("botocore.exceptions", "boto3")
    return service_errors(SETTING, exceptions.BotoCoreError, exceptions.ClientError)
