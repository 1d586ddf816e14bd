"""The command line of the trace agent: `python -m trace_agent --help`."""

from __future__ import annotations

import argparse
import os
import socket
import sys
import time
from collections.abc import Sequence
from functools import partial

from invoke_api.view_sender import ViewSender
from trace_agent.dogstatsd import start_dogstatsd
from trace_agent.settings import SettingError, Settings


def main(arguments: Sequence[str]) -> str | None:
    """Serve until SIGINT or SIGTERM; an error message when a setting is wrong or a port is taken."""
    try:
        settings = Settings.read(os.environ)
    except SettingError as error:
        return f"error: {error}"
    options = _parser(settings).parse_args(arguments)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((options.host, options.port))
        except OSError as error:
            return f"error: port {options.port} on {options.host} cannot be listened on: {error.strerror}"
    sender = ViewSender(settings.trace_view, "trace_agent", _report) if settings.trace_view else None
    try:
        start_dogstatsd(options.host, options.dogstatsd_port, partial(_pass_on, sender))
    except OSError as error:
        # Traces come in all the same.
        sys.stderr.write(f"metrics are not shown: UDP port {options.dogstatsd_port}: {error.strerror}\n")

    # Takes a second to import: a mistake is told before.
    from trace_agent.agent import run_agent

    run_agent(options.host, options.port, sender)
    return None


def _pass_on(sender: ViewSender | None, metric: str) -> None:
    if sender is not None:
        now = time.time_ns()
        sender.tell(lambda: {"part": "metric", "time": now, "line": metric}, len(metric))


def _report(message: str) -> None:
    sys.stderr.write(f"{message}\n")


def _parser(settings: Settings) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m trace_agent",
        description="A trace agent in place of the Datadog extension.",
        epilog="The defaults of the ports come from AGENT_PORT and DOGSTATSD_PORT. TRACE_VIEW_URL is the"
        " address of the trace view, which is told of everything (none). ALLOWED_HOSTS are further host"
        " names, separated by commas, by which a browser may call the agent; * allows every name.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=int, default=settings.port, help="the trace agent's port (%(default)s)"
    )
    parser.add_argument(
        "--dogstatsd-port",
        type=int,
        default=settings.dogstatsd_port,
        help="the UDP port for metrics (%(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
