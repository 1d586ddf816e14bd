"""Runs the stand-in: `python -m trace_agent --help`."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Sequence

from trace_agent.dogstatsd import start_dogstatsd


def main(arguments: Sequence[str]) -> str | None:
    """Serve until SIGINT or SIGTERM; an error message when a port is taken."""
    parser = argparse.ArgumentParser(
        prog="python -m trace_agent",
        description="A trace agent with a view, in place of the Datadog extension.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8126, help="the trace agent's port (%(default)s)")
    parser.add_argument("--trace-view-port", type=int, default=8128, help="the browser's port (%(default)s)")
    parser.add_argument("--dogstatsd-port", type=int, default=8125, help="UDP port for metrics (%(default)s)")
    options = parser.parse_args(arguments)

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
        # Losing metrics is no reason to lose traces.
        sys.stderr.write(f"metrics are not shown: UDP port {options.dogstatsd_port}: {error.strerror}\n")

    from ddapm_test_agent.agent import main as run_agent

    otlp_http_port, otlp_grpc_port = _free_ports()
    run_agent(
        [
            f"--host={options.host}",
            f"--port={options.port}",
            f"--web-ui-port={options.trace_view_port}",
            # Nothing here speaks OTLP, and the usual ports may be somebody's.
            f"--otlp-http-port={otlp_http_port}",
            f"--otlp-grpc-port={otlp_grpc_port}",
            "--log-level=ERROR",
            # It would ask Datadog whether the key is valid, and not start where that cannot be reached.
            "--dd-api-key=",
        ]
    )
    return None


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
