"""The suite's wiring: the function's traces go to a recording proxy, which forwards them to port 8127."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from tests.image.containers import ContainerStarter, alb_event, docker, mount
from tests.support.processes import wait_for

RECORDINGS = "/tmp/recordings.jsonl"


@pytest.fixture
def network(image: None) -> Iterator[str]:
    """A network of its own; containers on it find each other by name."""
    name = f"weblog-test-{os.getpid()}"
    docker("network", "create", name)
    yield name
    docker("network", "rm", name)


def test_traces_reach_the_extension_through_a_recording_proxy(
    network: str, start_container: ContainerStarter
) -> None:
    proxy = start_container(
        *("python", "/recorder.py", "8126", "http://weblog:8127", RECORDINGS),
        options=[
            *mount("tests/image/files/recorder.py", "/recorder.py"),
            "--network",
            network,
            "--network-alias",
            "proxy",
        ],
        ports=(8126,),
    )
    weblog = start_container(
        env={"DD_AGENT_HOST": "proxy", "DD_TRACE_AGENT_PORT": "8126", "DD_SERVICE": "weblog"},
        options=["--network", network, "--network-alias", "weblog"],
    )
    assert weblog.invoke(alb_event("/"))["statusCode"] == 200

    def recorded() -> list[str]:
        lines = proxy.execute("sh", "-c", f"cat {RECORDINGS} 2>/dev/null || true").splitlines()
        return [path for path, status in map(json.loads, lines) if path.endswith("/traces") and status == 200]

    wait_for(recorded, what="a recorded trace")
    names = {span["name"] for trace in weblog.traces() for span in trace}
    assert "aws.lambda" in names
