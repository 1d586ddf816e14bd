"""Searches for events that break a sentence: samples and endpoints, changed field after field.

A plain event, the canary, follows each one: its trace shows what the event left behind.
"""

from __future__ import annotations

import copy
import json
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, TextIO

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import sampled_from

from scripts.interruption import interruptible, uninterrupted
from trace_checks.judge import Violation, violations
from trace_checks.mutations import PASSES, renewed, smallest, variants
from trace_checks.record import Record, Settings, pretty
from trace_checks.sources import source_of
from trace_checks.system import REPOSITORY, System

SAMPLES = REPOSITORY / "events"
ENDPOINTS = REPOSITORY / "docs/endpoints.md"

CANARY = {"healthcheck": True}

# A whole context begins a trace of its own, whatever an event before left open.
CLEARING = {
    "healthcheck": True,
    "headers": {
        "x-datadog-trace-id": "1",
        "x-datadog-parent-id": "2",
        "x-datadog-sampling-priority": "1",
    },
}

APPSEC = {"DD_APPSEC_ENABLED": "true"}

# The samples as they are go through functions with these settings, too.
OTHER_SETTINGS: tuple[Mapping[str, str], ...] = (
    {},
    {"DD_TRACE_FLASK_ENABLED": "false"},
    {**APPSEC, "DD_TRACE_AWS_SERVICE_REPRESENTATION_ENABLED": "false"},
    {**APPSEC, "DD_CAPTURE_LAMBDA_PAYLOAD": "true"},
)

# For events that ask the function to sleep until it is ended.
SHORT = {**APPSEC, "AWS_LAMBDA_FUNCTION_TIMEOUT": "10"}
SLEEPER = {
    "Records": [
        {
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:weblog",
            "messageId": "1",
            "attributes": {"SentTimestamp": "1763719200080"},
            "body": '{"weblog": {"do": "sleep", "seconds": 20}}',
        }
    ]
}

SHARE_OF_OTHER_SETTINGS = 0.15

# Seconds for cutting down one event, beyond the end of the search where need be.
CUTTING = 30

# As much of a log is told.
LOG_LINES = 20

Key = tuple[str, ...]


class Tell:
    """What the search tells while it runs; a progress bar overrides it."""

    def invoked(self, found: Mapping[Key, Found], doing: str) -> None:
        """An invocation was judged."""


@dataclass
class Found:
    """A violation, with the smallest event that shows it."""

    violation: Violation
    record: Record
    settings: Mapping[str, str]
    canary: bool
    """Whether it is the next invocation that is broken."""

    @property
    def event(self) -> object:
        """The event that shows it."""
        return self.record["event"]

    @property
    def size(self) -> int:
        """How large the event is."""
        return len(json.dumps(self.event))


class _TimeIsUp(BaseException):
    """Ends a run of hypothesis, which takes an Exception for something found."""


@dataclass
class Hunt:
    """A search. `found` has what it found so far, also when it was interrupted."""

    samples: Mapping[str, Any]
    seconds: float
    seed: int = 0
    out: TextIO | None = None
    tell: Tell = field(default_factory=Tell)
    unchanged: int = 0
    """So many times the samples as they are, and nothing else; 0: the whole search."""
    found: dict[Key, Found] = field(default_factory=dict)
    invocations: int = 0
    _deadline: float = 0

    def __post_init__(self) -> None:
        self._random = Random(self.seed)  # noqa: S311 - no secret
        contexts = [source_of(event).context or {} for event in self.samples.values()]
        self._ids = sorted({context.get("x-datadog-trace-id", "0") for context in contexts} - {"0"})

    def with_new_ids(self, event: object) -> object:
        """The event with other trace ids in place of the samples'.

        A trace that is lost keeps back all later ones of its id; so no two events have the same.
        """
        new: dict[str, str] = {}
        for old in self._ids:
            number = self._random.randrange(10 ** (len(old) - 1), min(10 ** len(old), 1 << 63))
            new |= {old: str(number), f"{int(old):016x}": f"{number:016x}"}
        return renewed(event, new)

    def run(self) -> None:
        """Search until the time is up or everything was tried. Raises StartError."""
        if self.unchanged:
            self._with(APPSEC, self._look_again, self.seconds)
            return
        self._with(APPSEC, self._look_at_everything, self.seconds * (1 - SHARE_OF_OTHER_SETTINGS))
        share = self.seconds * SHARE_OF_OTHER_SETTINGS / (len(OTHER_SETTINGS) + 1)
        for function_settings in OTHER_SETTINGS:
            self._with(function_settings, self._look_at_samples, share)
        self._with(SHORT, self._look_at_sleepers, share)

    def write(self, keys: Iterable[Key]) -> None:
        """Write the records of these to `out`."""
        for key in keys if self.out else ():
            with uninterrupted():
                print(json.dumps(self.found[key].record), file=self.out, flush=True)

    def begin(self, seconds: float) -> None:
        """Let that much time begin."""
        self._deadline = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self._deadline

    def _with(
        self, function_settings: Mapping[str, str], work: Callable[[Looker], None], seconds: float
    ) -> None:
        with (
            tempfile.TemporaryDirectory() as folder,
            System(Path(folder), function_settings) as system,
            interruptible(),
        ):
            system.start()
            looker = Looker(self, system)
            self.begin(seconds)
            try:
                work(looker)
            except _TimeIsUp:
                return

    def _look_at_samples(self, looker: Looker) -> None:
        for name, event in self.samples.items():
            looker.look(event, name)

    def _look_again(self, looker: Looker) -> None:
        for _ in range(self.unchanged):
            for name, event in self.samples.items():
                looker.look(event, name, cut=False)

    def _look_at_sleepers(self, looker: Looker) -> None:
        # Not cut down: each try would take as long as the time-out.
        looker.look(SLEEPER, "asleep", cut=False)

    def _look_at_everything(self, looker: Looker) -> None:
        self._look_at_samples(looker)
        order = list(self.samples)
        Random(self.seed).shuffle(order)  # noqa: S311 - an order, no secret
        first, *others = PASSES
        for name in order:
            self._vary(looker, name, first)
        for name, event in requests(self.samples):
            looker.look(event, name)
        for number in others:
            for name in order:
                self._vary(looker, name, number)

    def _vary(self, looker: Looker, name: str, number: int) -> None:
        changed = variants(self.samples[name], number)

        @seed(self.seed)
        @settings(
            max_examples=len(changed),
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(sampled_from(changed))
        def look(variant: Any) -> None:  # noqa: ANN401 - any JSON
            looker.look(variant, name)

        look()


@dataclass
class Looker:
    """Sends events to one function, and tells the hunt what they show."""

    hunt: Hunt
    system: System
    _healthy: set[Key] = field(default_factory=set)
    _lost: set[str] = field(default_factory=set)
    """The carried trace ids of which a trace was lost since the function was started."""

    def __post_init__(self) -> None:
        self._settings = Settings(
            service="weblog", appsec="DD_APPSEC_ENABLED" in self.system.settings, inferred_spans=True
        )
        # What the canary shows by itself is not the doing of the event before it.
        self._healthy = {
            key_of(found, canary=True) for found in self._judge(self.system.record(CANARY), None)
        }

    def look(self, event: object, doing: str, *, cut: bool = True) -> None:
        """Send the event; cut down what shows something that was not found yet."""
        if self.hunt.is_over:
            raise _TimeIsUp
        shown = self._shown(event)
        found = {key: one for key, one in shown.items() if key not in self.hunt.found}
        # Kept before they are cut down, so that Ctrl-C loses nothing.
        self.hunt.found.update(found)
        self.hunt.tell.invoked(self.hunt.found, doing)
        try:
            for key in found:
                if cut:
                    self._cut_down(key)
        finally:
            self.hunt.write(found)

    def _cut_down(self, key: Key) -> None:
        found = self.hunt.found[key]
        deadline = time.monotonic() + CUTTING

        def shows(event: object) -> bool:
            if time.monotonic() > deadline:
                return False
            shown = self._shown(event, canary=found.canary)
            for other, one in shown.items():
                # It may be the smallest for what was found with it, too.
                if other in self.hunt.found and one.size < self.hunt.found[other].size:
                    self.hunt.found[other] = one
            self.hunt.tell.invoked(self.hunt.found, f"cutting down {found.violation.id}")
            return key in shown

        smallest(found.event, shows)

    def _shown(self, event: object, *, canary: bool = True) -> dict[Key, Found]:
        record = self._sent(event)
        own = self._judge(record, None)
        shown = {key_of(found): self._found(found, record) for found in own}
        if canary or not record["traces"]:
            after = self.system.record(CANARY)
            broken = [
                found
                for found in self._judge(after, record)
                if key_of(found, canary=True) not in self._healthy
            ]
            for found in broken:
                shown[key_of(found, canary=True)] = self._found(found, record, canary=True)
            if broken:
                self._repair()
        return shown

    def _sent(self, event: object) -> Record:
        """The record of the event, sent under a trace id that nothing was lost of."""
        event = self.hunt.with_new_ids(event)
        record = self.system.record(event)
        self.hunt.invocations += 1
        # The trace id of a state machine is made of its name, so that one stays the same.
        trace_id = (source_of(event).context or {}).get("x-datadog-trace-id")
        if trace_id in self._lost and any(found.finding is None for found in self._judge(record, None)):
            self.system.restart()
            self._lost.clear()
            record = self.system.record(event)
        if trace_id and not record["traces"]:
            self._lost.add(trace_id)
        return record

    def _repair(self) -> None:
        self.system.record(CLEARING)
        if {
            key_of(found, canary=True) for found in self._judge(self.system.record(CANARY), None)
        } - self._healthy:
            self.system.restart()

    def _judge(self, record: Record, before: Record | None) -> list[Violation]:
        return violations(record, before, self._settings)

    def _found(self, violation: Violation, record: Record, *, canary: bool = False) -> Found:
        return Found(violation, record, self.system.settings, canary)


def key_of(violation: Violation, *, canary: bool = False) -> Key:
    """What makes two violations the same: for a new one, the span and the words of the detail."""
    words = re.sub(r"'[^']*'|\"[^\"]*\"|-?\d+(\.\d+)?", "#", violation.detail)
    kind = violation.finding or re.sub(r"#(, #)+", "#", words)
    what = "" if violation.finding else violation.span_name or ""
    return ("canary" if canary else "event", violation.id, kind, what)


def load_samples(folder: Path) -> dict[str, Any]:
    """The events in the folder's `.json` files, by name. Raises ValueError where there are none."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise ValueError(f"{folder} has no .json files")
    return {file.stem: _loaded(file) for file in files}


def _loaded(file: Path) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(file.read_text())
    except ValueError as error:
        raise ValueError(f"{file} is not valid JSON: {error}") from None


def requests(samples: Mapping[str, Any], page: Path = ENDPOINTS) -> Iterator[tuple[str, Any]]:
    """Every endpoint of the page of endpoints, through every sample that is an HTTP request."""
    for path, methods in re.findall(
        r"^### `(\S+)`\n(?:### .*\n)*([A-Z, ]+)$", page.read_text(), re.MULTILINE
    ):
        for status in ("200", "500") if "<int:" in path else ("",):
            concrete = re.sub(r"<[a-z]*:?[a-z_]+>", "a", path.replace("<int:status_code>", status))
            for name, sample in samples.items():
                event = with_path(sample, methods.split(",")[0], concrete)
                if event is not None:
                    yield f"{name} {concrete}", event


def with_path(sample: Any, method: str, path: str) -> Any:  # noqa: ANN401 - any JSON
    """The HTTP sample with another method and path; None where it is not an HTTP request."""
    event = copy.deepcopy(sample)
    if not isinstance(event, dict) or "methodArn" in event or "routeArn" in event:
        return None
    context = event.get("requestContext")
    if not isinstance(context, dict) or "connectionId" in context:
        return None
    if isinstance(context.get("http"), dict):
        event["rawPath"] = path
        context["http"] |= {"method": method, "path": path}
        return event
    event |= {"path": path, "httpMethod": method}
    if "elb" not in context:
        context |= {"path": f"/{context.get('stage')}{path}", "httpMethod": method}
    return event


def lines(found: Sequence[Found]) -> Iterator[str]:
    """The report: each violation once, with its event and the log."""
    for one in found:
        violation = one.violation
        yield f"{violation.finding or 'NEW'} {violation.id}: {violation.sentence}"
        where = f"{violation.span_name}: " if violation.span_name else ""
        yield f"  {'the next invocation: ' if one.canary else ''}{where}{violation.detail}"
        if dict(one.settings) != APPSEC:
            chosen = " ".join(f"{name}={value}" for name, value in one.settings.items())
            yield f"  settings: {chosen or 'none'}"
        yield from (f"  {line}" for line in pretty(one.event).splitlines())
        said = [line for line in one.record["log"] if line.strip(" ^~") and not _OF_EMULATOR.search(line)]
        yield from (f"  | {line}" for line in said[:LOG_LINES])
        if len(said) > LOG_LINES:
            yield f"  | and {len(said) - LOG_LINES} lines more"
        yield ""


# The emulator's own lines, and that nobody takes metrics here.
_OF_EMULATOR = re.compile(r"^(START|END|REPORT) RequestId|\(rapid\)|Error submitting packet")
