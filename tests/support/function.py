"""The function as users run it: entrypoint.sh, the real emulator, a real trace agent that keeps the spans."""

from __future__ import annotations

import gzip
import json
import os
import sys
import time
from base64 import b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgpack
import requests

from tests.support.emulator import INVOCATIONS
from tests.support.events import EventType, HttpRequest, HttpResponse, Json
from tests.support.processes import REPOSITORY, Process, ProcessStarter, free_port, port_is_open, wait_for
from tests.support.waf_rules import write_rules
from trace_checks.judge import new_violations
from trace_checks.record import Record, Settings

Span = dict[str, Any]

# By this path datadog_lambda and ddtrace know that there is an extension.
EXTENSION = Path("/opt/extensions/datadog-agent")


@dataclass(frozen=True)
class Trace:
    """The spans that one invocation sent."""

    spans: list[Span]

    def named(self, name: str) -> list[Span]:
        """The spans of that name."""
        return [span for span in self.spans if span["name"] == name]

    def one(self, name: str) -> Span:
        """The only span of that name."""
        found = self.named(name)
        assert len(found) == 1, f"{len(found)} spans {name!r} among {[span['name'] for span in self.spans]}"
        return found[0]

    @property
    def function(self) -> Span:
        """The `aws.lambda` span, the entry span of the request."""
        return self.one("aws.lambda")

    @property
    def meta(self) -> dict[str, str]:
        """The string tags of the `aws.lambda` span."""
        meta: dict[str, str] = self.function["meta"]
        return meta

    @property
    def metrics(self) -> dict[str, float]:
        """The numeric tags of the `aws.lambda` span."""
        metrics: dict[str, float] = self.function["metrics"]
        return metrics

    @property
    def rules(self) -> set[str]:
        """The ids of the WAF rules that matched, from the `aws.lambda` span."""
        triggers = self.function.get("meta_struct", {}).get("appsec", {}).get("triggers", [])
        return {trigger["rule"]["id"] for trigger in triggers}

    def schema(self, part: str) -> Any:
        """An API Security schema, e.g. of `req.body`; the tag is gzip in base64."""
        return json.loads(gzip.decompress(b64decode(self.meta[f"_dd.appsec.s.{part}"])))


@dataclass(frozen=True)
class TelemetryMessage:
    """What a tracer told of itself; the headers, by lower-case names, say which process it is."""

    kind: str
    payload: Any
    headers: dict[str, str]

    @property
    def session(self) -> str:
        """The process: what its traces have as `runtime-id`."""
        return self.headers["dd-session-id"]


@dataclass
class Agent:
    """A running trace agent."""

    process: Process
    port: int
    dogstatsd_port: int

    def traces(self) -> list[list[Span]]:
        """All traces since the last `clear`."""
        answer = requests.get(f"http://127.0.0.1:{self.port}/test/session/traces", timeout=30)
        traces: list[list[Span]] = answer.json()
        return traces

    def checkpoints(self) -> list[dict[str, Any]]:
        """All checkpoints of data streams since the last `clear`: `EdgeTags`, `Hash`, `ParentHash` ..."""
        requested = requests.get(f"http://127.0.0.1:{self.port}/test/session/requests", timeout=30).json()
        payloads = [
            msgpack.unpackb(b64decode(request["body"]))
            for request in requested
            if request["url"].endswith("/v0.1/pipeline_stats")
        ]
        return [
            stats for payload in payloads for bucket in payload["Stats"] for stats in bucket.get("Stats", [])
        ]

    def telemetry(self) -> list[TelemetryMessage]:
        """All messages of the tracers' telemetry since the last `clear`, taken out of their batches."""
        answer = requests.get(f"http://127.0.0.1:{self.port}/test/session/requests", timeout=30)
        messages = []
        for request in answer.json():
            if not request["url"].endswith("/telemetry/proxy/api/v2/apmtelemetry"):
                continue
            headers = {name.lower(): value for name, value in request["headers"].items()}
            document = json.loads(b64decode(request["body"]))
            batch = document["payload"] if document["request_type"] == "message-batch" else [document]
            messages += [TelemetryMessage(one["request_type"], one.get("payload"), headers) for one in batch]
        return messages

    def clear(self) -> None:
        """Forget what came so far."""
        requests.get(f"http://127.0.0.1:{self.port}/test/session/clear", timeout=30).raise_for_status()


def start_agent(start_process: ProcessStarter, *, env: Mapping[str, str] | None = None) -> Agent:
    """Start the stand-in for the extension and wait for its port."""
    port, dogstatsd_port = free_port(), free_port()
    options = {"--port": port, "--dogstatsd-port": dogstatsd_port}
    words = [str(word) for option in options.items() for word in option]
    process = start_process([sys.executable, "-m", "trace_agent", *words], env=env)
    wait_for(lambda: port_is_open(port), what="the trace agent's port")
    return Agent(process, port, dogstatsd_port)


@dataclass
class Function:
    """The function under the emulator, with its agent."""

    process: Process
    port: int
    agent: Agent
    settings: Settings = field(default_factory=Settings)
    """What the checks of its traces have to know."""
    _last: Record | None = None

    def post(self, payload: bytes) -> requests.Response:
        """Invoke with these bytes; the Invoke API's own answer."""
        self._last = None
        return requests.post(f"http://127.0.0.1:{self.port}{INVOCATIONS}", data=payload, timeout=60)

    def invoke(self, event: object) -> Any:
        """Invoke with this event; the result, parsed."""
        return self.post(json.dumps(event).encode()).json()

    def traced(self, event: object, *, breaks: Collection[str] = ()) -> tuple[Any, Trace]:
        """Invoke with this event; the result, and the one trace that the agent then got."""
        result, (trace,) = self.all_traced(event, breaks=breaks)
        return result, trace

    def all_traced(
        self, event: object, *, count: int = 1, breaks: Collection[str] = ()
    ) -> tuple[Any, list[Trace]]:
        """Invoke with this event; the result, and all traces that the agent then got, `count` at least.

        Raises AssertionError where they break a sentence of trace_checks, unless a known finding explains
        it. `breaks` are the ids of the checks that the invocation breaks on purpose.
        """
        before = self._last
        self.agent.clear()
        with self.process.log.open("rb") as log:
            log.seek(0, os.SEEK_END)
            started = time.time_ns()
            result = self.invoke(event)
            ended = time.time_ns()
            lines = log.read().decode(errors="replace").splitlines()

        def arrived() -> list[list[Span]]:
            traces = self.agent.traces()
            return traces if len(traces) >= count else []

        traces = wait_for(arrived, what=f"{count} traces at the agent")
        failed = isinstance(result, dict) and "errorType" in result and "statusCode" not in result
        self._last = {
            "event": event,
            "result": result,
            "function_error": "Unhandled" if failed else None,
            "started": started,
            "ended": ended,
            "log": lines,
            "traces": traces,
        }
        found = new_violations(self._last, before, self.settings)
        new = [violation for violation in found if violation.id not in breaks]
        assert not new, "\n".join(f"{one.id}: {one.span_name}: {one.detail}" for one in new)
        return result, [Trace(spans) for spans in traces]

    def request(
        self, event_type: EventType, *, breaks: Collection[str] = (), **request: Any
    ) -> tuple[HttpResponse, Trace]:
        """Send an HTTP request through that front door; the response, and the spans."""
        result, trace = self.traced(event_type.event(HttpRequest(**request)), breaks=breaks)
        return event_type.response(result), trace


def function_environment(agent_port: int, port: int) -> dict[str, str]:
    """What entrypoint.sh needs to run beside the other programs on this machine."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "RIE_PORT": str(port),
        "EMULATOR_PORT": str(free_port()),
        "RUNTIME_API_PORT": str(free_port()),
        "AGENT_PORT": str(agent_port),
        "AGENT_RELAY_PORT": str(free_port()),
        "DD_TRACE_AGENT_URL": f"http://127.0.0.1:{agent_port}",
        "DD_SERVICE": "weblog",
        # On a busy machine, too, every rule is evaluated and every request is sampled.
        "DD_APPSEC_WAF_TIMEOUT": "10000000",
        "DD_API_SECURITY_SAMPLE_DELAY": "0",
        "DD_TRACE_RATE_LIMIT": "10000",
        "DD_COLD_START_TRACING": "false",
    }


def start_function(
    start_process: ProcessStarter, *, env: Mapping[str, str] | None = None, agent: Agent | None = None
) -> Function:
    """Start an agent (unless one is given) and the function, and wait until its cold start is over."""
    agent = agent or start_agent(start_process)
    port = free_port()
    process = start_process(
        [REPOSITORY / "entrypoint.sh"], env={**function_environment(agent.port, port), **(env or {})}
    )
    wait_for(lambda: port_is_open(port), what="the emulator's port")
    inferred = (env or {}).get("DD_TRACE_MANAGED_SERVICES", "true").lower() != "false"
    function = Function(process, port, agent, Settings(inferred_spans=inferred))
    health: Json = function.invoke({"healthcheck": True})
    assert health["status"] == "ok", process.output
    return function


APPSEC: Mapping[str, str] = {"DD_APPSEC_ENABLED": "true"}


@dataclass
class Functions:
    """The functions of a test session: one for each environment that a test asks for, and one agent.

    A function is shared by all tests that ask for the same settings, so that a further test file does
    not cost a further cold start. A test that changes or ends its function starts one of its own, with
    `start_function`.
    """

    starter: ProcessStarter
    _running: dict[frozenset[tuple[str, str]], Function] = field(default_factory=dict)
    _agent: Agent | None = None

    @property
    def agent(self) -> Agent:
        """The agent to which they all send."""
        if self._agent is None:
            self._agent = start_agent(self.starter)
        return self._agent

    def __call__(self, env: Mapping[str, str] = APPSEC, **more: str) -> Function:
        """The function with these settings: AppSec on, unless `env` says otherwise, and `more`."""
        settings = {**env, **more}
        key = frozenset(settings.items())
        if key not in self._running:
            self._running[key] = start_function(self.starter, env=settings, agent=self.agent)
        return self._running[key]

    def blocking(self, **more: str) -> Function:
        """The function with AppSec and the rules of `tests.support.waf_rules`, which block."""
        rules = self.starter.folder / "rules.json"
        if not rules.exists():
            write_rules(rules)
        return self(APPSEC, DD_APPSEC_RULES=str(rules), **more)
