"""Which releases of ddtrace and datadog_lambda work together: each pair gets one event of each kind."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib.metadata import Distribution
from pathlib import Path

from comparison.run import start
from comparison.sides import Side
from comparison.work import APPSEC, SAMPLES
from scripts import interruption
from scripts.tracer import TRACERS, TracerError
from trace_checks.hunt import load_samples
from trace_checks.system import StartError, System

KINDS = (
    "healthcheck",
    "apigateway-rest",
    "apigateway-http",
    "function-url",
    "application-load-balancer",
    "application-load-balancer-multi",
    "websocket-message",
    "authorizer-request",
    "sqs",
    "sns",
    "s3",
    "kinesis",
    "dynamodb",
    "eventbridge",
    "cloudwatch-logs",
    "step-functions",
    "kafka",
    "msk",
    "appsync",
    "cognito-pre-sign-up",
    "cloudfront-request",
    "durable-execution",
    "custom",
)
"""The samples of events/ that are sent to each pair: one of each kind."""


@dataclass
class Pairing:
    """What two releases do together."""

    datadog_lambda: str
    ddtrace: str
    error: str | None = None
    """Why they do not start; None where they do."""
    failing: dict[str, str] = field(default_factory=dict)
    """What is wrong with the answers, by the kind of event."""

    @property
    def works(self) -> bool:
        """Whether they start and answer everything."""
        return self.error is None and not self.failing

    @property
    def note(self) -> str:
        """What is wrong."""
        if self.error is not None:
            return f"it does not start: {self.error}"
        return "; ".join(f"{kind}: {what}" for kind, what in self.failing.items())


def releases(package: str, count: int) -> list[str]:
    """The newest releases that the registry offers, newest first. Raises TracerError."""
    done = interruption.run(
        [sys.executable, "-m", "pip", "index", "versions", package],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    found = read_releases(done.stdout)
    if done.returncode or not found:
        said = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise TracerError(f"pip could not list the releases of {package} ({said[0]})")
    return found[:count]


def read_releases(text: str) -> list[str]:
    """The releases in what `pip index versions` writes, newest first."""
    found = re.search(r"^Available versions: (.*)$", text, re.MULTILINE)
    return found[1].split(", ") if found else []


def installed(package: str, version: str) -> Path:
    """A folder with this release alone, installed unless it is there. Raises TracerError."""
    folder = TRACERS / f"{package}-{version}"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        done = interruption.run(
            [
                *(sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"),
                *("--target", str(folder), f"{package}=={version}"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        if done.returncode:
            said = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
            raise TracerError(f"pip could not install {package}=={version} ({said[0]})")
        (folder / "complete").touch()
    return folder


def pairings(lambdas: Mapping[str, Path], ddtraces: Mapping[str, Path], system: System) -> Iterator[Pairing]:
    """Try each pair, with a system whose agent runs; each one when it is known."""
    samples = load_samples(SAMPLES)
    for datadog_lambda, lambda_folder in lambdas.items():
        for ddtrace, ddtrace_folder in ddtraces.items():
            side = Side(f"{datadog_lambda} {ddtrace}", {"PYTHONPATH": f"{lambda_folder}:{ddtrace_folder}"})
            pairing = Pairing(datadog_lambda, ddtrace)
            _try(pairing, side, system, {kind: samples[kind] for kind in KINDS})
            yield pairing


def _try(pairing: Pairing, side: Side, system: System, events: Mapping[str, object]) -> None:
    probe = side.probe()
    if probe.error:
        pairing.error = probe.reason
        return
    try:
        start(system, side, APPSEC)
        for kind, event in events.items():
            record = system.record(event)
            if record["function_error"]:
                pairing.failing[kind] = f"the function fails with {record['result']['errorType']}"
            elif not record["traces"]:
                pairing.failing[kind] = "no trace arrives"
    except StartError as error:
        pairing.error = str(error).partition("\n")[0]


def needs(folder: Path) -> tuple[str, ...]:
    """Which ddtrace the datadog_lambda in the folder asks pip for; one line for each range of Pythons."""
    (place,) = folder.glob("datadog_lambda-*.dist-info")
    return tuple(text for text in Distribution.at(place).requires or [] if re.match(r"ddtrace\b", text))


def page(
    found: Sequence[Pairing],
    wanted: Mapping[str, Sequence[str]],
    command: str,
    python: str = sys.version.split()[0],
) -> str:
    """The page docs/versions.md. `wanted`: what each datadog_lambda asks for."""
    ddtraces = list(dict.fromkeys(pairing.ddtrace for pairing in found))
    notes = list(dict.fromkeys(pairing.note for pairing in found if not pairing.works))
    rows = []
    for datadog_lambda in dict.fromkeys(pairing.datadog_lambda for pairing in found):
        cells = [
            "yes" if pairing.works else f"no ({notes.index(pairing.note) + 1})"
            for pairing in found
            if pairing.datadog_lambda == datadog_lambda
        ]
        rows.append(f"| {datadog_lambda} | {' | '.join(cells)} |")
    asks: dict[tuple[str, ...], list[str]] = {}
    for datadog_lambda, texts in wanted.items():
        asks.setdefault(tuple(texts), []).append(datadog_lambda)
    lines = [
        "# The versions that work",
        "",
        "Does a ddtrace work with a datadog_lambda? Here are the newest releases of each that the registry",
        "offers. Each pair is started under the emulator and gets one event of each kind, with AppSec.",
        "`yes`: the function starts, answers all of them, and a trace arrives for each.",
        "",
        f"Made on {datetime.now(timezone.utc):%Y-%m-%d}, with Python {python}, by:",
        "",
        "```console",
        f"$ {command} > docs/versions.md",
        "```",
        "",
        f"| datadog_lambda | {' | '.join(f'ddtrace {each}' for each in ddtraces)} |",
        f"| --- |{' --- |' * len(ddtraces)}",
        *rows,
        "",
        *(f"{number}. {note}" for number, note in enumerate(notes, 1)),
        *([""] if notes else []),
        "Each release is installed without its dependencies; the pinned ones are used. What the packages of",
        "datadog_lambda ask pip for:",
        "",
        *(
            f"- {', '.join(names)}: {', '.join(f'`{text}`' for text in texts) or 'any ddtrace'}"
            for texts, names in asks.items()
        ),
        "",
        "The kinds of events, as their samples in `events/` are called:",
        "",
        *(f"- `{kind}`" for kind in KINDS),
    ]
    return "\n".join(lines)
