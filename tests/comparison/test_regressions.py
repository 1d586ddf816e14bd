"""Seeded regressions: each is told alone, by its right name, and the unpatched tracer differs in nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import ddtrace
import pytest

from comparison import imports
from comparison.builders import get
from comparison.run import Pair, Results, by_kind
from comparison.sides import PINNED, Side
from comparison.work import APPSEC, SETTINGS, Group, Item, Setting
from lambda_proxy.arrival import Arrival
from lambda_proxy.front_doors import RestApi
from tests.comparison.patches import COLD, PATCHES, SLOW, Patch
from tests.support.samples import sample
from trace_checks.system import System

pytestmark = pytest.mark.emulator

PACKAGES = Path(ddtrace.__file__).parents[1]


def request(target: str) -> object:
    return RestApi().event(get(target), Arrival.now())


GROUP = Group(
    Setting("appsec", APPSEC),
    [
        *(Item(name, sample(name)) for name in ("apigateway-rest", "sqs", "custom", "dynamodb")),
        Item("failure", request("/exceptionreplay/simple")),
    ],
)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, extension_folder: None) -> Iterator[Pair]:
    """The pinned tracer twice."""
    with ExitStack() as stack:
        systems = [System(tmp_path_factory.mktemp("system"), {}) for _ in "ab"]
        for system in systems:
            stack.callback(system.stop)
        side = Side.make(PINNED, Path())
        made = Pair([side, side], systems)
        made.both(lambda system, _side: system.start_agent())
        made.start(APPSEC)
        yield made


def compare(pair: Pair, folder: Path) -> Results:
    """The pinned tracer as A, the one in the folder as B. A's function is that of all tests."""
    side = Side.make(str(folder), Path())
    pair.systems[1].restart_function({**side.environment, **APPSEC})
    results = Results()
    assert len(list(pair.run(GROUP, results))) == len(GROUP.items)
    return results


def test_the_same_tracer_differs_in_nothing(pair: Pair) -> None:
    results = Results()
    pair.systems[1].restart_function(APPSEC)
    list(pair.run(GROUP, results))
    assert (results.ways, results.broken) == ({}, {})
    assert results.summary == "5 invocations, no difference"


@pytest.mark.parametrize("patch", PATCHES, ids=[patch.title for patch in PATCHES])
def test_a_regression_is_told_alone_by_its_name(pair: Pair, patch: Patch, tmp_path: Path) -> None:
    results = compare(pair, patch.apply(PACKAGES, tmp_path))
    assert {kind for kind, _, _ in results.ways} == {patch.kind}, by_kind(results.ways)


@pytest.fixture
def cold(pair: Pair) -> Iterator[Group]:
    """One cold start, with the setting that makes spans of it."""
    (setting,) = (setting for setting in SETTINGS if setting.name == "cold-start")
    yield Group(setting, [Item("custom", sample("custom"))])
    # That of all tests again.
    pair.systems[0].restart_function(APPSEC)


def test_the_spans_of_a_cold_start(pair: Pair, cold: Group, tmp_path: Path) -> None:
    found = []
    for side in (pair.sides[0], Side.make(str(COLD.apply(PACKAGES, tmp_path)), Path())):
        both = Pair([pair.sides[0], side], pair.systems)
        both.start(cold.setting.environment)
        results = Results()
        list(both.run(cold, results))
        found.append({(kind, subject) for kind, subject, _ in results.ways})
    assert found == [set(), {(COLD.kind, "aws.lambda.import")}]


def test_imports_that_take_longer(pair: Pair, tmp_path: Path) -> None:
    folder = SLOW.apply(PACKAGES, tmp_path)
    (folder / "datadog_lambda/slow.py").write_text("import time\ntime.sleep(0.03)\n")
    results = compare(pair, folder)
    assert results.ways == {}
    found = imports.Imports()
    slow = Pair([pair.sides[0], Side.make(str(folder), Path())], pair.systems)
    list(imports.measure(slow, sample("custom"), found, dict(APPSEC), 1))
    assert list(found.new) == ["datadog_lambda.slow"]
    assert found.new["datadog_lambda.slow"] >= 30_000
    assert found.gone == {}
