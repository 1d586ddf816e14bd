"""Plays the Datadog extension: the trace agent as a Lambda extension, started and ended by Lambda.

Registers with the Extensions API as `datadog-agent`, starts the trace agent, and asks for events until
SHUTDOWN. Then it says how many traces came, so that nobody has to guess whether the last one did.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPResponse
from typing import Any

AGENT = ("127.0.0.1", 8126)
START_TIMEOUT = 60.0
EXTENSIONS_API = "/2020-01-01/extension"


def main() -> None:
    """Run until Lambda says SHUTDOWN."""
    command = [sys.executable, "-I", "-m", "trace_agent", "--port", str(AGENT[1])]
    agent = subprocess.Popen(command)  # noqa: S603 - a program of this project
    try:
        response, _ = _call(
            "POST",
            "/register",
            {"Lambda-Extension-Name": "datadog-agent"},
            {"events": ["INVOKE", "SHUTDOWN"]},
        )
        identity = {"Lambda-Extension-Identifier": response.headers["Lambda-Extension-Identifier"]}
        _wait_for_agent()
        event: dict[str, Any] = {"eventType": None}
        while event["eventType"] != "SHUTDOWN":
            _, event = _call("GET", "/event/next", identity)
        _say(f"SHUTDOWN ({event['shutdownReason']}) after {_count_traces()} traces")
    finally:
        agent.kill()


def _call(
    method: str, path: str, headers: Mapping[str, str], content: object = None
) -> tuple[HTTPResponse, dict[str, Any]]:
    connection = HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, EXTENSIONS_API + path, json.dumps(content), dict(headers))
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise SystemExit(f"extension: {method} {path} was answered {response.status} {body.decode()}")
    return response, json.loads(body)


def _wait_for_agent() -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(AGENT) == 0:
                return
        time.sleep(0.01)
    raise SystemExit(f"extension: the trace agent is not up within {START_TIMEOUT:g} seconds")


def _count_traces() -> int:
    connection = HTTPConnection(*AGENT)
    connection.request("GET", "/test/session/traces")
    return len(json.loads(connection.getresponse().read()))


def _say(news: str) -> None:
    sys.stderr.write(f"extension: {news}\n")


if __name__ == "__main__":
    main()
