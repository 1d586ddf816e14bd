"""scripts/tracer.py: each form of a tracer, installed in front of the pinned one, and what is refused."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import tracer, versions
from scripts.tracer import TracerError, tracer_environment
from tests.support.tracers import make_checkout, make_layer, make_wheel


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the environments of a test are; not the user's."""
    monkeypatch.setattr(tracer, "TRACERS", tmp_path / "tracers")
    return tmp_path


@pytest.fixture
def package(folder: Path) -> Path:
    """A datadog_lambda that says its version and nothing else."""
    made = folder / "source/datadog_lambda"
    made.mkdir(parents=True)
    (made / "__init__.py").write_text('__version__ = "9.9.9"\n')
    return made


def seen_in(environment: Path) -> list[str]:
    """The version of datadog_lambda, its file, and the file of a pinned package that stays."""
    program = (
        "import datadog_lambda as d, flask as f; print(d.__version__, d.__file__, f.__file__, sep='\\n')"
    )
    command = [f"{environment}/bin/python", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize("make", [make_wheel, make_layer, make_checkout])
def test_it_comes_before_the_pinned_one(
    folder: Path, package: Path, make: Callable[[Path, Path], Path]
) -> None:
    path = make(folder, package)
    environment = tracer_environment([path.name], folder)
    version, file, flask = seen_in(environment)
    assert version == "9.9.9"
    assert Path(file).is_relative_to(path if path.is_dir() else environment)
    assert Path(flask).is_relative_to(Path(sys.prefix))
    # The second time nothing is installed.
    before = (environment / "complete").stat().st_mtime_ns
    assert tracer_environment([path.name], folder) == environment
    assert (environment / "complete").stat().st_mtime_ns == before


def test_a_wheel_of_the_same_name_that_changed_is_another_one(folder: Path, package: Path) -> None:
    wheel = make_wheel(folder, package)
    first = tracer_environment([str(wheel)], folder)
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("datadog_lambda/more.py", "")
    assert tracer_environment([str(wheel)], folder) != first


def test_a_checkout_is_installed_again_when_what_it_is_built_from_has_changed(
    folder: Path, package: Path
) -> None:
    checkout = make_checkout(folder, package)
    stamp = tracer_environment([str(checkout)], folder) / "complete"
    before = stamp.stat().st_mtime_ns
    # Python is read where it is.
    (checkout / "datadog_lambda/__init__.py").write_text('__version__ = "10"\n')
    (checkout / "tests").mkdir()
    (checkout / "tests/pyproject.toml").touch()
    assert seen_in(tracer_environment([str(checkout)], folder))[0] == "10"
    assert stamp.stat().st_mtime_ns == before
    for name in ("pyproject.toml", "datadog_lambda/fast.pyx"):
        with (checkout / name).open("a") as file:
            file.write("# more\n")
        tracer_environment([str(checkout)], folder)
        assert stamp.stat().st_mtime_ns != before
        before = stamp.stat().st_mtime_ns
        tracer_environment([str(checkout)], folder)
        assert stamp.stat().st_mtime_ns == before


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


def test_a_layer_for_another_python(folder: Path, package: Path) -> None:
    make_layer(folder, package, "python2.7")
    with pytest.raises(TracerError, match="is it for this Python"):
        tracer_environment(["layer.zip"], folder)


def test_a_layer_and_something_else(folder: Path, package: Path) -> None:
    make_layer(folder, package)
    with pytest.raises(TracerError, match="would hide the other tracers"):
        tracer_environment(["layer.zip", "ddtrace==4.15.0"], folder)


def test_what_pip_says_is_passed_on(folder: Path) -> None:
    (folder / "datadog_lambda-1-py3-none-any.whl").write_text("not a wheel")
    with pytest.raises(TracerError, match=r"pip could not install .* all it said is in "):
        tracer_environment(["datadog_lambda-1-py3-none-any.whl"], folder)


def test_the_versions_that_are_told(folder: Path, package: Path) -> None:
    environment = tracer_environment([str(make_wheel(folder, package))], folder)
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
