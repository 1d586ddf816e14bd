"""Says which ddtrace and datadog_lambda the function imports: version, folder, pinned or not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PACKAGES = ("ddtrace", "datadog_lambda")
REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements.txt"
# Where pinned packages are: in .venv, from which ./run.sh runs this, or in the image.
PINNED_FOLDERS = (sys.prefix, "/var/lang")

# Runs as the function does, so that it finds what the function finds. An overlay that is mounted over the
# pinned package has its folder.
_PROGRAM = """
import importlib, json, os
found = {}
for name in ("ddtrace", "datadog_lambda"):
    try:
        module = importlib.import_module(name)
    except Exception as error:
        found[name] = {"error": f"{type(error).__name__}: {error}"}
        continue
    folder = list(module.__path__)[0]
    found[name] = {
        "version": getattr(module, "__version__", None), "folder": folder, "mounted": os.path.ismount(folder)
    }
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
            if "NOT the pinned" in _describe(package, _pin(name))
        ]


def _describe(package: Mapping[str, str], pin: str) -> str:
    if error := package.get("error"):
        return f"cannot be imported ({error})"
    version, folder = package["version"], package["folder"]
    if version is None:
        # What Docker makes of a mount whose source does not exist.
        return f"is an empty folder ({folder}): is a mount of yours mistyped?"
    if version == pin and folder.startswith(PINNED_FOLDERS) and not package["mounted"]:
        return f"{version} (pinned, {folder})"
    return f"{version} (NOT the pinned {pin}, {folder})"


def _pin(name: str) -> str:
    pattern = rf"^{name.replace('_', '[-_]')}==(\S+)"
    match = re.search(pattern, REQUIREMENTS.read_text(), re.MULTILINE)
    return match[1] if match else "version, of which there is none"
