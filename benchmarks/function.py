"""How fast the function is, beside a bare handler: `.venv/bin/python -m benchmarks.function`.

For each HTTP event type, `GET /` through the real emulator with a real trace agent: the first answer
after a cold start, and the median of warm ones. For each other source its sample event, warm. The
floor is a handler that returns a constant, wrapped by datadog_lambda too: no weblog can be faster.
Milliseconds depend on the machine; the ratios are what counts. Functions take turns, so that whatever
else the machine does hits all.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.emulator import INVOCATIONS
from tests.support.events import EVENT_TYPES, HttpRequest
from tests.support.function import EXTENSION, Agent, function_environment, start_agent
from tests.support.processes import REPOSITORY, ProcessStarter, free_port, port_is_open, wait_for
from tests.support.samples import SAMPLES

# One sample a source.
SOURCES = (
    "sqs",
    "sns",
    "s3",
    "kinesis",
    "dynamodb",
    "eventbridge",
    "cloudwatch-logs",
    "step-functions",
    "websocket-message",
    "authorizer-request",
    "appsync",
    "cognito-pre-sign-up",
    "msk",
    "cloudfront-request",
    "durable-execution",
    "custom",
)

FLOOR = "bare handler"
FUNCTIONS = {
    FLOOR: {"DD_LAMBDA_HANDLER": "benchmarks.bare.lambda_handler"},
    "weblog, Flask's spans off": {"DD_TRACE_FLASK_ENABLED": "false"},
    "weblog": {},
}


class Invoker:
    """Invokes one function over one connection that stays open."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def __call__(self, payload: bytes) -> float:
        """The milliseconds until the answer was there; AssertionError when it is no good one."""
        begin = time.perf_counter()
        self.connection.request("POST", INVOCATIONS, payload)
        body = self.connection.getresponse().read()
        elapsed = time.perf_counter() - begin
        result = json.loads(body)
        assert ("errorType" in result, result.get("statusCode", 200)) == (False, 200), body
        return elapsed * 1000


@contextmanager
def running(agent: Agent, settings: dict[str, str]) -> Iterator[Invoker]:
    """A function that has not been invoked yet: the emulator starts it with the first invocation."""
    with tempfile.TemporaryDirectory() as folder:
        starter = ProcessStarter(Path(folder))
        environment = function_environment(agent.port, free_port())
        # The emulator itself: the queue in front of it is not what is measured here.
        port = int(environment["EMULATOR_PORT"])
        starter([REPOSITORY / "entrypoint.sh"], env={**environment, **settings})
        try:
            wait_for(lambda: port_is_open(port), what="the emulator's port")
            yield Invoker(port)
        finally:
            starter.stop_all()


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.function", description=__doc__)
    parser.add_argument("--cold", type=int, default=5, help="cold starts a function and type (%(default)s)")
    parser.add_argument(
        "--warm", type=int, default=300, help="warm requests a function and type (%(default)s)"
    )
    parser.add_argument(
        "--appsec", choices=["true", "false"], default="true", help="DD_APPSEC_ENABLED (%(default)s)"
    )
    options = parser.parse_args()
    requests = {known.name: json.dumps(known.event(HttpRequest())).encode() for known in EVENT_TYPES}
    sources = {name: SAMPLES[name].read_bytes() for name in SOURCES}
    settings = {
        name: {"DD_APPSEC_ENABLED": options.appsec, "DD_COLD_START_TRACING": "true", **more}
        for name, more in FUNCTIONS.items()
    }

    with tempfile.TemporaryDirectory() as folder:
        starter = ProcessStarter(Path(folder))
        try:
            agent = start_agent(starter)
            cold = measure_cold(agent, settings, requests, options.cold)
            warm = measure_warm(agent, settings, {**requests, **sources}, options.warm)
        finally:
            starter.stop_all()

    print(
        f"GET /, AppSec {options.appsec}, {options.cold} cold and {options.warm} warm requests each; medians"
    )
    if not EXTENSION.exists():
        print(f"{EXTENSION} is missing: traces are sent in the background, not within the invocation")
    print(f"\n{'event type':32}{'function':27}{'cold ms':>9}{'ratio':>7}{'warm ms':>9}{'ratio':>7}")
    for event_type in (*requests, *sources):
        for name in FUNCTIONS:
            print_row(event_type, name, cold, warm)
    for title, events in (("all HTTP event types", requests), ("all other sources", sources)):
        print(f"\n{title}")
        for name in FUNCTIONS:
            print(f"{'':32}{name:27}{median_ratio(cold, events, name)}{median_ratio(warm, events, name)}")


Times = dict[tuple[str, str], float]


def print_row(event_type: str, name: str, cold: Times, warm: Times) -> None:
    """One line of the table; sources are not measured cold."""
    print(f"{event_type:32}{name:27}" + "".join(columns(times, event_type, name) for times in (cold, warm)))


def columns(times: Times, event_type: str, name: str) -> str:
    """The milliseconds and the ratio to the floor; blank where nothing was measured."""
    if (event_type, name) not in times:
        return " " * 16
    value, floor = times[event_type, name], times[event_type, FLOOR]
    return f"{value:9.2f}{value / floor:7.2f}"


def median_ratio(times: Times, events: Iterable[str], name: str) -> str:
    """The median of the ratios of these events; blank where nothing was measured."""
    ratios = [times[event, name] / times[event, FLOOR] for event in events if (event, name) in times]
    return f"{'':9}{statistics.median(ratios):7.2f}" if ratios else " " * 16


def measure_cold(
    agent: Agent, settings: dict[str, dict[str, str]], payloads: dict[str, bytes], count: int
) -> Times:
    """The median time of the first answer."""
    times: dict[tuple[str, str], list[float]] = {}
    for _ in range(count):
        for event_type, payload in payloads.items():
            for name, environment in settings.items():
                agent.clear()
                with running(agent, environment) as invoke:
                    times.setdefault((event_type, name), []).append(invoke(payload))
    return {key: statistics.median(values) for key, values in times.items()}


def measure_warm(
    agent: Agent, settings: dict[str, dict[str, str]], payloads: dict[str, bytes], count: int
) -> Times:
    """The median time of the answers after twenty others."""
    from contextlib import ExitStack

    times: dict[tuple[str, str], list[float]] = {}
    with ExitStack() as stack:
        invokers = {name: stack.enter_context(running(agent, more)) for name, more in settings.items()}
        for event_type, payload in payloads.items():
            agent.clear()
            for turn in range(count + 20):
                for name, invoke in invokers.items():
                    elapsed = invoke(payload)
                    if turn >= 20:
                        times.setdefault((event_type, name), []).append(elapsed)
    return {key: statistics.median(values) for key, values in times.items()}


if __name__ == "__main__":
    main()
