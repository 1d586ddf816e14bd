"""The command line of the trace agent: `python -m trace_agent --help`."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Sequence

from trace_agent.dogstatsd import start_dogstatsd
from trace_agent.settings import SettingError, Settings


def main(arguments: Sequence[str]) -> str | None:
    """Serve until SIGINT or SIGTERM; an error message when a setting is wrong or a port is taken."""
    try:
        settings = Settings.read(os.environ)
    except SettingError as error:
        return f"error: {error}"
    options = _parser(settings).parse_args(arguments)
    for port in (options.port, options.trace_view_port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((options.host, port))
            except OSError as error:
                return f"error: port {port} on {options.host} cannot be listened on: {error.strerror}"
    try:
        start_dogstatsd(options.host, options.dogstatsd_port)
    except OSError as error:
        # Traces come in all the same.
        sys.stderr.write(f"metrics are not shown: UDP port {options.dogstatsd_port}: {error.strerror}\n")

    # Takes a second to import: a mistake is told before.
    from trace_agent.agent import run_agent

    run_agent(options.host, options.port, options.trace_view_port)
    return None


def _parser(settings: Settings) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m trace_agent",
        description="A trace agent with a view in the browser, in place of the Datadog extension.",
        epilog="The defaults of the ports come from AGENT_PORT, TRACE_VIEW_PORT and DOGSTATSD_PORT."
        " ALLOWED_HOSTS are further host names, separated by commas, by which a browser may call"
        " the agent and its view; * allows every name.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=int, default=settings.port, help="the trace agent's port (%(default)s)"
    )
    parser.add_argument(
        "--trace-view-port", type=int, default=settings.view_port, help="the browser's port (%(default)s)"
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
