"""`python -m lambda_proxy event`: shows the event that a request becomes."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from lambda_proxy.arrival import Arrival
from lambda_proxy.front_doors import BY_NAME
from lambda_proxy.messages import Header, Request
from lambda_proxy.settings import Settings


class SampleError(Exception):
    """The options do not describe a request that becomes an event; the message says why."""


def print_event(settings: Settings, options: argparse.Namespace) -> None:
    """Print the event of the request that the options describe, as JSON; raises SampleError."""
    request = read_request(settings, options)
    front_door = BY_NAME[options.type](settings.options)
    arrival = Arrival.now()
    refusal = front_door.refusal(request, arrival)
    if refusal is not None:
        raise SampleError(
            f"no event: the front door refuses this request with {refusal.status}: {refusal.body.decode()}"
        )
    sys.stdout.write(f"{json.dumps(front_door.event(request, arrival), indent=2, ensure_ascii=False)}\n")


def read_request(settings: Settings, options: argparse.Namespace) -> Request:
    """The request that the options describe; raises SampleError."""
    body = _body(options.data)
    headers = [_header(text) for text in options.header]
    if not any(name.lower() == "host" for name, _ in headers):
        headers.insert(0, ("Host", f"localhost:{settings.port}"))
    request = Request(
        method=options.method or ("POST" if body else "GET"),
        target=options.path,
        headers=headers,
        body=body,
        port=settings.port,
    )
    if not request.target.startswith("/") or not request.target.isascii():
        raise SampleError(
            f"--path is {request.target!r}; valid is a path that starts with / and is percent-encoded,"
            " such as '/waf?x=%20'"
        )
    return request


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
