"""Runs the checks: `python -m trace_checks --help`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.interruption import interruptible, note_signals
from trace_checks import system, trace_view
from trace_checks.checks import CHECKS
from trace_checks.findings import FINDINGS
from trace_checks.judge import Violation, violations
from trace_checks.reproduce import reproductions

if TYPE_CHECKING:
    from trace_checks.hunt import Found, Key


# What the checks take for granted of a span.
_FIELDS = {"name", "service", "resource", "trace_id", "span_id", "start", "duration"}


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0; 1 where a violation is not a known finding; 2 on bad input or without a function."""
    parser = argparse.ArgumentParser(
        prog="python -m trace_checks",
        description="Says whether invocations left whole, sane traces.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="all checks with their sentences, and the known findings")
    listing.add_argument("--markdown", action="store_true", help="as the tables of docs/trace-checks.md")
    listing.set_defaults(run=_list)

    check = commands.add_parser(
        "check",
        help="the violations in recorded invocations, or in those of a running system",
        description="Checks recorded invocations, one JSON object a line, in the order in which they ran; or"
        " the last ones of a running system, which its trace view has kept. Exits with 1 where a violation is"
        " not a known finding.",
    )
    check.add_argument("files", nargs="*", metavar="FILE", help="JSON lines; - is standard input")
    check.add_argument("--url", help="the trace view of a running system, e.g. http://localhost:8128")
    check.add_argument("--last", type=_whole, default=1000, help="how many of them (%(default)s)")
    check.add_argument("--all", action="store_true", help="tell known findings, too")
    check.set_defaults(run=_check)

    reproduce = commands.add_parser(
        "reproduce",
        help="show a known finding",
        description="Starts a function, sends it the smallest event that shows the finding (a file of"
        " trace_checks/events), and tells what the trace breaks. Exits with 1 where that is not the finding.",
    )
    reproduce.add_argument("name", choices=reproductions(), metavar="NAME", help="such as D8 or D14.rest")
    reproduce.set_defaults(run=_reproduce)

    hunt = commands.add_parser(
        "hunt",
        help="search for events that break a sentence",
        description="Starts a function and sends it every sample and every endpoint, changed field after"
        " field, with a plain event after each. Tells each violation once, with the smallest event that shows"
        " it. Ctrl-C ends it and keeps what was found. Exits with 1 where something is not a known finding.",
    )
    hunt.add_argument("--seconds", type=_positive, default=600, help="how long to search (%(default)s)")
    hunt.add_argument("--seed", type=int, default=0, help="another order of the changes (%(default)s)")
    hunt.add_argument("--samples", type=Path, metavar="FOLDER", help="the events to begin with (events/)")
    hunt.add_argument(
        "--unchanged",
        type=_whole,
        default=0,
        metavar="TIMES",
        help="only send the samples as they are, so often",
    )
    hunt.add_argument("--out", type=Path, metavar="FILE.jsonl", help="write the records of what was found")
    hunt.set_defaults(run=_hunt)

    options = parser.parse_args(arguments)
    code: int = options.run(options, parser)
    return code


def _positive(text: str) -> float:
    seconds = float(text)
    if seconds <= 0:
        raise ValueError(text)
    return seconds


def _whole(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise ValueError(text)
    return number


def _list(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    if options.markdown:
        print(tables())  # noqa: T201
        return 0
    width = max(len(check.id) for check in CHECKS)
    for check in CHECKS:
        print(f"{check.id:{width}}  {check.sentence}")  # noqa: T201
    print("\nKnown findings, told in docs/findings.md:")  # noqa: T201
    for finding in FINDINGS:
        print(f"{finding.id:{width}}  {finding.sentence}")  # noqa: T201
    return 0


def tables() -> str:
    """All checks and all known findings, as the tables of docs/trace-checks.md."""
    checks = [f"| `{check.id}` | {check.sentence} |" for check in CHECKS]
    findings = [
        f"| {finding.id} | {finding.sentence} | {', '.join(f'`{name}`' for name in sorted(finding.breaks))} |"
        for finding in FINDINGS
    ]
    head = ["| check | must hold |", "| --- | --- |"]
    return "\n".join(
        [*head, *checks, "", "| finding | what happens | breaks |", "| --- | --- | --- |", *findings]
    )


def _check(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    if bool(options.files) == bool(options.url):
        parser.error("check needs either files or --url")
    given = _kept(options, parser) if options.url else _recorded(options.files, parser)
    before = None
    is_new = False
    for place, record in given:
        _refuse_other(place, record, parser)
        found = violations(record, before)
        before = record
        is_new = is_new or any(violation.finding is None for violation in found)
        for violation in found:
            if options.all or violation.finding is None:
                print(f"{place}: {record.get('request_id')}: {_told(violation)}")  # noqa: T201
    return int(is_new)


def _told(violation: Violation) -> str:
    where = f"{violation.span_name}: " if violation.span_name else ""
    return f"{violation.finding or 'NEW'} {violation.id}: {where}{violation.detail} ({violation.sentence})"


def _kept(
    options: argparse.Namespace, parser: argparse.ArgumentParser
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        for record in trace_view.records(options.url.rstrip("/"), options.last):
            yield options.url, record
    except trace_view.ViewError as error:
        parser.error(str(error))


def _recorded(
    files: Sequence[str], parser: argparse.ArgumentParser
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name in files:
        try:
            lines = sys.stdin.readlines() if name == "-" else Path(name).read_text().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            parser.error(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}")
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield f"{name}, line {number}", json.loads(line)
            except ValueError as error:
                parser.error(f"{name}, line {number} is not valid JSON: {error}")


def _refuse_other(place: str, record: Any, parser: argparse.ArgumentParser) -> None:  # noqa: ANN401
    """End with an error where this is not a record."""
    if not isinstance(record, dict) or not isinstance(record.get("traces"), list):
        parser.error(f"{place} is not a record: it needs an object with `traces`, a list")
    spans = [span for trace in record["traces"] for span in (trace if isinstance(trace, list) else [None])]
    if not all(isinstance(span, dict) and span.keys() >= _FIELDS for span in spans):
        parser.error(
            f"{place} is not a record: `traces` needs lists of spans with {', '.join(sorted(_FIELDS))}"
        )


def _reproduce(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    one = reproductions()[options.name]
    note_signals()
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            system.System(Path(folder), one.settings) as running,
            interruptible(),
        ):
            running.start()
            found = one.violations(running.record)
    except system.StartError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201
        return 2
    for violation in found:
        print(_told(violation))  # noqa: T201
    return int({violation.finding for violation in found} != {one.finding, *one.also})


def _hunt(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    note_signals()
    try:
        from tqdm import tqdm

        from trace_checks import hunt
    except ImportError as error:
        parser.error(
            f"hunt needs the package {error.name}: .venv/bin/pip install -r trace_checks/requirements.txt"
        )
    try:
        samples = hunt.load_samples(options.samples or hunt.SAMPLES)
        out = options.out.open("w") if options.out else None
    except (OSError, ValueError) as error:
        parser.error(str(error))

    class Bar(hunt.Tell):
        def invoked(self, found: Mapping[Key, Found], doing: str) -> None:
            findings = Counter(one.violation.finding or "new" for one in found.values())
            told = " ".join(f"{name}:{many}" for name, many in sorted(findings.items()))
            bar.set_description(doing[:30].ljust(30), refresh=False)
            bar.set_postfix_str(f"{search.invocations} events {told}", refresh=False)
            bar.update(min(time.monotonic() - began, options.seconds) - bar.n)

    problem = ""
    with ExitStack() as stack:
        if out:
            stack.enter_context(out)
        began = time.monotonic()
        shape = "{desc}{percentage:3.0f}% |{bar:20}| {n:.0f}/{total:.0f} s{postfix}"
        bar = stack.enter_context(
            tqdm(total=options.seconds, file=sys.stderr, mininterval=0.5, bar_format=shape)
        )
        search = hunt.Hunt(samples, options.seconds, options.seed, out, Bar(), options.unchanged)
        try:
            search.run()
        except KeyboardInterrupt:
            print("interrupted; what was found so far:", file=sys.stderr)  # noqa: T201
        except system.StartError as error:
            problem = str(error)
    found = sorted(search.found.values(), key=lambda one: (one.violation.finding or "", one.violation.id))
    for line in hunt.lines(found):
        print(line)  # noqa: T201
    new = sum(one.violation.finding is None for one in found)
    print(f"{search.invocations} events, {len(found)} violations, {new} of them new, seed {options.seed}")  # noqa: T201
    if problem:
        print(f"error: the search ended early: {problem}", file=sys.stderr)  # noqa: T201
        return 2
    return int(new > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
