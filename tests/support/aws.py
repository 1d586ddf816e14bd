"""An AWS endpoint for tests: moto's server, in a process of its own."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import boto3

from tests.support.processes import Process, ProcessStarter, free_port, port_is_open, wait_for

REGION = "us-east-1"
ACCOUNT = "123456789012"


@dataclass(frozen=True)
class Aws:
    """A running endpoint."""

    process: Process
    url: str

    @property
    def environment(self) -> dict[str, str]:
        """What has boto3 in another process use this endpoint."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def client(self, service: str) -> Any:
        """A client of boto3."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


def start_aws(start_process: ProcessStarter) -> Aws:
    """Start an endpoint without any resource, and wait for its port."""
    port = free_port()
    process = start_process([sys.executable, "-m", "moto.server", "--port", str(port)])
    wait_for(lambda: port_is_open(port), what="the AWS endpoint's port")
    return Aws(process, f"http://127.0.0.1:{port}")
