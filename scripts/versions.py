"""Says which ddtrace and datadog_lambda the function imports: version, folder, pinned or not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

PACKAGES = ("ddtrace", "datadog_lambda")
CHECKOUTS = ("dd-trace-py", "datadog-lambda-python")
REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements.txt"
# Where pinned packages are: in .venv, from which ./run.sh runs this, or in the image.
PINNED_FOLDERS = (sys.prefix, "/var/lang")

# The dev image's environment for this program, and where the function there looks for a mounted package.
IN_IMAGE = "/opt/dev"
LAYER = Path("/opt/python")
LAYER_PLACES = (LAYER, LAYER / "lib/python3.13/site-packages")
MOUNTS = Path("/proc/self/mountinfo")

# Runs as the function does, so that it finds what the function finds. An overlay that is mounted over the
# pinned package has its folder.
_PROGRAM = """
import importlib, importlib.util, json, os
found = {}
for name in ("ddtrace", "datadog_lambda"):
    spec = importlib.util.find_spec(name)
    if spec is None:
        found[name] = {"error": "there is none"}
        continue
    folder = list(spec.submodule_search_locations)[0]
    found[name] = {"folder": folder, "mounted": os.path.ismount(folder)}
    try:
        found[name]["version"] = getattr(importlib.import_module(name), "__version__", None)
    except Exception as error:
        found[name]["error"] = f"{type(error).__name__}: {error}"
print(json.dumps(found))
"""
# Nothing is to be sent by a process that only looks.
_QUIET = {
    "DD_TRACE_ENABLED": "false",
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "DD_APPSEC_ENABLED": "false",
    "DD_LAMBDA_HANDLER": "",
}


class VersionsAsked:
    """The question, put to a process of its own, which runs while other things start."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._found: dict[str, dict[str, str]] = {}
        self._process = subprocess.Popen(  # noqa: S603 - a program of this project
            ["python", "-c", _PROGRAM],  # noqa: S607 - the one on the function's own PATH
            cwd=folder,
            env={**environment, **_QUIET},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def answer(self) -> str:
        """Such as `ddtrace 4.16.0 (pinned, /.../ddtrace), datadog_lambda ...`; waits until it is known."""
        output, _ = self._process.communicate()
        try:
            self._found = json.loads(output.splitlines()[-1])
        except (IndexError, ValueError):
            code = self._process.returncode
            return f"the function's Python ended with {code} when it was asked for versions"
        return ", ".join(f"{name} {_describe(self._found[name], _pin(name))}" for name in PACKAGES)

    def own_folders(self) -> list[Path]:
        """The folders of the packages that are not the pinned ones; known after `answer`."""
        return [
            Path(package["folder"])
            for name, package in self._found.items()
            if "folder" in package and not _is_pinned(package, _pin(name))
        ]

    def notes(self) -> list[str]:
        """What is wrong with mounts that look like a tracer and are none; known after `answer`."""
        if sys.prefix != IN_IMAGE:
            return []
        used = [Path(package["folder"]) for package in self._found.values() if "folder" in package]
        return list(unused_mounts(read_mounts(MOUNTS.read_text()), used))


def read_mounts(mountinfo: str) -> Iterator[tuple[Path, Path]]:
    """Each mount's source and target, from the file of that name in /proc.

    The source is a path on the file system that it comes from, so only its end is of use.
    """
    for line in mountinfo.splitlines():
        source, target = line.split()[3:5]
        yield _unescape(source), _unescape(target)


def _unescape(path: str) -> Path:
    return Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), path))


def unused_mounts(mounts: Iterable[tuple[Path, Path]], used: Sequence[Path]) -> Iterator[str]:
    """A sentence for each mounted folder that looks like a tracer, when nothing is imported from it.

    `used` has the folders of the packages that it imports.
    """
    for source, target in mounts:
        if not target.is_dir() or any(folder.is_relative_to(target) for folder in used):
            continue
        inside = [name for name in PACKAGES if (target / name / "__init__.py").is_file()]
        is_named = {source.name, target.name} & {*PACKAGES, *CHECKOUTS}
        if not (inside or is_named or target in LAYER_PLACES):
            continue
        if not any(target.iterdir()):
            why = "it is empty, so there may be no such folder on your machine"
        elif inside:
            why = f"the package is in its folder {inside[0]}"
        elif target in LAYER_PLACES:
            why = f"there is no {' or '.join(PACKAGES)} in it"
        else:
            why = "the function imports nothing from there"
        places = " or ".join(str(LAYER / name) for name in PACKAGES)
        yield f"the mount on {target} has no effect: {why}. Mount the folder of a package on {places}"


def _describe(package: Mapping[str, str], pin: str) -> str:
    if error := package.get("error"):
        place = f"; {package['folder']}" if "folder" in package else ""
        return f"cannot be imported ({error}{place})"
    version, folder = package["version"], package["folder"]
    if version is None:
        # What Docker makes of a mount whose source does not exist.
        return f"is an empty folder ({folder}): is a mount of yours mistyped?"
    if _is_pinned(package, pin):
        return f"{version} (pinned, {folder})"
    return f"{version} (NOT the pinned {pin}, {folder})"


def _is_pinned(package: Mapping[str, str], pin: str) -> bool:
    in_its_place = package["folder"].startswith(PINNED_FOLDERS) and not package["mounted"]
    return in_its_place and package.get("version") == pin


def _pin(name: str) -> str:
    pattern = rf"^{name.replace('_', '[-_]')}==(\S+)"
    match = re.search(pattern, REQUIREMENTS.read_text(), re.MULTILINE)
    return match[1] if match else "version, of which there is none"
