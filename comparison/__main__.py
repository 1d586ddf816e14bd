"""Compares two tracers: `./compare.sh --help`."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm import tqdm

from comparison import imports, speed, telemetry, versions, work
from comparison.report import Report
from comparison.run import Found, OneStartsError, Pair
from comparison.servers import serving
from comparison.sides import PINNED, Side
from scripts.interruption import interruptible, note_signals
from scripts.services import SERVICES, ServiceError, read_services
from scripts.tracer import TracerError
from trace_checks.comparison import differences
from trace_checks.system import StartError, System

SAME, DIFFERENT, FAILED = 0, 1, 2

PARTS = ("telemetry", "imports", "speed")
"""What is compared beside the invocations; `--only` takes these words, too."""

COLD, WARM, STARTS = 7, 100, 3
QUICK_COLD, QUICK_WARM, QUICK_STARTS = 3, 30, 2

DESCRIPTION = """\
Sends the same work to a function with tracer A and to one with tracer B, at the same time: every endpoint
through all five front doors, with AppSec and without; every sample of events/; other settings. Tells what
differs in spans, tags, errors, links, WAF reports, results, log lines, metrics, telemetry, imports and time.

A and B are each what ./run.sh --tracer takes: a requirement such as ddtrace==4.15.0, a wheel, a source
distribution, a Lambda layer (*.zip), a checkout; or a folder with installed packages, or `pinned`. Several
for one side stand in one word: 'ddtrace==4.15.0 datadog-lambda==8.120.0'. With one argument, A is what is
pinned."""
EPILOG = """\
Exit codes: 0 nothing differs, 1 something does (or one of the two cannot be imported or does not start),
2 the comparison could not run or was interrupted. Times and sizes are told, and do not count as a
difference."""


def main(arguments: Sequence[str]) -> int:
    """Compare, tell and write the report; the exit code."""
    parser = argparse.ArgumentParser(
        prog="./compare.sh",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("tracers", nargs="*", metavar="[A] B")
    parser.add_argument("--quick", action="store_true", help="one front door, fewer settings, fewer turns")
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        default=[],
        metavar="WORD,...",
        help="only samples, endpoints (by the first part of the path), front doors, settings or parts of"
        " these names, e.g. waf,sqs",
    )
    parser.add_argument("--events", metavar="FOLDER", help="send the *.json events in it instead of events/")
    parser.add_argument(
        "--with",
        action="append",
        default=[],
        dest="services",
        metavar="SERVICE,...",
        help="also send what needs these, and run one of each beside each of the two, with empty data:"
        f" {', '.join(SERVICES)}; the internal server always runs",
    )
    parser.add_argument(
        "--report", metavar="FOLDER", default="comparison-report", help="where the report goes (%(default)s)"
    )
    parser.add_argument(
        "--versions",
        type=_count,
        nargs="?",
        const=6,
        metavar="N",
        help="instead of all this: print a table of which of the newest N releases of ddtrace (%(const)s)"
        " work with which of datadog_lambda",
    )
    options = parser.parse_args(arguments)
    note_signals()
    command = shlex.join(["./compare.sh", *arguments])
    if options.versions:
        if options.tracers:
            parser.error("--versions takes no tracers: it takes them from the registry")
        return _versions(options.versions, command)
    if not 1 <= len(options.tracers) <= 2:
        parser.error(f"there are {len(options.tracers)} tracers; name A and B, each in one word, or B alone")
    here = Path(os.environ.get("STARTED_IN") or ".")
    events = here / options.events if options.events else None
    try:
        valid = [*work.words(events), *PARTS]
        for word in options.only:
            if word not in valid:
                parser.error(f"--only {word!r} is not known; there are {', '.join(valid)}")
        services = read_services(options.services)
        groups = work.groups(quick=options.quick, only=options.only, folder=events, services=services)
        everything = work.groups(quick=options.quick, only=options.only, folder=events, services=None)
    except (OSError, ValueError) as error:
        parser.error(f"--events: {error}")
    except ServiceError as error:
        parser.error(str(error))
    not_sent = work.not_sent(everything, services)
    parts = [part for part in PARTS if not options.only or part in options.only]
    if not (groups or parts):
        parser.error(
            f"--only {','.join(options.only)} leaves nothing to send: {not_sent or 'no setting of --quick'}"
        )
    texts = options.tracers if len(options.tracers) == 2 else [PINNED, *options.tracers]
    try:
        with interruptible():
            sides = [Side.make(text, here) for text in texts]
            probes = [side.probe() for side in sides]
    except TracerError as error:
        sys.stderr.write(f"error: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return FAILED
    report = Report((sides[0], sides[1]), (probes[0], probes[1]), command)
    report.not_sent = not_sent
    if not any(probe.error for probe in probes):
        try:
            with serving(services) as servers:
                Comparison(report, groups, parts, quick=options.quick).run(servers)
        except KeyboardInterrupt:
            report.ended_early = "interrupted"
        except (StartError, ServiceError, OSError) as error:
            report.ended_early = str(error)
    page = report.write(here / options.report)
    for line in report.lines():
        print(line)  # noqa: T201
    for letter, probe in zip("AB", probes, strict=True):
        if probe.error:
            print(f"\n{letter}: {probe.error}")  # noqa: T201
    print(f"report: {page}")  # noqa: T201
    if report.ended_early or all(probe.error for probe in probes):
        return FAILED
    return SAME if report.is_same else DIFFERENT


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not valid; valid are whole numbers from 1 on")
    return int(text)


def _versions(count: int, command: str) -> int:
    """Print the page of versions; the exit code, 1 where a pair does not work."""
    try:
        with ExitStack() as stack:
            folder = stack.enter_context(TemporaryDirectory(ignore_cleanup_errors=True))
            system = stack.enter_context(System(Path(folder), {}))
            with interruptible():
                # datadog_lambda's project has a name of its own.
                lambdas, ddtraces = (
                    {each: versions.installed(package, each) for each in versions.releases(package, count)}
                    for package in ("datadog-lambda", "ddtrace")
                )
                system.start_agent()
                total = len(lambdas) * len(ddtraces)
                pairs = versions.pairings(lambdas, ddtraces, system)
                found = list(tqdm(pairs, total=total, file=sys.stderr, unit=" pairs"))
    except (TracerError, StartError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return FAILED
    wanted = {each: versions.needs(folder) for each, folder in lambdas.items()}
    print(versions.page(found, wanted, command))  # noqa: T201
    return SAME if all(pairing.works for pairing in found) else DIFFERENT


class Comparison:
    """The whole of a comparison; the report gets what is found as soon as it is found."""

    def __init__(
        self, report: Report, groups: Sequence[work.Group], parts: Sequence[str], *, quick: bool
    ) -> None:
        self.report = report
        self.groups = groups
        self.parts = parts
        self.cold, self.warm, self.starts = (
            (QUICK_COLD, QUICK_WARM, QUICK_STARTS) if quick else (COLD, WARM, STARTS)
        )

    def run(self, servers: Sequence[Mapping[str, str]]) -> None:
        """Compare; each side's function finds its own servers. Raises StartError where one does not start."""
        sizes = {"telemetry": 1, "imports": self.starts, "speed": self.cold + self.warm}
        total = sum(len(group.items) for group in self.groups) + sum(sizes[part] for part in self.parts)
        with ExitStack() as stack:
            systems = []
            for _ in self.report.sides:
                folder = stack.enter_context(TemporaryDirectory(ignore_cleanup_errors=True))
                systems.append(System(Path(folder), {}))
            sides = [side.beside(its) for side, its in zip(self.report.sides, servers, strict=True)]
            self.pair = Pair(sides, systems)
            stack.callback(self.pair.close)
            for system in systems:
                stack.enter_context(system)
            self.bar = stack.enter_context(tqdm(total=total, file=sys.stderr, mininterval=0.5))
            with interruptible():
                self._work()

    def _work(self) -> None:
        self.pair.both(lambda system, _side: system.start_agent())
        for group in self.groups:
            with self._start_may_fail(group.setting.name):
                self.pair.start(group.setting.environment)
                for _ in self.pair.run(group, self.report.results):
                    self._step(group.setting.name)
        for part in self.parts:
            with self._start_may_fail(part):
                getattr(self, f"_{part}")()

    @contextmanager
    def _start_may_fail(self, doing: str) -> Iterator[None]:
        """Take a function that starts on one side only for a result."""
        try:
            yield
        except OneStartsError as error:
            self.report.results.add(f"{doing}: the start", error.found, error.found)

    def _step(self, doing: str) -> None:
        results = self.report.results
        self.bar.set_description(doing.ljust(18), refresh=False)
        self.bar.set_postfix_str(f"{len(results.differing)} differ, {len(results.ways)} ways", refresh=False)
        self.bar.update()

    def _telemetry(self) -> None:
        found = self._told()
        again = self._told() if self.report.results.has_new(found) else found
        self.report.results.add("telemetry", found, again)
        self._step("telemetry")

    def _told(self) -> Found:
        self.pair.start({**work.APPSEC, **telemetry.SETTING})
        events = [item.event for item in work.plain_items()]
        a, b = self.pair.both(lambda system, _side: telemetry.facts(system, events))
        return Found(differences({"traces": [], "telemetry": a}, {"traces": [], "telemetry": b}))

    def _imports(self) -> None:
        event = work.plain_items()[0].event
        for _ in imports.measure(self.pair, event, self.report.imports, dict(work.APPSEC), self.starts):
            self._step("imports")

    def _speed(self) -> None:
        self.pair.start(work.APPSEC)
        event = work.plain_items()[0].event
        for _ in speed.measure(self.pair, event, self.report.speed, self.cold, self.warm):
            self._step("speed")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
