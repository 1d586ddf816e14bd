"""The ports of `./run.sh`, so that each system of the tests gets its own."""

from __future__ import annotations

from tests.support.processes import free_port

PORTS = (
    "LAMBDA_PROXY_PORT",
    "RIE_PORT",
    "AGENT_PORT",
    "TRACE_VIEW_PORT",
    "RUNTIME_API_PORT",
    "EMULATOR_PORT",
    "AGENT_RELAY_PORT",
    "DOGSTATSD_PORT",
)


def free_ports() -> dict[str, str]:
    """Settings with which run.sh does not collide with what else runs here."""
    return {name: str(free_port()) for name in PORTS}
