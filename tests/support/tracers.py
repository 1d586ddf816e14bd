"""Tracers to install, each made of a package's folder without the network: a wheel, a layer, a checkout."""

from __future__ import annotations

import shutil
import sys
import zipfile
from pathlib import Path

import datadog_lambda

PACKAGE = "datadog_lambda"
INSTALLED = Path(datadog_lambda.__file__).parent
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
METADATA = "Metadata-Version: 2.1\nName: datadog_lambda\nVersion: 9.9.9\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
WHEEL_NAME = "datadog_lambda-9.9.9-py3-none-any.whl"
# Without dependencies, so that no test needs the network.
BACKEND = f"""
import zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    import os
    with zipfile.ZipFile(os.path.join(folder, {WHEEL_NAME!r}), "w") as wheel:
        wheel.writestr("datadog_lambda.pth", os.getcwd())
        wheel.writestr("datadog_lambda-9.9.9.dist-info/METADATA", {METADATA!r})
        wheel.writestr("datadog_lambda-9.9.9.dist-info/WHEEL", {WHEEL!r})
        wheel.writestr("datadog_lambda-9.9.9.dist-info/RECORD", "")
    return {WHEEL_NAME!r}
"""
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def copy_package(folder: Path, source: Path = INSTALLED) -> Path:
    """A copy of the package in `folder`, which is made; the package's own folder."""
    return shutil.copytree(source, folder / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))


def replace(file: Path, old: str, new: str) -> None:
    """Change a text that stands in the file once."""
    text = file.read_text()
    assert text.count(old) == 1, f"{file} has {old!r} {text.count(old)} times"
    file.write_text(text.replace(old, new))


def make_wheel(folder: Path, package: Path) -> Path:
    """A wheel of the package."""
    wheel = folder / WHEEL_NAME
    with zipfile.ZipFile(wheel, "w") as archive:
        _add(archive, package, PACKAGE)
        archive.writestr("datadog_lambda-9.9.9.dist-info/METADATA", METADATA)
        archive.writestr("datadog_lambda-9.9.9.dist-info/WHEEL", WHEEL)
        archive.writestr("datadog_lambda-9.9.9.dist-info/RECORD", "")
    return wheel


def make_layer(folder: Path, package: Path, python: str = PYTHON) -> Path:
    """A Lambda layer with the package, for a Python such as `python3.13`."""
    layer = folder / "layer.zip"
    with zipfile.ZipFile(layer, "w") as archive:
        _add(archive, package, f"python/lib/{python}/site-packages/{PACKAGE}")
    return layer


def make_checkout(folder: Path, package: Path) -> Path:
    """A project with the package and a build backend of its own."""
    checkout = folder / "checkout"
    copy_package(checkout, package)
    (checkout / "backend.py").write_text(BACKEND)
    (checkout / "pyproject.toml").write_text(PROJECT)
    return checkout


def _add(archive: zipfile.ZipFile, package: Path, place: str) -> None:
    for file in sorted(package.rglob("*.py")):
        archive.write(file, f"{place}/{file.relative_to(package)}")
