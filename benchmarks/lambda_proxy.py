"""Measures the lambda proxy against the emulator alone, both in the same run.

    .venv/bin/python benchmarks/lambda_proxy.py [--event-type TYPE] [--handler MODULE.FUNCTION] [--requests N]
    .venv/bin/python benchmarks/lambda_proxy.py --client

Read the ratios: the milliseconds are this machine's. "own" is the median through the proxy minus
the median straight to the emulator, with the same event. The emulator runs one invocation at a
time, so what one client gets from it is all that there is to get from it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
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

import aiohttp

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from invoke_api.api import PATIENCE  # noqa: E402 - the script runs from anywhere
from lambda_proxy.arrival import Arrival  # noqa: E402
from lambda_proxy.connection import Connection  # noqa: E402
from lambda_proxy.front_doors import BY_NAME  # noqa: E402
from lambda_proxy.messages import Request  # noqa: E402
from lambda_proxy.settings import Settings  # noqa: E402
from tests.support.processes import free_port, port_is_open, wait_for  # noqa: E402

INVOCATIONS = "/2015-03-31/functions/function/invocations"
EMULATOR = Path(sys.executable).parent / "aws-lambda-rie"
HEADERS = [("Host", "localhost"), ("User-Agent", "benchmark"), ("Accept", "*/*")]
ROUNDS = 5
# Name, content type, body, and by how much fewer of them are sent than of empty ones.
BODIES = (
    ("an empty body", "text/plain", b"", 5),
    (
        "1 MB of JSON",
        "application/json",
        json.dumps({f"key {number}": "value " * 10 for number in range(12_800)}).encode(),
        100,
    ),
    ("4 MB of binary", "application/octet-stream", bytes(range(256)) * 16 * 1024, 100),
)


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
    """Send `total` requests over `clients` connections; return requests a second and the seconds of each."""
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


def framed(start: str, body: bytes, kind: str = "application/json") -> bytes:
    """Return a request with this request line and this body."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in [*HEADERS, ("Content-Type", kind)])
    return f"{start} HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


def measure(processes: Processes, event_type: str, handler: str, requests: int) -> None:
    """Start everything, measure, print."""
    front_door = BY_NAME[event_type](Settings.read({}).options)

    def invocation(request: Request) -> bytes:
        event = json.dumps(front_door.event(request, Arrival.now())).encode()
        return framed(f"POST {INVOCATIONS}", event)

    get = Request(headers=HEADERS)
    request = framed("GET /", b"")

    emulators = [processes.emulator(handler) for _ in range(2)]
    proxy, proxy_pid, proxy_start = processes.proxy(event_type, emulators[:1])
    both, _, _ = processes.proxy(event_type, emulators)
    api, api_pid, api_start = processes.invoke_api(emulators[0])
    chain, _, _ = processes.proxy(event_type, [api])

    print(f"{event_type}, {handler}; medians of {ROUNDS} rounds\n")
    compare(
        {
            "emulator alone": lambda total: load(emulators[0], invocation(get), 1, total),
            "proxy, 1 client": lambda total: load(proxy, request, 1, total),
            "proxy, 8 clients": lambda total: load(proxy, request, 8, total),
            "proxy, 64 clients": lambda total: load(proxy, request, 64, total),
            "proxy, 8 clients, 2 emulators": lambda total: load(both, request, 8, total),
            "Invoke API, 1 client": lambda total: load(api, invocation(get), 1, total),
            "proxy and Invoke API, 1 client": lambda total: load(chain, request, 1, total),
        },
        requests,
    )
    for name, kind, body, share in BODIES:
        post = Request("POST", "/", [*HEADERS, ("Content-Type", kind)], body)
        large, event = framed("POST /", body, kind), invocation(post)
        print(f"\nPOST, {name}\n")
        compare(
            {
                "emulator alone": lambda total, event=event: load(emulators[0], event, 1, total),  # type: ignore[misc]
                "proxy, 1 client": lambda total, large=large: load(proxy, large, 1, total),  # type: ignore[misc]
                "Invoke API, 1 client": lambda total, event=event: load(api, event, 1, total),  # type: ignore[misc]
                "proxy and Invoke API, 1 client": lambda total, large=large: load(chain, large, 1, total),  # type: ignore[misc]
            },
            max(ROUNDS, requests // share),
        )
    print()
    print(f"proxy: {peak_memory(proxy_pid):.0f} MB at most, listens after {proxy_start:.2f} s")
    print(f"Invoke API: {peak_memory(api_pid):.0f} MB at most, listens after {api_start:.2f} s")


def compare(runs: Mapping[str, Callable[[int], Any]], requests: int) -> None:
    """Measure these in turns and print a line each; the first is the floor."""
    rates: dict[str, list[float]] = {name: [] for name in runs}
    medians: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        asyncio.run(run(max(3, requests // 50)))
    # In turns, so that whatever else the machine does hits all alike.
    for _ in range(ROUNDS):
        for name, run in runs.items():
            rate, seconds = asyncio.run(run(requests // ROUNDS))
            rates[name].append(rate)
            medians[name].append(statistics.median(seconds) * 1000)

    floor, alone = (statistics.median(next(iter(found.values()))) for found in (medians, rates))
    print(f"{'':32}{'ms':>8}{'of alone':>10}{'own ms':>8}{'req/s':>8}{'of alone':>10}")
    for name in runs:
        median, rate = statistics.median(medians[name]), statistics.median(rates[name])
        own = f"{median / floor:10.2f}{median - floor:8.2f}" if name.endswith("1 client") else f"{'':18}"
        print(f"{name:32}{median:8.2f}{own}{rate:8.0f}{rate / alone:10.2f}")


async def serve_answers(port: int) -> None:
    """Answer each request at once, as the least that an Invoke API could be."""
    answer = b"HTTP/1.1 200 OK\r\nx-amzn-RequestId: 1\r\nContent-Length: 130\r\n\r\n%b" % (b"x" * 130)

    class Answers(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            if data.endswith(b"!"):
                self.transport.write(answer)  # type: ignore[attr-defined]

    server = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", port)
    await server.serve_forever()


async def compare_clients(port: int, requests: int) -> None:
    """Print what an invocation takes with the proxy's own client and with aiohttp's.

    The processor's time is this process's alone, so other work on the machine matters little.
    """
    url, event = f"http://127.0.0.1:{port}{INVOCATIONS}", b"x" * 1200 + b"!"
    connection = await Connection.open(url)
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(),
    )
    loop = asyncio.get_running_loop()

    async def own() -> None:
        answered: asyncio.Future[object] = loop.create_future()
        connection.send(event, 29, answered.set_result)
        await answered

    async def post() -> None:
        async with session.post(url, data=event, headers={PATIENCE: "29"}) as response:
            await response.read()

    async def library() -> None:
        # A task, as the proxy would need it: the invocation goes on when the client has left.
        await asyncio.create_task(post())

    clients = {"own client": own, "aiohttp's client": library}
    seconds: dict[str, list[float]] = {name: [] for name in clients}
    processor: dict[str, list[float]] = {name: [] for name in clients}
    batch = 100
    for _ in range(max(1, requests // batch)):
        for name, invoke in clients.items():
            used = time.process_time()
            for _ in range(batch):
                begun = time.perf_counter()
                await invoke()
                seconds[name].append(time.perf_counter() - begun)
            processor[name].append((time.process_time() - used) / batch)
    print(f"{'':32}{'ms':>8}{'of the processor':>20}")
    for name in clients:
        print(
            f"{name:32}{statistics.median(seconds[name]) * 1000:8.3f}"
            f"{statistics.median(processor[name]) * 1000:20.3f}"
        )
    await session.close()
    connection.close()


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--event-type", choices=list(BY_NAME), default="apigateway-rest")
    parser.add_argument("--handler", default="benchmarks.lambda_proxy.handler", help="the function behind it")
    parser.add_argument("--requests", type=int, default=5000, help="requests per row")
    parser.add_argument(
        "--client", action="store_true", help="compare the proxy's HTTP client with aiohttp's"
    )
    options = parser.parse_args()
    if options.client:
        port = free_port()
        server = multiprocessing.Process(target=lambda: asyncio.run(serve_answers(port)))
        server.start()
        wait_for(lambda: port_is_open(port), what="the server")
        asyncio.run(compare_clients(port, options.requests))
        server.terminate()
        return
    with tempfile.TemporaryDirectory() as folder, Processes(Path(folder)) as processes:
        measure(processes, options.event_type, options.handler, options.requests)


if __name__ == "__main__":
    main()
