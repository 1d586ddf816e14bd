"""`python -m lambda_proxy send`: sends one request through any front door."""

from __future__ import annotations

import argparse
import json
import sys

from lambda_proxy.discovery import update
from lambda_proxy.emulators import Emulators
from lambda_proxy.event_command import read_request
from lambda_proxy.exchange import handle
from lambda_proxy.front_doors import BY_NAME
from lambda_proxy.recording import Noted, message
from lambda_proxy.settings import Settings


async def print_response(settings: Settings, options: argparse.Namespace) -> None:
    """Send the request that the options describe, and print what came back; raises SampleError."""
    request = read_request(settings, options)
    emulators = Emulators()
    await update(emulators, settings)
    noted = Noted(emulators)
    try:
        response = await handle(BY_NAME[options.type](settings.options), noted, request)
    finally:
        emulators.close()
    document = {
        "request_id": noted.request_id or None,
        "request": {"method": request.method, "target": request.target, **message(request)},
        "response": {"status": response.status, **message(response)},
    }
    sys.stdout.write(f"{json.dumps(document)}\n")
