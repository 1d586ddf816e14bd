"""What the trace view costs the function: `.venv/bin/python -m benchmarks.trace_view [--requests N]`.

Two systems of trace agent, function and lambda proxy, one of them with the view, to which a client listens.
`GET /` through the front door of each in turn, so that whatever else the machine does hits both. Read the
ratio.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.support.function import APPSEC, start_agent, start_function
from tests.support.processes import ProcessStarter, free_port, port_is_open, wait_for

WARM_UP = 50
BLOCK = 50
PAUSE = 0.3


class Client:
    """Sends `GET /` over one connection that stays open."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def __call__(self) -> float:
        """The milliseconds until the answer was there."""
        begin = time.perf_counter()
        self._connection.request("GET", "/")
        response = self._connection.getresponse()
        body = response.read()
        elapsed = time.perf_counter() - begin
        assert (response.status, body) == (200, b"Hello world!\n"), body
        return elapsed * 1000


def start_system(starter: ProcessStarter, view: Mapping[str, str]) -> Client:
    """Start agent, function and proxy; `view` names the trace view, if there is one."""
    agent = start_agent(starter, env=view)
    function = start_function(starter, env={**APPSEC, **view}, agent=agent)
    port = free_port()
    env = {"RIE_PORT": str(function.port), "LAMBDA_PROXY_PORT": str(port), **view}
    starter([sys.executable, "-m", "lambda_proxy"], env=env)
    wait_for(lambda: port_is_open(port), what="the proxy's port")
    return Client(port)


def start_view(starter: ProcessStarter) -> int:
    """Start the view, and listen to it as an open page does; its port."""
    port = free_port()
    starter([sys.executable, "-m", "trace_view", "--port", str(port)])
    wait_for(lambda: port_is_open(port), what="the view's port")
    stream = http.client.HTTPConnection("127.0.0.1", port)
    stream.request("GET", "/api/stream")
    answer = stream.getresponse()

    def read() -> None:
        # Until the view ends.
        with suppress(OSError, http.client.HTTPException):
            while answer.read1():
                pass

    threading.Thread(target=read, daemon=True).start()
    return port


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=2000, help="to each system (%(default)s)")
    requests = parser.parse_args().requests
    with tempfile.TemporaryDirectory() as folder:
        starter = ProcessStarter(Path(folder))
        try:
            view = start_view(starter)
            clients = {
                "without": start_system(starter, {}),
                "with the view": start_system(starter, {"TRACE_VIEW_URL": f"http://127.0.0.1:{view}"}),
            }
            for client in clients.values():
                for _ in range(WARM_UP):
                    client()
            times: dict[str, list[float]] = {name: [] for name in clients}
            for turn in range(requests // BLOCK):
                order = list(clients.items())
                for name, client in order if turn % 2 else reversed(order):
                    times[name] += [client() for _ in range(BLOCK)]
                    # What is told of these must not hit the others.
                    time.sleep(PAUSE)
        finally:
            starter.stop_all()
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    for name, taken in times.items():
        slow = statistics.quantiles(taken, n=20)[-1]
        print(f"{name:15} median {medians[name]:6.2f} ms, 95th percentile {slow:6.2f} ms")
    print(f"ratio of the medians {medians['with the view'] / medians['without']:.3f}")


if __name__ == "__main__":
    main()
