"""Runs Datadog's test agent behind the rule against other web sites."""

from __future__ import annotations

import socket
import sys
from functools import partial

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
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
    agent.middlewares.insert(0, _refuse(OtherSites.from_environment()))
    return agent


def _refuse(sites: OtherSites) -> Middleware:
    """Make the middleware that answers 403, with a line in the log, to what `sites` refuses."""

    @web.middleware
    async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
        reason = sites.refusal(request.method, request.headers.items())
        if reason is None:
            return await handler(request)
        sys.stderr.write(f"refused {request.method} {request.raw_path}: {reason}\n")
        return web.Response(status=403, text=f"{reason}\n")

    return refuse


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]
