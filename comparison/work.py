"""What is sent to both functions: settings, and under each of them samples and requests."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from comparison.endpoints import requests
from comparison.served import REQUESTS_TO
from lambda_proxy.arrival import Arrival
from lambda_proxy.front_doors import FRONT_DOORS
from trace_checks.hunt import load_samples
from trace_checks.record import Settings

REPOSITORY = Path(__file__).resolve().parents[1]

SAMPLES = REPOSITORY / "events"

RULES = REPOSITORY / "docs/blocking-rules.json"

# With AppSec telemetry is on, whose thread opens files, which AppSec sees: a matter of time. It is compared
# by itself.
PLAIN = {"DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false"}
APPSEC = {**PLAIN, "DD_APPSEC_ENABLED": "true"}


@dataclass(frozen=True)
class Setting:
    """How the two functions are started, and what is sent to them then."""

    name: str
    environment: Mapping[str, str]
    endpoints: str | None = None
    """The endpoints that are sent, as a pattern of their whole paths; None: no endpoint."""
    samples: str | None = r".*"
    """The samples that are sent, as a pattern of their whole names; None: no sample."""
    all_doors: bool = False
    """Whether the endpoints are sent through all front doors, or through the first one only."""
    pause: float = 0
    """Seconds before each invocation, where the tracer does something once in two seconds at the least."""
    cold: bool = False
    """Whether each invocation is the first one of a function that has just started."""
    quick: bool = False
    """Whether `--quick` has it, then with one front door and without samples that are alike."""

    @property
    def for_checks(self) -> Settings:
        """What the trace checks have to know of it."""
        return Settings(
            service="weblog",
            appsec=self.environment.get("DD_APPSEC_ENABLED") == "true",
            inferred_spans=self.environment.get("DD_TRACE_MANAGED_SERVICES") != "false",
        )


ALL = r".*"
FEW = r"/|/waf|/status|/exceptionreplay/simple|/make_distant_call|/requestdownstream"

SETTINGS = (
    Setting("appsec", APPSEC, ALL, all_doors=True, quick=True),
    Setting("plain", PLAIN, ALL, all_doors=True, quick=True),
    Setting("flask-off", {"DD_TRACE_FLASK_ENABLED": "false", **APPSEC}, FEW, samples=None),
    Setting("inferred-off", {"DD_TRACE_MANAGED_SERVICES": "false", **APPSEC}, FEW),
    Setting("service-names-off", {"DD_TRACE_AWS_SERVICE_REPRESENTATION_ENABLED": "false", **APPSEC}, FEW),
    Setting(
        "service-mapping",
        {"DD_SERVICE_MAPPING": "lambda_api_gateway:gateway,lambda_sqs:queues,lambda_url:url"},
        FEW,
    ),
    Setting("payload", {"DD_CAPTURE_LAMBDA_PAYLOAD": "true"}, FEW),
    Setting("propagation", {"DD_TRACE_PROPAGATION_STYLE": "tracecontext,baggage"}, FEW),
    Setting("sampling", {"DD_TRACE_SAMPLING_RULES": '[{"sample_rate": 0}]'}, FEW),
    Setting(
        "blocking", {"DD_APPSEC_RULES": str(RULES), **APPSEC}, "/waf|/status", samples=None, all_doors=True
    ),
    Setting(
        "header-tags", {"DD_TRACE_HEADER_TAGS": "user-agent,x-answer:answer", **APPSEC}, FEW, samples=None
    ),
    Setting(
        "cold-start",
        # Every import makes a span, however short it is: what takes longer than a limit is another each time.
        {"DD_COLD_START_TRACING": "true", "DD_MIN_COLD_START_DURATION": "0", **APPSEC},
        "/metric|/exceptionreplay/simple",
        samples="apigateway-rest|sqs|dynamodb",
        cold=True,
    ),
    Setting(
        "data-streams",
        {
            "DD_DATA_STREAMS_ENABLED": "true",
            "DD_KAFKA_PROPAGATION_ENABLED": "true",
            "DD_BOTOCORE_PROPAGATION_ENABLED": "true",
        },
        "/dsm|/dsm/.*|/(kafka|sqs|sns|kinesis|rabbitmq)/.*",
    ),
    Setting(
        "database-monitoring",
        {"DD_DBM_PROPAGATION_MODE": "full", **PLAIN},
        "/db|/dbm|/stub_dbm",
        samples=None,
    ),
    Setting(
        "ai-guard",
        {"DD_AI_GUARD_ENABLED": "true", "DD_API_KEY": "fake", "DD_APP_KEY": "fake", **APPSEC},
        "/ai_guard/.*",
        samples=None,
    ),
    Setting("open-telemetry", {"DD_TRACE_OTEL_ENABLED": "true"}, "/otel.*|/add_event", samples=None),
    Setting(
        "exception-replay",
        {"DD_EXCEPTION_REPLAY_ENABLED": "true"},
        ".*/exceptionreplay/.*",
        samples=None,
        pause=2.1,
    ),
    Setting(
        "inferred-proxy",
        {"DD_TRACE_INFERRED_PROXY_SERVICES_ENABLED": "true"},
        "/inferred-proxy/.*",
        samples=None,
    ),
    Setting("tracing-off", {"DD_TRACE_ENABLED": "false"}, FEW),
)
"""The settings, in the order in which they run. A developer adds one here."""


@dataclass(frozen=True)
class Item:
    """One invocation."""

    name: str
    event: Any
    names: frozenset[str] = field(default=frozenset())
    """The words by which `--only` finds it."""
    needs: str = ""
    """The service or the package that it needs; empty for nothing."""


@dataclass(frozen=True)
class Group:
    """A setting and the invocations under it."""

    setting: Setting
    items: Sequence[Item]


def groups(
    *,
    quick: bool = False,
    only: Collection[str] = (),
    folder: Path | None = None,
    services: Collection[str] | None = (),
) -> list[Group]:
    """The work: all of it, or the part that `--quick` and `--only` leave.

    `folder` has other samples; `services` are those that run, None: all that any request needs. Raises
    ValueError where the folder has no samples, or one that is not JSON.
    """
    samples = load_samples(folder or SAMPLES)
    arrival = Arrival.now()
    found = []
    for setting in SETTINGS:
        if quick and not setting.quick:
            continue
        items = [
            item
            for item in _items(setting, samples, arrival, services, quick=quick)
            if not only or item.names & set(only) or setting.name in only
        ]
        if items:
            found.append(Group(setting, items))
    return found


def not_sent(everything: Sequence[Group], services: Collection[str]) -> str:
    """What is left out of all this work, because it needs more than these services; empty for nothing."""
    lacking: dict[str, set[str]] = {}
    for item in (item for group in everything for item in group.items):
        if item.needs and item.needs not in services:
            lacking.setdefault(item.needs, set()).update(name for name in item.names if name[0] == "/")
    return "; ".join(
        f"not sent without {what}: {', '.join(sorted(set().union(*(lacking[each] for each in each_of))))}"
        for what, each_of in (
            (
                f"--with {','.join(each for each in REQUESTS_TO if each in lacking)}",
                lacking.keys() & REQUESTS_TO,
            ),
            ("the packages of requirements-drivers.txt", lacking.keys() - REQUESTS_TO),
        )
        if each_of
    )


def plain_items() -> list[Item]:
    """A few invocations that any tracer should stand: a request, and a message of each of some sources."""
    (plain,) = (setting for setting in SETTINGS if setting.name == "plain")
    samples = {name: event for name, event in load_samples(SAMPLES).items() if name in ("sqs", "sns", "s3")}
    items = list(_items(plain, samples, Arrival.now(), (), quick=True))
    return sorted(
        (
            item
            for item in items
            if item.name in samples or item.names & {"/", "/trace/sql", "/make_distant_call"}
        ),
        key=lambda item: item.name in samples,
    )


def words(folder: Path | None = None) -> list[str]:
    """All words that `--only` takes for invocations."""
    every = groups(folder=folder, services=None)
    return sorted({word for group in every for item in group.items for word in item.names})


def _items(
    setting: Setting,
    samples: Mapping[str, Any],
    arrival: Arrival,
    services: Collection[str] | None,
    *,
    quick: bool,
) -> Iterator[Item]:
    for name, event in samples.items():
        if setting.samples is not None and re.fullmatch(setting.samples, name):
            yield Item(name, event, frozenset({name, name.partition("-")[0], "samples", setting.name}))
    if setting.endpoints is None:
        return
    doors = FRONT_DOORS if setting.all_doors and not quick else FRONT_DOORS[:1]
    counts: dict[str, int] = {}
    for path, needs, request in requests():
        if not re.fullmatch(setting.endpoints, path):
            continue
        if needs and services is not None and needs not in services:
            continue
        counts[path] = counts.get(path, 0) + 1
        family = path.split("/")[1].partition(".")[0] or "root"
        words = frozenset({path, family, "endpoints", setting.name, *([needs] if needs else [])})
        for door in doors:
            yield Item(
                f"{request.method} {path} ({counts[path]}) via {door.variant}",
                # As it is read in the function.
                json.loads(json.dumps(door().event(request, arrival))),
                words | {door.variant, door.event_type},
                needs,
            )
