"""The internal server as a person starts it: a process of its own."""

from __future__ import annotations

import signal
import sys

import requests

from app.settings import Settings
from tests.app.conftest import make_client
from tests.support.processes import ProcessStarter, free_port


def test_it_runs_as_a_module(start_process: ProcessStarter) -> None:
    port = free_port()
    command = [sys.executable, "-m", "scripts.internal_server", "--port", str(port)]
    process = start_process(command)
    url = f"http://127.0.0.1:{port}"
    process.wait_for_output(f"ready: {url}")
    assert requests.get(url, timeout=30).status_code == 200
    unknown = requests.get(f"{url}/nowhere", timeout=30)
    assert (unknown.status_code, unknown.json()) == (404, {"error": "no route for /nowhere"})
    client = make_client(Settings(internal_server_url=url))
    assert client.get("/external_request?status=201").get_json()["status"] == 201
    assert process.stop(signal.SIGTERM) == 0
