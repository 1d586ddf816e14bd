"""The proxy never reads one request as two."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lambda_proxy.support import Proxy, start_proxy
from tests.support.framing import AMBIGUOUS, ambiguous, statuses
from tests.support.processes import ProcessStarter, free_port


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A proxy without a function: what it does not refuse gets 504."""
    starter = ProcessStarter(tmp_path_factory.mktemp("framing"))
    yield start_proxy(starter, free_port(), env={"LAMBDA_EVENT_TYPE": "application-load-balancer"})
    starter.stop_all()


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_ambiguous_framing_is_refused_and_the_connection_closed(proxy: Proxy, name: str) -> None:
    assert statuses(proxy.port, ambiguous(name, "/x")) == [400]


def test_a_clear_request_is_not_refused(proxy: Proxy) -> None:
    request = b"POST /x HTTP/1.1\r\nHost: h\r\n%bContent-Length: 2\r\n\r\n{}"
    assert statuses(proxy.port, request % b"" + request % b"Connection: close\r\n") == [504, 504]
