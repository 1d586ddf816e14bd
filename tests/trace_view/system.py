"""The whole system with a trace view, process by process, for tests of the view's API."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.lambda_proxy.support import Proxy, start_proxy
from tests.support.function import APPSEC, Agent, Function, start_agent, start_function
from tests.support.processes import Process, ProcessStarter, free_port, port_is_open, wait_for

Json = dict[str, Any]
WAIT = 2
"""Seconds after which the view gives up waiting for a trace."""


@dataclass(frozen=True)
class View:
    """A running trace view."""

    process: Process
    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **query: object) -> Any:
        """The JSON at this path."""
        answer = requests.get(
            self.url + path, params={name: str(value) for name, value in query.items()}, timeout=30
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, **query: object) -> list[Json]:
        """The rows."""
        rows: list[Json] = self.get("/api/invocations", **query)["invocations"]
        return rows

    def wait_for_record(self, words: str) -> Json:
        """The record of the newest invocation with these words, as soon as it was checked."""

        def found() -> Json:
            for row in self.rows(limit=1, filter=words):
                record: Json = self.get(f"/api/invocations/{row['request_id']}")
                if record["complete"] or record["incomplete"]:
                    return record
            return {}

        return wait_for(found, what=f"the record of an invocation with {words!r}")

    def send(self, document: object) -> requests.Response:
        """Send an event or a request."""
        return requests.post(f"{self.url}/api/invocations", json=document, timeout=60)

    def record(self, document: object) -> Json:
        """Send an event or a request; its record."""
        answer = self.send(document)
        assert answer.status_code == 200, answer.text
        record: Json = answer.json()
        return record


def start_view(
    start_process: ProcessStarter,
    *arguments: str,
    port: int | None = None,
    env: Mapping[str, str] | None = None,
) -> View:
    """Start a trace view and wait for its port."""
    port = port or free_port()
    process = start_process(
        [sys.executable, "-m", "trace_view", "--port", str(port), *arguments],
        env={"TRACE_VIEW_WAIT": str(WAIT), **(env or {})},
    )
    wait_for(lambda: port_is_open(port), what="the trace view's port")
    return View(process, port)


@dataclass(frozen=True)
class System:
    """View, trace agent, function and lambda proxy."""

    view: View
    agent: Agent
    function: Function
    proxy: Proxy
    saved: Path

    @property
    def ports(self) -> Mapping[str, str]:
        """The real address for each that the documentation has."""
        return {
            "localhost:8128": f"127.0.0.1:{self.view.port}",
            "localhost:7777": f"127.0.0.1:{self.proxy.port}",
            "localhost:8080": f"127.0.0.1:{self.function.port}",
        }


def start_system(starter: ProcessStarter) -> System:
    """Start everything; the function's healthcheck is the first invocation."""
    function_port, proxy_port, saved = free_port(), free_port(), starter.folder / "saved"
    env = {
        "RIE_PORT": str(function_port),
        "LAMBDA_PROXY_PORT": str(proxy_port),
        "LAMBDA_EVENT_TYPE": "apigateway-http",
        "SAVED_EVENTS": str(saved),
    }
    view = start_view(starter, env=env)
    told = {"TRACE_VIEW_URL": view.url}
    agent = start_agent(starter, env=told)
    function = start_function(starter, env={**APPSEC, **told}, agent=agent, port=function_port)
    proxy = start_proxy(starter, function_port, env={**env, **told}, port=proxy_port)
    return System(view, agent, function, proxy, saved)
