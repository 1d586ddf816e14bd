"""Starts the Invoke API with an emulator behind it, and calls it as AWS's own client does."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.config

from tests.support.emulator import EMULATOR, INVOCATIONS, PYTHON
from tests.support.processes import Process, ProcessStarter, free_port


@dataclass
class InvokeApi:
    """A running Invoke API."""

    process: Process
    port: int
    emulator_port: int

    @property
    def url(self) -> str:
        """Where a function is invoked without a client library."""
        return f"http://127.0.0.1:{self.port}{INVOCATIONS}"

    def client(self) -> Any:
        """AWS's own client, which tries once."""
        return boto3.client(
            "lambda",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=botocore.config.Config(retries={"total_max_attempts": 1}, max_pool_connections=32),
        )

    def invoke(self, event: object = None, **more: Any) -> Any:
        """Invoke with this event; what the client returns, with the payload read."""
        payload = {} if event is None else {"Payload": json.dumps(event)}
        answer = self.client().invoke(**{"FunctionName": "function", **payload, **more})
        answer["Payload"] = answer["Payload"].read()
        return answer


def start_invoke_api(
    start_process: ProcessStarter, handler: str, *, env: Mapping[str, str] | None = None
) -> InvokeApi:
    """Start an Invoke API that keeps an emulator of its own for this handler."""
    port, emulator_port = free_port(), free_port()
    process = start_process(
        [
            *(sys.executable, "-m", "invoke_api", "--port", str(port), "--"),
            *(EMULATOR, "--runtime-interface-emulator-address", f"127.0.0.1:{emulator_port}"),
            *("--runtime-api-address", f"127.0.0.1:{free_port()}"),
            *(PYTHON, "-m", "awslambdaric", handler),
        ],
        env={"EMULATOR_PORT": str(emulator_port), **(env or {})},
    )
    process.wait_for_output("invoke-api: ready")
    return InvokeApi(process, port, emulator_port)
