"""The weblog's own endpoints produce, and the weblog's own triggers consume: one trace a message."""

from __future__ import annotations

import pytest

from event_sources import local_aws
from tests.event_sources.conftest import EventSources
from tests.event_sources.test_traces import connected, make
from tests.support.aws import Aws
from tests.support.events import HttpRequest, rest_api
from tests.support.function import APPSEC, Function, Functions, Span, Trace
from tests.support.processes import wait_for

pytestmark = pytest.mark.emulator


@pytest.fixture
def weblog(functions: Functions, aws: Aws) -> Function:
    """The weblog, which has the AWS endpoint."""
    port = int(aws.url.rpartition(":")[2])
    return functions({**APPSEC, **local_aws.environment(port)})


@pytest.mark.parametrize(
    ("source", "query"),
    [("sqs", "queue={name}"), ("sns", "topic={name}&queue={name}-other"), ("kinesis", "stream={name}")],
)
def test_one_connected_trace(
    aws: Aws, name: str, event_sources: EventSources, weblog: Function, source: str, query: str
) -> None:
    event_sources({"EventSourceArn": make(aws, source, name)}, port=weblog.port)
    weblog.agent.clear()
    answer = weblog.invoke(rest_api(HttpRequest(path=f"/{source}/produce", query=query.format(name=name))))
    assert answer["statusCode"] == 200, answer

    def consumed() -> list[Span]:
        spans = [span for trace in weblog.agent.traces() for span in trace]
        names = [span["name"] for span in spans]
        return spans if f"{source}.process" in names and names.count("aws.lambda") == 2 else []

    spans = wait_for(consumed, what="the spans of producer and consumer")
    names = connected(spans, Trace(spans).one(f"{source}.process"))
    assert names[:4] == [f"{source}.process", "aws.lambda", f"aws.{source}", f"{source}.command"]
    assert names[-2:] == ["aws.lambda", "aws.apigateway"]
