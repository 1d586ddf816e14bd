"""scripts/tracer.py: each form of a tracer, installed in front of the pinned one, and what is refused."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from scripts import tracer, versions
from scripts.tracer import TracerError, tracer_environment

PACKAGE = "datadog_lambda"
SOURCE = '__version__ = "9.9.9"\n'
METADATA = "Metadata-Version: 2.1\nName: datadog_lambda\nVersion: 9.9.9\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
# A build backend without dependencies, so that no test needs the network.
BACKEND = f"""
import zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    import os
    name = "datadog_lambda-9.9.9-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("datadog_lambda.pth", os.getcwd())
        wheel.writestr("datadog_lambda-9.9.9.dist-info/METADATA", {METADATA!r})
        wheel.writestr("datadog_lambda-9.9.9.dist-info/WHEEL", {WHEEL!r})
        wheel.writestr("datadog_lambda-9.9.9.dist-info/RECORD", "")
    return name
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the environments of a test are; not the user's."""
    monkeypatch.setattr(tracer, "TRACERS", tmp_path / "tracers")
    return tmp_path


def make_wheel(folder: Path) -> Path:
    wheel = folder / "datadog_lambda-9.9.9-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("datadog_lambda/__init__.py", SOURCE)
        archive.writestr("datadog_lambda-9.9.9.dist-info/METADATA", METADATA)
        archive.writestr("datadog_lambda-9.9.9.dist-info/WHEEL", WHEEL)
        archive.writestr("datadog_lambda-9.9.9.dist-info/RECORD", "")
    return wheel


def make_layer(folder: Path, python: str = tracer.PYTHON) -> Path:
    layer = folder / "layer.zip"
    with zipfile.ZipFile(layer, "w") as archive:
        archive.writestr(f"python/lib/{python}/site-packages/datadog_lambda/__init__.py", SOURCE)
    return layer


def make_checkout(folder: Path) -> Path:
    checkout = folder / "checkout"
    (checkout / PACKAGE).mkdir(parents=True)
    (checkout / PACKAGE / "__init__.py").write_text(SOURCE)
    (checkout / "backend.py").write_text(BACKEND)
    (checkout / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    return checkout


def seen_in(environment: Path) -> list[str]:
    """The version of datadog_lambda, its file, and the file of a pinned package that stays."""
    program = (
        "import datadog_lambda as d, flask as f; print(d.__version__, d.__file__, f.__file__, sep='\\n')"
    )
    command = [f"{environment}/bin/python", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize("make", [make_wheel, make_layer, make_checkout])
def test_it_comes_before_the_pinned_one(folder: Path, make: object) -> None:
    assert callable(make)
    path = make(folder)
    environment = tracer_environment([path.name], folder)
    version, file, flask = seen_in(environment)
    assert version == "9.9.9"
    assert Path(file).is_relative_to(path if path.is_dir() else environment)
    assert Path(flask).is_relative_to(Path(sys.prefix))
    # The second time nothing is installed.
    before = (environment / "complete").stat().st_mtime_ns
    assert tracer_environment([path.name], folder) == environment
    assert (environment / "complete").stat().st_mtime_ns == before


def test_a_wheel_of_the_same_name_that_changed_is_another_one(folder: Path) -> None:
    wheel = make_wheel(folder)
    first = tracer_environment([str(wheel)], folder)
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("datadog_lambda/more.py", "")
    assert tracer_environment([str(wheel)], folder) != first


@pytest.mark.parametrize(
    "text",
    ["ddtrace==4.15.0", "ddtrace", "datadog-lambda>=8", "ddtrace @ git+https://x/y@main", "git+https://x/y"],
)
def test_a_requirement(folder: Path, text: str) -> None:
    assert tracer.Tracer.read(text, folder).words == (text,)


@pytest.mark.parametrize("text", ["flask==3", "nowhere.whl", "~/nowhere", "ddtracer", ""])
def test_what_is_none(folder: Path, text: str) -> None:
    with pytest.raises(TracerError, match="valid are a checkout of dd-trace-py"):
        tracer_environment([text], folder / "empty")


def test_a_folder_without_a_tracer(folder: Path) -> None:
    with pytest.raises(TracerError, match=r"the folder \. has neither ddtrace nor datadog_lambda in it"):
        tracer_environment(["."], folder)


def test_a_layer_for_another_python(folder: Path) -> None:
    make_layer(folder, "python2.7")
    with pytest.raises(TracerError, match="is it for this Python"):
        tracer_environment(["layer.zip"], folder)


def test_a_layer_and_something_else(folder: Path) -> None:
    make_layer(folder)
    with pytest.raises(TracerError, match="would hide the other tracers"):
        tracer_environment(["layer.zip", "ddtrace==4.15.0"], folder)


def test_what_pip_says_is_passed_on(folder: Path) -> None:
    (folder / "datadog_lambda-1-py3-none-any.whl").write_text("not a wheel")
    with pytest.raises(TracerError, match=r"pip could not install .* all it said is in "):
        tracer_environment(["datadog_lambda-1-py3-none-any.whl"], folder)


def test_the_versions_that_are_told(folder: Path) -> None:
    environment = tracer_environment([str(make_wheel(folder))], folder)
    path = {"PATH": f"{environment}/bin"}
    told = versions.VersionsAsked(path, folder).answer()
    assert f"ddtrace 4.16.0 (pinned, {sys.prefix}/lib/" in told
    assert f"datadog_lambda 9.9.9 (NOT the pinned 8.130.0, {environment}/lib/" in told


def test_a_mount_whose_source_was_mistyped(folder: Path) -> None:
    # Docker mounts an empty folder then.
    venv.EnvBuilder().create(folder / "environment")
    empty = folder / "environment/lib" / tracer.PYTHON / "site-packages/ddtrace"
    empty.mkdir()
    told = versions.VersionsAsked({"PATH": f"{folder}/environment/bin"}, folder).answer()
    assert f"ddtrace is an empty folder ({empty}): is a mount of yours mistyped?" in told
