"""Takes the metrics that datadog_lambda sends, so that none of them is refused, and prints them."""

from __future__ import annotations

import socket
import threading


def start_dogstatsd(host: str, port: int) -> None:
    """Listen on the UDP port in the background and print a line for every metric.

    Raises OSError when the port is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind((host, port))
    threading.Thread(target=_print_metrics, args=(listener,), daemon=True).start()


def _print_metrics(listener: socket.socket) -> None:
    while True:
        datagram = listener.recv(65535).decode(errors="replace")
        for metric in datagram.splitlines():
            print(f"dogstatsd: {metric}", flush=True)  # noqa: T201 - a log line is what is wanted
