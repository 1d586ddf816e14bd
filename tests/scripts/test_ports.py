"""PORT_OFFSET: a second system beside the first."""

from __future__ import annotations

import os

import pytest

from scripts.run import UsageError, read_ports

PATH = {"PATH": os.environ["PATH"]}


def test_all_ports_move() -> None:
    ports = read_ports(PATH, aws=True).settings()
    assert set(ports) == {
        *("LAMBDA_PROXY_PORT", "RIE_PORT", "AGENT_PORT", "TRACE_VIEW_PORT", "RUNTIME_API_PORT"),
        *("EMULATOR_PORT", "AGENT_RELAY_PORT", "DOGSTATSD_PORT", "AWS_PORT"),
    }
    moved = read_ports({**PATH, "PORT_OFFSET": "100"}, aws=True).settings()
    assert moved == {name: port + 100 for name, port in ports.items()}


def test_what_is_set_itself_stays() -> None:
    own = {"RIE_PORT": "1234", "DEBUGGER_PORT": "5678", "AGENT_PORT": ""}
    ports = read_ports({**PATH, **own, "PORT_OFFSET": "7"})
    assert (ports.rie_port, ports.debugger_port, ports.agent_port) == (1234, 5678, 8133)


@pytest.mark.parametrize("offset", ["x", "-1", "1.5", "50001"])
def test_an_offset_that_is_not_valid(offset: str) -> None:
    with pytest.raises(
        UsageError, match=f"PORT_OFFSET is '{offset}'; valid are whole numbers from 0 to 50000"
    ):
        read_ports({**PATH, "PORT_OFFSET": offset})
