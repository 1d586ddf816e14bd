"""`python -m lambda_proxy event`: shows the event that a request becomes."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from lambda_proxy.arrival import Arrival
from lambda_proxy.front_doors import BY_NAME
from lambda_proxy.messages import Header, Request
from lambda_proxy.settings import Settings


class SampleError(Exception):
    """The options do not describe a request that becomes an event; the message says why."""


def print_event(settings: Settings, options: argparse.Namespace) -> None:
    """Print the event of the request that the options describe, as JSON; raises SampleError."""
    headers = [_header(text) for text in options.header]
    request = make_request(settings, options.method or "", options.path, headers, _body(options.data))
    front_door = BY_NAME[options.type](settings.options)
    arrival = Arrival.now()
    refusal = front_door.refusal(request, arrival)
    if refusal is not None:
        raise SampleError(
            f"no event: the front door refuses this request with {refusal.status}: {refusal.body.decode()}"
        )
    sys.stdout.write(f"{json.dumps(front_door.event(request, arrival), indent=2, ensure_ascii=False)}\n")


def make_request(
    settings: Settings, method: str, target: str, headers: Sequence[Header], body: bytes
) -> Request:
    """A request as a client would have sent it to the serving proxy; raises SampleError.

    Without a method it is POST where there is a body, and GET where there is none.
    """
    if not target.startswith("/") or not target.isascii() or not target.isprintable() or " " in target:
        raise SampleError(
            f"the path is {target!r}; valid is one that starts with / and is percent-encoded,"
            " such as '/waf?x=%20'"
        )
    host = (
        [] if any(name.lower() == "host" for name, _ in headers) else [("Host", f"localhost:{settings.port}")]
    )
    return Request(
        method=method or ("POST" if body else "GET"),
        target=target,
        headers=[*host, *headers],
        body=body,
        port=settings.port,
    )


def _header(text: str) -> Header:
    name, colon, value = text.partition(":")
    if not colon:
        raise SampleError(f"--header is {text!r}; valid is 'Name: value'")
    return name.strip(), value.strip()


def _body(text: str) -> bytes:
    if not text.startswith("@"):
        return text.encode()
    if text == "@-":
        return sys.stdin.buffer.read()
    try:
        return Path(text[1:]).read_bytes()
    except OSError as error:
        raise SampleError(f"--data: cannot read {text[1:]}: {error.strerror}") from error
