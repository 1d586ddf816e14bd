"""Which mounted folders are told of as tracers that the function does not import."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import versions
from scripts.versions import read_mounts, unused_mounts

PLACE = "lib/python3.13/site-packages"


@pytest.fixture
def layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is /opt/python in the image."""
    layer = tmp_path / "opt/python"
    (layer / PLACE).mkdir(parents=True)
    monkeypatch.setattr(versions, "LAYER", layer)
    monkeypatch.setattr(versions, "LAYER_PLACES", (layer, layer / PLACE))
    return layer


def notes(mounts: dict[Path, str], *used: Path) -> list[tuple[Path, str]]:
    """The notes on these targets and sources, without what all have."""
    found = []
    for target, source in mounts.items():
        for note in unused_mounts([(Path(source), target)], used):
            assert note.startswith(f"the mount on {target} has no effect: ")
            assert note.endswith(f"Mount the folder of a package on {places()}")
            found.append((target, note.partition(": ")[2].partition(". Mount")[0]))
    return found


def places() -> str:
    return f"{versions.LAYER}/ddtrace or {versions.LAYER}/datadog_lambda"


def make_package(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "__init__.py").touch()
    return folder


def test_mounts_are_read() -> None:
    lines = (
        "2156 2155 0:108 / /proc rw,nosuid - proc proc rw\n"
        "2170 2160 254:0 /home/me/my\\040code/ddtrace /opt/python/ddtrace ro,relatime - ext4 /dev/vda rw\n"
    )
    assert list(read_mounts(lines)) == [
        (Path("/"), Path("/proc")),
        (Path("/home/me/my code/ddtrace"), Path("/opt/python/ddtrace")),
    ]


def test_what_is_imported_is_not_spoken_of(layer: Path) -> None:
    package = make_package(layer / "ddtrace")
    assert notes({package: "/home/me/dd-trace-py/ddtrace"}, package) == []
    assert notes({layer: "/home/me/layer/python"}, package) == []


def test_what_is_no_tracer_is_not_spoken_of(layer: Path) -> None:
    other = make_package(layer / "flask")
    assert notes({other: "/home/me/flask", layer.parent / "missing/ddtrace": "/home/me/ddtrace"}) == []


def test_what_nobody_looks_at(layer: Path, tmp_path: Path) -> None:
    misspelled = make_package(tmp_path / "opt/pyhton/ddtrace")
    renamed = make_package(layer / "datadog-lambda")
    checkout = make_package(layer / "ddtrace/ddtrace").parent
    empty = tmp_path / "opt/python/datadog_lambda"
    empty.mkdir()
    mounts = {
        misspelled: "/home/me/dd-trace-py/ddtrace",
        renamed: "/home/me/datadog-lambda-python/datadog_lambda",
        checkout: "/home/me/mine",
        empty: "/home/me/nowhere",
        layer / PLACE: "/home/me/nowhere",
    }
    assert notes(mounts, Path("/var/lang/ddtrace")) == [
        (misspelled, "the function imports nothing from there"),
        (renamed, "the function imports nothing from there"),
        (checkout, "the package is in its folder ddtrace"),
        (empty, "it is empty, so there may be no such folder on your machine"),
        (layer / PLACE, "it is empty, so there may be no such folder on your machine"),
    ]


def test_a_layers_folder_without_a_tracer(layer: Path) -> None:
    make_package(layer / PLACE / "flask")
    assert notes({layer / PLACE: "/home/me/site-packages"}) == [
        (layer / PLACE, "there is no ddtrace or datadog_lambda in it")
    ]
