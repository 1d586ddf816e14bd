"""Fixtures for the Invoke API's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.support.invoke_api import InvokeApi, start_invoke_api
from tests.support.processes import ProcessStarter

ACT = "tests.lambda_proxy.functions.act"

Start = Callable[..., InvokeApi]


@pytest.fixture
def start(start_process: ProcessStarter) -> Start:
    """A factory of Invoke APIs that keep an emulator of their own."""

    def start(env: Mapping[str, str] | None = None) -> InvokeApi:
        return start_invoke_api(start_process, ACT, env=env)

    return start


@pytest.fixture(scope="package")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InvokeApi]:
    """One Invoke API for all tests that leave it as it was; its function is also called `weblog`."""
    starter = ProcessStarter(tmp_path_factory.mktemp("invoke_api"))
    yield start_invoke_api(starter, ACT, env={"AWS_LAMBDA_FUNCTION_NAME": "weblog"})
    starter.stop_all()
