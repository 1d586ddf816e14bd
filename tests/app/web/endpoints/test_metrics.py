"""The endpoint that sends a metric."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES
from tests.support.function import EXTENSION, Functions
from tests.support.processes import wait_for


def test_the_answer(handled: Handled) -> None:
    response = handled("/metric", query="name=weblog.orders&value=2&tags=shop:north")
    assert (response.status, response.headers["content-type"], response.body) == (200, ["text/plain"], b"OK")


@pytest.mark.parametrize("value", ["many", "1000001"])
def test_a_value_that_is_not_valid(handled: Handled, value: str) -> None:
    response = handled("/metric", query=f"value={value}")
    assert (response.status, response.body.decode()) == (
        400,
        f"argument value must be a whole number from -1000000 to 1000000; it is {value!r}\n",
    )


@pytest.mark.emulator
@pytest.mark.skipif(not EXTENSION.parent.exists(), reason="without an extension metrics are log lines")
@pytest.mark.parametrize(
    ("query", "sent"), [("", ":1|d|#"), ("&value=-3&tags=shop:north,size:2", ":-3|d|#shop:north,size:2,")]
)
def test_what_arrives(functions: Functions, query: str, sent: str) -> None:
    function = functions()
    name, before = f"weblog.{uuid4().hex}", len(function.agent.process.output)
    function.request(EVENT_TYPES[0], path="/metric", query=f"name={name}{query}")
    (metric,) = wait_for(lambda: function.agent.metrics(name, since=before), what="the metric")
    assert metric.startswith(name + sent)
