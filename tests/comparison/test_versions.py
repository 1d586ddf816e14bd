"""The table of versions that work: how releases are read, what a pair does, and the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from comparison.versions import KINDS, Pairing, page, pairings, read_releases
from tests.comparison.test_command import broken_package
from trace_checks.system import System

INDEX = """\
ddtrace (4.16.0)
Available versions: 4.16.0, 4.15.7, 4.15.6
  INSTALLED: 4.16.0
"""


def test_releases() -> None:
    assert read_releases(INDEX) == ["4.16.0", "4.15.7", "4.15.6"]
    assert read_releases("ERROR: No matching distribution found for ddtrace") == []


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, extension_folder: None) -> Iterator[System]:
    """An agent."""
    system = System(tmp_path_factory.mktemp("versions"), {})
    try:
        system.start_agent()
        yield system
    finally:
        system.stop()


@pytest.mark.emulator
def test_pairs(system: System, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    works, fails = pairings({"1": nothing, "2": broken_package(tmp_path)}, {"3": nothing}, system)
    assert works.works, works.note
    assert fails.note.startswith(
        "it does not start: ImportError: cannot import name 'something_that_is_gone'"
    )


def test_the_page() -> None:
    found = [
        Pairing("8.2", "4.1"),
        Pairing("8.2", "4.0", error="ImportError: no"),
        Pairing("8.1", "4.1", failing={"sqs": "no trace arrives"}),
        Pairing("8.1", "4.0", error="ImportError: no"),
    ]
    text = page(found, {"8.2": ["ddtrace<5,>=4"], "8.1": ["ddtrace<5,>=4"]}, "./compare.sh --versions")
    assert "| datadog_lambda | ddtrace 4.1 | ddtrace 4.0 |\n| --- | --- | --- |" in text
    assert "| 8.2 | yes | no (1) |\n| 8.1 | no (2) | no (1) |" in text
    assert "- 8.2, 8.1: `ddtrace<5,>=4`" in text
    assert "1. it does not start: ImportError: no\n2. sqs: no trace arrives" in text
    assert "$ ./compare.sh --versions > docs/versions.md" in text
    assert all(f"- `{kind}`" in text for kind in KINDS)
