"""Runs a Python handler under the real Lambda Runtime Interface Emulator (RIE)."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.support.processes import REPOSITORY, Process, ProcessStarter, free_port, port_is_open, wait_for

PYTHON = Path(sys.executable)
EMULATOR = PYTHON.parent / "aws-lambda-rie"
INVOCATIONS = "/2015-03-31/functions/function/invocations"


@dataclass
class Emulator:
    """An emulator that accepts invocations at `url`."""

    process: Process
    port: int

    @property
    def url(self) -> str:
        """The one address it answers."""
        return f"http://127.0.0.1:{self.port}{INVOCATIONS}"

    def post(self, payload: bytes, *, headers: Mapping[str, str] | None = None) -> requests.Response:
        """Invoke with these bytes; the emulator's own answer."""
        return requests.post(self.url, data=payload, headers=headers, timeout=60)

    def invoke(self, event: object) -> Any:
        """Invoke with this event; the result, parsed from JSON."""
        return self.post(json.dumps(event).encode()).json()


def start_emulator(
    start_process: ProcessStarter,
    handler: str,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = REPOSITORY,
    command: Sequence[str | Path] = (),
) -> Emulator:
    """Start the emulator with `handler` (`module.function`, importable from `cwd`) and wait for its port.

    The function itself starts with the first invocation, as always under the emulator (R92).
    """
    port = free_port()
    process = start_process(
        [
            EMULATOR,
            "--runtime-interface-emulator-address",
            f"127.0.0.1:{port}",
            "--runtime-api-address",
            f"127.0.0.1:{free_port()}",
            *(command or (PYTHON, "-m", "awslambdaric")),
            handler,
        ],
        env={"PYTHONPATH": os.fspath(cwd), **(env or {})},
        cwd=cwd,
    )
    wait_for(lambda: port_is_open(port), what="the emulator's port")
    return Emulator(process, port)
