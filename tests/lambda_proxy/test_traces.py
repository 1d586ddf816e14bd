"""What datadog_lambda makes of the proxy's events: it must take each for what it plays.

The whole chain: a client, the proxy, the emulator, the weblog under datadog_lambda, a trace agent.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from lambda_proxy.front_doors import FRONT_DOORS, FrontDoor
from tests.lambda_proxy.support import Proxy, start_proxy
from tests.support.function import Function, Trace, start_function
from tests.support.processes import ProcessStarter, wait_for

pytestmark = pytest.mark.emulator

INFERRED = {
    "apigateway-rest": "aws.apigateway",
    "apigateway-http": "aws.httpapi",
    "function-url": "aws.lambda.url",
    "application-load-balancer": "aws.alb",
    "application-load-balancer-multi": "aws.alb",
}


@pytest.fixture(scope="module")
def chain(
    tmp_path_factory: pytest.TempPathFactory, extension_folder: None
) -> Iterator[tuple[Function, dict[str, Proxy]]]:
    """The function, and a proxy of each type in front of it; the tests send one request at a time."""
    starter = ProcessStarter(tmp_path_factory.mktemp("traces"))
    function = start_function(starter, env={"DD_APPSEC_ENABLED": "true"})
    types = [front_door.event_type for front_door in FRONT_DOORS]
    yield (
        function,
        {name: start_proxy(starter, function.port, env={"LAMBDA_EVENT_TYPE": name}) for name in types},
    )
    starter.stop_all()


def test_r10_r49_r56_inferred_span_is_the_front_door_s(
    chain: tuple[Function, dict[str, Proxy]], front_door: FrontDoor
) -> None:
    function, proxies = chain
    function.agent.clear()
    before = time.time_ns()
    answer = proxies[front_door.event_type].get("/headers", headers={"User-Agent": "Arachni/v1"})
    assert (answer.status_code, answer.headers["Content-Language"]) == (200, "en-US")
    (spans,) = wait_for(function.agent.traces, what="a trace at the agent")
    trace = Trace(spans)
    inferred = trace.one(INFERRED[front_door.event_type])
    assert trace.function["parent_id"] == inferred["span_id"]
    # It starts when the request came, not at some constant time of the event's (R10).
    assert before - 1_000_000 <= inferred["start"] <= trace.function["start"]
    assert trace.metrics["_dd.appsec.enabled"] == 1
    assert trace.meta["http.request.headers.user-agent"] == "Arachni/v1"
    assert trace.meta["http.status_code"] == "200"
