"""The command line of the event source mappings: `python -m event_sources --help`."""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Sequence

from event_sources.settings import SettingError, Settings

DESCRIPTION = """\
Brings messages of an AWS endpoint to a Lambda function, as Lambda's event source mappings do.

commands:
  (none)              poll the sources of the mappings, and invoke, until SIGTERM or Ctrl-C
  sample SOURCE       print an event of a source, without invoking anything

settings, from the environment:
  AWS_ENDPOINT_URL    the AWS endpoint (http://127.0.0.1:4566)
  AWS_REGION          its region (us-east-1)
  AWS_PORT            the port of the endpoint that --aws serves (4566)
  RIE_HOST, RIE_PORT  where the function is invoked (127.0.0.1, 8080)
  FUNCTION_NAME       the function's name, where a mapping has none (function)
  EVENT_SOURCE_MAPPINGS
                      the file with the mappings (event_sources/mappings.json)
  EVENT_SOURCE_RETRY_SECONDS
                      the pause before a stream's batch is tried again; it doubles each time (1)
  EVENT_SOURCE_IDLE_SECONDS
                      the pause after a poll that found nothing (0.5)
"""
SAMPLE_DESCRIPTION = """\
Prints an event of a source, with an id of its own and the time of now:

  python -m event_sources sample sqs --body '{"hello": "world"}' --trace-id 123 --parent-id 456 |
    curl -d @- http://127.0.0.1:8080/2015-03-31/functions/function/invocations
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command; its exit code."""
    try:
        settings = Settings.read(os.environ)
        if arguments[:1] == ["sample"]:
            return _sample(settings, arguments[1:])
        return _run(settings, arguments)
    except SettingError as error:
        return _fail(2, str(error))


def _run(settings: Settings, arguments: Sequence[str]) -> int:
    parser = _parser("python -m event_sources", DESCRIPTION)
    parser.add_argument(
        "--aws", action="store_true", help="serve the AWS endpoint too, and make what mappings.json names"
    )
    options = parser.parse_args(arguments)
    from event_sources import mapping
    from event_sources.runner import Runner

    logging.basicConfig(format="event_sources: %(message)s", level=logging.WARNING)
    logging.getLogger("event_sources").setLevel(logging.INFO)
    if options.aws:
        settings = settings.own_aws()
    mappings = mapping.read(settings.mappings)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if options.aws:
        from event_sources import local_aws

        local_aws.serve(settings)
        local_aws.make_resources(settings)
    Runner(settings, mappings, stop).run()
    return 0


def _sample(settings: Settings, arguments: Sequence[str]) -> int:
    from event_sources.sources import SAMPLES, Sample, SampleError

    parser = _parser("python -m event_sources sample", SAMPLE_DESCRIPTION)
    parser.add_argument("source", choices=SAMPLES, help=f"one of {', '.join(SAMPLES)}", metavar="SOURCE")
    parser.add_argument(
        "--body", default=Sample.body, help="body, data, item, detail or object (%(default)s)"
    )
    parser.add_argument(
        "--attribute",
        action="append",
        default=[],
        help="NAME=VALUE, a message attribute, any number of times",
    )
    parser.add_argument("--trace-id", help="the trace's id: a decimal number, or 32 hexadecimal digits")
    parser.add_argument("--parent-id", help="the producer's span id: a decimal number (a random one)")
    parser.add_argument("--count", type=int, default=1, help="how many records (%(default)s)")
    parser.add_argument("--key", default=Sample.key, help="of s3: the object's key (%(default)s)")
    options = parser.parse_args(arguments)
    try:
        sample = Sample(
            body=options.body,
            attributes=dict(_attribute(text) for text in options.attribute),
            trace_id=_id("--trace-id", options.trace_id, 128),
            parent_id=_id("--parent-id", options.parent_id, 64),
            count=options.count,
            key=options.key,
            region=settings.region,
        )
        if not 1 <= sample.count <= 10000:
            raise SampleError(f"--count is {sample.count}; valid are whole numbers from 1 to 10000")
        if sample.parent_id and not sample.trace_id:
            raise SampleError("--parent-id goes with --trace-id")
        event = SAMPLES[options.source](sample)
    except SampleError as error:
        return _fail(2, str(error))
    sys.stdout.write(f"{json.dumps(event, indent=2, ensure_ascii=False)}\n")
    return 0


def _attribute(text: str) -> tuple[str, str]:
    from event_sources.sources import SampleError

    name, equals, value = text.partition("=")
    if not (name and equals):
        raise SampleError(f"--attribute is {text!r}; valid is NAME=VALUE")
    return name, value


def _id(option: str, text: str | None, bits: int) -> int | None:
    from event_sources.sources import SampleError

    if text is None:
        return None
    number = int(text, 16) if bits == 128 and re.fullmatch("[0-9a-fA-F]{32}", text) else 0
    if not number and re.fullmatch("[0-9]{1,39}", text):
        number = int(text)
    if not 0 < number < 2**bits:
        valid = "a decimal number, or 32 hexadecimal digits" if bits == 128 else "a decimal number"
        raise SampleError(f"{option} is {text!r}; valid is {valid}, greater than 0, of {bits} bits at most")
    return number


def _parser(name: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=name, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def _fail(code: int, message: str) -> int:
    sys.stderr.write(f"event_sources: {message}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
