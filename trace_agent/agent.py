"""Runs Datadog's test agent behind the rule against other web sites."""

from __future__ import annotations

import socket
from functools import partial

from aiohttp import web
from ddapm_test_agent.agent import main, make_app

from invoke_api.access_log import is_told
from invoke_api.other_sites import OtherSites
from invoke_api.view_sender import ViewSender
from trace_agent.recording import tell_of_messages


def run_agent(host: str, port: int, sender: ViewSender | None) -> None:
    """Serve until SIGINT or SIGTERM."""
    otlp_http_port, otlp_grpc_port = _free_ports()
    main(
        [
            f"--host={host}",
            f"--port={port}",
            # Nothing here speaks OTLP, and the usual ports may be somebody's.
            f"--otlp-http-port={otlp_http_port}",
            f"--otlp-grpc-port={otlp_grpc_port}",
            "--log-level=ERROR",
            # It would ask Datadog whether the key is valid, and not start where that cannot be reached.
            "--dd-api-key=",
            # It would pass all it gets on to the agent that the tracer's own setting names.
            "--agent-url=",
        ],
        app_factory=partial(_make_agent, sender),
    )


def _make_agent(sender: ViewSender | None, **options: object) -> web.Application:
    agent: web.Application = make_app(**options)
    if sender is not None or is_told():
        agent.middlewares.append(tell_of_messages(sender))
    agent.middlewares.insert(0, web.middleware(OtherSites.from_environment().middleware(_refused)))
    return agent


def _refused(reason: str) -> web.Response:
    return web.Response(status=403, text=f"{reason}\n")


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]
