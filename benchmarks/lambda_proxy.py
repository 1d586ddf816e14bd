"""Measures the lambda proxy against the emulator alone, both in the same run.

    .venv/bin/python benchmarks/lambda_proxy.py [--event-type TYPE] [--handler MODULE.FUNCTION] [--requests N]

Read the ratios: the milliseconds are this machine's. "own" is the median through the proxy minus
the median straight to the emulator, with the same event. The emulator runs one invocation at a
time, so what one client gets from it is all that there is to get from it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from lambda_proxy.arrival import Arrival  # noqa: E402 - the script runs from anywhere
from lambda_proxy.messages import Request  # noqa: E402
from lambda_proxy.settings import EVENT_TYPES  # noqa: E402
from tests.support.processes import free_port, port_is_open, wait_for  # noqa: E402

INVOCATIONS = "/2015-03-31/functions/function/invocations"
EMULATOR = Path(sys.executable).parent / "aws-lambda-rie"
HEADERS = [("Host", "localhost"), ("User-Agent", "benchmark"), ("Accept", "*/*")]
ROUNDS = 5


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """The least that a function can do."""
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "text/plain"},
        "multiValueHeaders": {"Content-Type": ["text/plain"]},
        "isBase64Encoded": False,
        "body": "Hello world!\n",
    }


def waiting(event: dict[str, Any], context: object) -> dict[str, Any]:
    """A function that waits for somebody else, as most do: here emulators, not cores, are what is scarce."""
    time.sleep(0.01)
    return handler(event, context)


class Exchange(asyncio.Protocol):
    """A client's connection, with no more to it than timing needs."""

    def __init__(self) -> None:
        self.received = b""
        self.answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        """Wait for head and body; only Content-Length and chunked framing occur."""
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return
        length = head.lower().partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]
        if (length and len(body) >= int(length)) or body.endswith(b"0\r\n\r\n"):
            self.received = b""
            self.answered.set_result(head[9:12])


async def load(port: int, request: bytes, clients: int, total: int) -> tuple[float, list[float]]:
    """Send `total` requests over so many connections; requests per second, and seconds for each."""
    loop = asyncio.get_running_loop()
    seconds: list[float] = []
    left = iter(range(total))

    async def one() -> None:
        transport, exchange = await loop.create_connection(Exchange, "127.0.0.1", port)
        for _ in left:
            exchange.answered = loop.create_future()
            begun = time.perf_counter()
            transport.write(request)
            status = await exchange.answered
            seconds.append(time.perf_counter() - begun)
            if status != b"200":
                raise SystemExit(f"status {status.decode()} from port {port}")
        transport.close()

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(clients)))
    return total / (time.perf_counter() - begun), seconds


class Processes(ExitStack):
    """Starts processes and ends them."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def start(self, command: Sequence[object], env: Mapping[str, str], port: int) -> tuple[int, float]:
        """Start a process and wait for its port; its id, and how long that took."""
        with (self.folder / f"{port}.log").open("wb") as log:
            begun = time.perf_counter()
            process = subprocess.Popen(
                [str(word) for word in command],
                cwd=REPOSITORY,
                env={**os.environ, "PYTHONPATH": str(REPOSITORY), **env},
                stdout=log,
                stderr=log,
            )
        self.callback(process.wait)
        self.callback(process.terminate)
        wait_for(lambda: port_is_open(port), what=f"{command[0]} on port {port}")
        return process.pid, time.perf_counter() - begun

    def emulator(self, handler: str) -> int:
        """Start an emulator; its port."""
        port = free_port()
        options = ("--runtime-interface-emulator-address", f"127.0.0.1:{port}")
        runtime = ("--runtime-api-address", f"127.0.0.1:{free_port()}")
        self.start([EMULATOR, *options, *runtime, sys.executable, "-m", "awslambdaric", handler], {}, port)
        return port

    def proxy(self, event_type: str, emulators: Sequence[int]) -> tuple[int, int, float]:
        """Start a proxy; its port, its id, and how long that took."""
        port = free_port()
        urls = ",".join(f"http://127.0.0.1:{emulator}" for emulator in emulators)
        env = {"LAMBDA_EVENT_TYPE": event_type, "RIE_URLS": urls, "LAMBDA_PROXY_PORT": str(port)}
        return port, *self.start([sys.executable, "-m", "lambda_proxy"], env, port)

    def invoke_api(self, emulator: int) -> tuple[int, int, float]:
        """Start an Invoke API in front of an emulator that runs; its port, its id, and how long that took."""
        port = free_port()
        command = [sys.executable, "-m", "invoke_api", "--port", port]
        return port, *self.start(command, {"EMULATOR_PORT": str(emulator)}, port)


def peak_memory(pid: int) -> float:
    """Megabytes that the process needed at most."""
    (line,) = (
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")
    )
    return int(line.split()[1]) / 1024


def measure(processes: Processes, event_type: str, handler: str, requests: int) -> None:
    """Start everything, measure, print."""
    front_door = EVENT_TYPES[event_type]()
    event = json.dumps(front_door.event(Request(headers=HEADERS), Arrival.now())).encode()
    invocation = (
        f"POST {INVOCATIONS} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(event)}\r\n\r\n".encode() + event
    )
    lines = "".join(f"{name}: {value}\r\n" for name, value in HEADERS)
    request = f"GET / HTTP/1.1\r\n{lines}\r\n".encode()

    emulators = [processes.emulator(handler) for _ in range(2)]
    proxy, proxy_pid, proxy_start = processes.proxy(event_type, emulators[:1])
    both, _, _ = processes.proxy(event_type, emulators)
    api, api_pid, api_start = processes.invoke_api(emulators[0])

    runs: dict[str, Callable[[int], Any]] = {
        "emulator alone": lambda total: load(emulators[0], invocation, 1, total),
        "proxy, 1 client": lambda total: load(proxy, request, 1, total),
        "proxy, 8 clients": lambda total: load(proxy, request, 8, total),
        "proxy, 64 clients": lambda total: load(proxy, request, 64, total),
        "proxy, 8 clients, 2 emulators": lambda total: load(both, request, 8, total),
        "Invoke API, 1 client": lambda total: load(api, invocation, 1, total),
    }
    rates: dict[str, list[float]] = {name: [] for name in runs}
    medians: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        asyncio.run(run(100))
    # In turns, so that whatever else the machine does hits all alike.
    for _ in range(ROUNDS):
        for name, run in runs.items():
            rate, seconds = asyncio.run(run(requests // ROUNDS))
            rates[name].append(rate)
            medians[name].append(statistics.median(seconds) * 1000)

    floor = statistics.median(medians["emulator alone"])
    alone = statistics.median(rates["emulator alone"])
    print(f"{event_type}, {handler}; medians of {ROUNDS} rounds\n")
    print(f"{'':32}{'ms':>8}{'own ms':>8}{'req/s':>8}{'of alone':>10}")
    for name in runs:
        median, rate = statistics.median(medians[name]), statistics.median(rates[name])
        own = f"{median - floor:8.2f}" if name.endswith("1 client") else f"{'':8}"
        print(f"{name:32}{median:8.2f}{own}{rate:8.0f}{rate / alone:10.2f}")
    print()
    print(f"proxy: {peak_memory(proxy_pid):.0f} MB at most, listens after {proxy_start:.2f} s")
    print(f"Invoke API: {peak_memory(api_pid):.0f} MB at most, listens after {api_start:.2f} s")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--event-type", choices=list(EVENT_TYPES), default="apigateway-rest")
    parser.add_argument("--handler", default="benchmarks.lambda_proxy.handler", help="the function behind it")
    parser.add_argument("--requests", type=int, default=5000, help="requests per row")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Processes(Path(folder)) as processes:
        measure(processes, options.event_type, options.handler, options.requests)


if __name__ == "__main__":
    main()
