"""Finds the emulators: the configured places, and all addresses behind the name of a single one."""

from __future__ import annotations

import asyncio
import socket

from invoke_api.settings import INVOCATIONS
from lambda_proxy.emulators import Emulators
from lambda_proxy.settings import Settings

# `docker compose up --scale` adds and removes addresses while the proxy runs.
PERIOD = 5.0


async def update(emulators: Emulators, settings: Settings) -> None:
    """Tell `emulators` where to invoke; while the name does not resolve, nothing changes."""
    path = INVOCATIONS.format(name=settings.function_name)
    if settings.emulator_urls:
        emulators.set_urls(f"{url}{path}" for url in settings.emulator_urls)
    elif addresses := await _addresses(settings.emulator_host):
        emulators.set_urls(f"http://{address}:{settings.emulator_port}{path}" for address in addresses)


async def keep_updated(emulators: Emulators, settings: Settings) -> None:
    """Call `update` every few seconds, until cancelled."""
    while True:
        await asyncio.sleep(PERIOD)
        await update(emulators, settings)


async def _addresses(host: str) -> list[str]:
    """Return the IPv4 addresses of a name; none while it does not resolve.

    IPv6 is left out: one emulator listens on both, as `localhost` does, and must not count as two.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
    except socket.gaierror:
        return []
    return sorted({str(address[0]) for *_, address in found})
