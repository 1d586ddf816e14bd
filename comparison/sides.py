"""One side of a comparison: a ddtrace and a datadog_lambda, and how a function gets them."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scripts import interruption
from scripts.tracer import PACKAGES, TracerError, tracer_environment

PINNED = "pinned"

_REPOSITORY = Path(__file__).resolve().parents[1]
_BUILD_FILES = ("pyproject.toml", "setup.py")

# Runs as the function does, so that it finds what the function finds.
_PROBE = """
import json, os, traceback
from importlib.metadata import distributions
found = {"error": None, "reason": "", "installed": {}}
for each in distributions():
    # The first one is the one that is imported.
    found["installed"].setdefault(each.metadata["Name"].lower().replace("_", "-"), each.version)
try:
    import datadog_lambda.handler
except BaseException as error:
    found["error"] = traceback.format_exc()
    # That of a SyntaxError has its file and line.
    found["reason"] = f"{type(error).__name__}: {error}"
for name in ("ddtrace", "datadog_lambda"):
    try:
        module = __import__(name)
        folder = list(module.__path__)[0]
        files = [
            os.path.getsize(os.path.join(place, file))
            for place, _, names in os.walk(folder, followlinks=True)
            for file in names
            if not file.endswith(".pyc")
        ]
        found[name] = {"version": module.__version__, "folder": folder, "bytes": sum(files)}
    except BaseException:
        found[name] = {"version": None, "folder": None, "bytes": 0}
print("\\n" + json.dumps(found))
"""
_QUIET = {"DD_TRACE_ENABLED": "false", "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false"}


@dataclass(frozen=True)
class Side:
    """What the user named, with an environment for it."""

    text: str
    environment: Mapping[str, str]
    """What the function's processes need to import it."""

    @classmethod
    def make(cls, text: str, folder: Path) -> Side:
        """Make the environment unless it is there; paths are relative to `folder`. Raises TracerError.

        `text` is `pinned`, or one thing or several with blanks between them: what `./run.sh --tracer`
        takes, or a folder with installed packages.
        """
        named = _words(text, folder)
        paths = [path for word in named if (path := _installed(folder / Path(word).expanduser()))]
        others = [word for word in named if not _installed(folder / Path(word).expanduser())]
        environment = {}
        if others:
            made = tracer_environment(others, folder)
            environment["PATH"] = f"{made}/bin:{os.environ.get('PATH', os.defpath)}"
        if paths:
            environment["PYTHONPATH"] = os.pathsep.join(map(str, paths))
        return cls(text, environment)

    def beside(self, servers: Mapping[str, str]) -> Side:
        """The same, with the environment by which its function finds these servers."""
        return replace(self, environment={**self.environment, **servers})

    def probe(self) -> Probe:
        """Import it as a function does."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("DD_", "AWS_"))
        }
        environment["PATH"] = f"{Path(sys.executable).parent}:{environment.get('PATH', os.defpath)}"
        settings = {"DD_LAMBDA_HANDLER": "app.handler.lambda_handler", "AWS_LAMBDA_FUNCTION_NAME": "function"}
        done = interruption.run(
            # The Python on the function's own PATH.
            ["python", "-c", _PROBE],
            cwd=_REPOSITORY,
            env={**environment, **self.environment, **settings, **_QUIET},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            found = json.loads(done.stdout.splitlines()[-1])
        except (IndexError, ValueError):
            said = done.stderr.strip() or "it said nothing"
            reason = f"the function's Python ended with {done.returncode}"
            found = {"error": said, "reason": reason, "installed": {}}
        return Probe(
            found["error"],
            {name: found.get(name, {}) for name in PACKAGES},
            " ".join(found["reason"].split()),
            found["installed"],
        )


@dataclass(frozen=True)
class Probe:
    """What a side has."""

    error: str | None
    """The traceback where it cannot be imported."""
    packages: Mapping[str, Any] = field(default_factory=dict)
    """`version`, `folder` and `bytes` of ddtrace and of datadog_lambda."""
    reason: str = ""
    """The error in one line, where there is one."""
    installed: Mapping[str, str] = field(default_factory=dict)
    """The versions of all packages, by their names."""

    @property
    def versions(self) -> str:
        """Such as `ddtrace 4.16.0, datadog_lambda 8.130.0`."""
        return ", ".join(f"{name} {self.packages[name].get('version') or '?'}" for name in PACKAGES)

    @property
    def size(self) -> int:
        """Bytes of both packages, without compiled Python."""
        return sum(self.packages[name].get("bytes", 0) for name in PACKAGES)


def _words(text: str, folder: Path) -> list[str]:
    """What stands in a side's text, one thing or several. Raises TracerError."""
    if text == PINNED:
        return []
    # A path may have blanks in it.
    if (folder / Path(text).expanduser()).exists():
        return [text]
    try:
        return shlex.split(text)
    except ValueError as error:
        raise TracerError(f"the tracer is {text!r}, whose quotes do not match ({error})") from None


def _installed(path: Path) -> Path | None:
    """The folder, where packages are installed in it: it has one of them, and is no project to build."""
    has_package = any((path / package).is_dir() for package in PACKAGES)
    if has_package and not any((path / name).exists() for name in _BUILD_FILES):
        return path.resolve()
    return None
