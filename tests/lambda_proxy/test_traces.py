"""What datadog_lambda makes of the proxy's events: it must take each for what it plays.

The whole chain: a client, the proxy, the emulator, the weblog under datadog_lambda, a trace agent.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator

import pytest
import requests

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


CONTEXT = {
    "traceparent": "00-11111111111111110000000000000002-000000000000000a-01",
    "tracestate": "dd=s:2;o:rum,foo=1",
    "baggage": "user.id=alice,k%20ey=v%2Cb",
}


def test_the_trace_context_of_the_client(
    chain: tuple[Function, dict[str, Proxy]], front_door: FrontDoor
) -> None:
    function, proxies = chain
    proxy = proxies[front_door.event_type]
    received = proxy.get("/returnheaders", headers=CONTEXT).json()
    assert {name: received[name.title()] for name in CONTEXT} == CONTEXT
    function.agent.clear()
    # The weblog calls itself: neither the emulator nor the proxy may see a second request.
    passed_on = proxy.get("/requestdownstream", headers=CONTEXT).json()
    assert passed_on["Traceparent"].startswith("00-11111111111111110000000000000002-")
    (spans,) = wait_for(function.agent.traces, what="a trace at the agent")
    assert {span["trace_id"] for span in spans} == {2}
    assert len(Trace(spans).named("aws.lambda")) == 1


def test_a_signed_body_arrives_byte_for_byte(
    chain: tuple[Function, dict[str, Proxy]], front_door: FrontDoor
) -> None:
    pytest.importorskip("stripe", reason="stripe is not installed; pip install -r requirements-drivers.txt")
    event = '{"id": "evt_1",\r\n\t"object": "event", "type": "other", "data": {"object": {"a": "Käse"}}} \n'
    body = event.encode()
    now = str(int(time.time()))
    signature = hmac.new(b"whsec_FAKE", now.encode() + b"." + body, "sha256").hexdigest()
    headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={now},v1={signature}"}
    _, proxies = chain
    url = f"{proxies[front_door.event_type].url}/stripe/webhook"
    answer = requests.post(url, data=body, headers=headers, timeout=60)
    assert (answer.status_code, answer.json()) == (200, {"a": "Käse"})
