"""What all front doors do alike: rules R1 to R13, and R114, of docs/events.md."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from lambda_proxy.arrival import Arrival
from lambda_proxy.front_doors import Alb, AlbMulti, FrontDoor, FunctionUrl, HttpApi, RestApi
from lambda_proxy.messages import Header
from tests.lambda_proxy.support import ARRIVAL, event_of

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
GATEWAYS = [RestApi(), HttpApi(), FunctionUrl()]
gateways = pytest.mark.parametrize("door", GATEWAYS, ids=lambda door: door.event_type)


def headers_of(event: dict[str, object]) -> dict[str, str]:
    """The event's headers by their names in lower case; of a list the only item."""
    headers = event.get("headers") or event.get("multiValueHeaders")
    assert isinstance(headers, dict)
    return {name.lower(): value[0] if isinstance(value, list) else value for name, value in headers.items()}


def test_r3_a_body_is_a_string(front_door: FrontDoor) -> None:
    event = event_of(front_door, "/", ("Content-Type", "application/json"), method="POST", body=b'{"a": [1]}')
    assert event["body"] == '{"a": [1]}'


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "HEAD", "OPTIONS", "PATCH", "DELETE"])
def test_r4_method_is_the_client_s(front_door: FrontDoor, method: str) -> None:
    event = event_of(front_door, "/", method=method)
    assert (event.get("httpMethod") or event["requestContext"]["http"]["method"]) == method


@gateways
def test_r5_domain_prefix(door: FrontDoor) -> None:
    context = event_of(door)["requestContext"]
    assert context["domainPrefix"] == context["domainName"].split(".")[0] == context["apiId"]


@gateways
def test_r6_r7_source_ip_is_the_peer_and_the_user_agent_is_there(door: FrontDoor) -> None:
    forged = ("X-Forwarded-For", "198.51.100.1")
    context = event_of(door, "/", forged, ("User-Agent", "curl/8"), peer="203.0.113.7")["requestContext"]
    client = context.get("identity") or context["http"]
    assert (client["sourceIp"], client["userAgent"]) == ("203.0.113.7", "curl/8")
    twice = event_of(door, "/", ("User-Agent", "first"), ("user-agent", "last"))["requestContext"]
    assert (twice.get("identity") or twice["http"])["userAgent"] == "last"


def test_r8_request_ids() -> None:
    rest = event_of(RestApi())["requestContext"]
    assert (rest["requestId"], rest["extendedRequestId"]) == (ARRIVAL.request_id, ARRIVAL.short_id)
    assert event_of(HttpApi())["requestContext"]["requestId"] == ARRIVAL.short_id
    assert event_of(FunctionUrl())["requestContext"]["requestId"] == ARRIVAL.request_id


def test_r8_ids_are_unique_and_look_like_aws_s() -> None:
    arrivals = [Arrival.now() for _ in range(100)]
    for arrival in arrivals:
        assert re.fullmatch(UUID, arrival.request_id)
        assert re.fullmatch(r"[A-Za-z0-9_-]{15}=", arrival.short_id)
        # As X-Ray has it: the second field is the time in seconds.
        assert re.fullmatch(rf"1-{arrival.milliseconds // 1000:08x}-[0-9a-f]{{24}}", arrival.trace_root)
        assert re.fullmatch(r"[0-9a-f]{16}", arrival.parent_id)
    for field in ("request_id", "short_id", "trace_root", "parent_id"):
        assert len({getattr(arrival, field) for arrival in arrivals}) == 100


@gateways
def test_r9_r10_time_in_two_forms(door: FrontDoor) -> None:
    context = event_of(door)["requestContext"]
    assert (context.get("requestTime") or context["time"]) == "10/Jul/2026:19:19:04 +0000"
    assert (context.get("requestTimeEpoch") or context["timeEpoch"]) == 1_783_711_144_123


def test_r9_r10_the_two_forms_agree_at_any_time() -> None:
    arrival = Arrival.now()
    written = datetime.strptime(arrival.clf_time, "%d/%b/%Y:%H:%M:%S %z")
    assert int(written.timestamp()) == arrival.milliseconds // 1000


@pytest.mark.parametrize(
    ("sent", "forwarded"),
    [
        ([], "203.0.113.7"),
        (["198.51.100.1"], "198.51.100.1, 203.0.113.7"),
        (["198.51.100.1", "198.51.100.2"], "198.51.100.1, 198.51.100.2, 203.0.113.7"),
    ],
)
def test_r11_forwarded_for(front_door: FrontDoor, sent: list[str], forwarded: str) -> None:
    headers = [("x-forwarded-for", value) for value in sent]
    event = event_of(front_door, "/", *headers, peer="203.0.113.7")
    assert headers_of(event)["x-forwarded-for"] == forwarded


def test_r12_trace_id_is_there(front_door: FrontDoor) -> None:
    event = event_of(front_door)
    assert headers_of(event)["x-amzn-trace-id"] == f"Root={ARRIVAL.trace_root}"


ROOT = "Root=1-67891233-abcdef012345678912345678"


@pytest.mark.parametrize(
    ("sent", "passed_on"),
    [
        (ROOT, f"Self={ARRIVAL.trace_root};{ROOT}"),
        (f"{ROOT};Parent=1;Sampled=1", f"Self={ARRIVAL.trace_root};{ROOT};Parent=1;Sampled=1"),
        (f"Self=1-2-3;{ROOT}", f"Self={ARRIVAL.trace_root};{ROOT}"),
        ("Own=1", f"Root={ARRIVAL.trace_root};Own=1"),
    ],
)
@pytest.mark.parametrize("door", [Alb(), AlbMulti()], ids=["single", "multi"])
def test_r12_alb_adds_itself_to_a_trace(door: FrontDoor, sent: str, passed_on: str) -> None:
    event = event_of(door, "/", ("X-Amzn-Trace-Id", sent))
    assert headers_of(event)["x-amzn-trace-id"] == passed_on


@gateways
def test_r12_gateways_keep_a_trace(door: FrontDoor) -> None:
    header: Header = ("x-amzn-trace-id", f"{ROOT};Sampled=1")
    assert headers_of(event_of(door, "/", header))["x-amzn-trace-id"] == f"{ROOT};Sampled=1"


@gateways
def test_r12_gateways_replace_a_trace_without_a_root(door: FrontDoor) -> None:
    header: Header = ("x-amzn-trace-id", "Own=1;Sampled=1")
    assert headers_of(event_of(door, "/", header))["x-amzn-trace-id"] == f"Root={ARRIVAL.trace_root}"


@gateways
def test_r13_protocol(door: FrontDoor) -> None:
    context = event_of(door)["requestContext"]
    assert (context.get("protocol") or context["http"]["protocol"]) == "HTTP/1.1"


CONNECTION = ["Keep-Alive", "Proxy-Connection", "TE", "Transfer-Encoding", "Upgrade", "Expect"]


@pytest.mark.parametrize("name", CONNECTION)
def test_what_concerns_the_connection_stays_there(front_door: FrontDoor, name: str) -> None:
    assert name.lower() not in headers_of(event_of(front_door, "/", (name, "chunked")))


def test_r21_r114_connection_reaches_the_function_behind_a_balancer_alone(front_door: FrontDoor) -> None:
    headers = headers_of(event_of(front_door, "/", ("Connection", "keep-alive")))
    expected = "keep-alive" if isinstance(front_door, (Alb, AlbMulti)) else None
    assert headers.get("connection") == expected


def test_forwarded_port_and_proto_cannot_be_forged(front_door: FrontDoor) -> None:
    forged = (("X-Forwarded-Port", "1"), ("x-forwarded-proto", "gopher"))
    headers = headers_of(event_of(front_door, "/", *forged, port=8443, scheme="https"))
    assert (headers["x-forwarded-port"], headers["x-forwarded-proto"]) == ("8443", "https")
