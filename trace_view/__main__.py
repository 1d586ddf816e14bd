"""The command line of the trace view: `python -m trace_view --help`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from trace_view.settings import SAVED_EVENTS, WAIT, SettingError, Settings


def main(arguments: Sequence[str]) -> str | None:
    """Serve until SIGINT or SIGTERM; an error message when a setting is wrong or the port is taken."""
    try:
        settings = Settings.read(os.environ)
    except SettingError as error:
        return f"error: {error}"
    options = _parser(settings).parse_args(arguments)
    records = []
    if options.records:
        try:
            records = [json.loads(line) for line in options.records.read_text().splitlines() if line.strip()]
        except (OSError, ValueError) as error:
            return f"error: {options.records} cannot be read: {error}"

    from trace_view.serving import serve

    try:
        asyncio.run(serve(settings, options.host, options.port, records))
    except OSError as error:
        return f"error: port {options.port} on {options.host} cannot be listened on: {error.strerror}"
    return None


def _parser(settings: Settings) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m trace_view",
        description="A page in the browser and a JSON API with one record for each invocation.",
        epilog="The default of the port comes from TRACE_VIEW_PORT. TRACE_VIEW_WAIT is how many seconds a"
        f" trace is waited for ({WAIT}), SAVED_EVENTS the folder for events that you save ({SAVED_EVENTS})."
        " RIE_HOST, RIE_PORT and FUNCTION_NAME say where events are sent, as for the lambda proxy."
        " ALLOWED_HOSTS are further host names, separated by commas, by which a browser may call the view;"
        " * allows every name.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=settings.port, help="the port (%(default)s)")
    parser.add_argument(
        "--records", type=Path, metavar="FILE.jsonl", help="show the records in this file, one a line"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
