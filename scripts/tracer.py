"""Makes an environment with the user's own tracer in front of the pinned packages of .venv.

    .venv/bin/python -m scripts.tracer TRACER...   prints the environment's folder

The environments are kept in .tracers; that folder may be deleted at any time. .venv is never touched.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.interruption import run

TRACERS = Path(".tracers").absolute()
PACKAGES = ("ddtrace", "datadog_lambda")
EMULATOR = "aws-lambda-rie"
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
FORMS = (
    "valid are a checkout of dd-trace-py or datadog-lambda-python, a wheel (*.whl), a source distribution"
    " (*.tar.gz), a Lambda layer (*.zip), or a requirement such as ddtrace==4.15.0"
)
# Also `ddtrace @ git+https://...`, and versions with a marker behind them.
_REQUIREMENT = re.compile(r"(ddtrace|datadog[-_.]lambda)\s*([<>=!~@;\[].*)?|git\+\S+", re.IGNORECASE)


# An editable installation takes these over once. Python files are read where they are.
_BUILD_FILES = {"pyproject.toml", "setup.py", "setup.cfg", "CMakeLists.txt", "Cargo.toml", "Cargo.lock"}
_COMPILED = {".pyx", ".pxd", ".rs", ".c", ".cc", ".cpp", ".h", ".hpp"}
_NOT_LOOKED_AT = {"build", "dist", "target", "tests", "venv"}


class TracerError(Exception):
    """There is no such tracer, or it cannot be installed; the message says why."""


@dataclass(frozen=True)
class Tracer:
    """One thing to install: what pip is asked for, or a layer."""

    words: tuple[str, ...]
    """pip's arguments; none for a layer."""
    layer: Path | None
    identity: str
    """The same only if a second installation would bring the same, but for what a checkout is built from."""
    checkout: Path | None = None

    @classmethod
    def read(cls, text: str, folder: Path) -> Tracer:
        """Understand what the user wrote; a path is relative to `folder`. Raises TracerError."""
        path = folder / Path(text).expanduser()
        if path.is_dir():
            if not any((path / package).is_dir() for package in PACKAGES):
                raise TracerError(f"the folder {text} has neither {' nor '.join(PACKAGES)} in it; {FORMS}")
            # Editable, so that what is edited runs without a further installation.
            return cls(("--editable", str(path)), None, str(path.resolve()), path)
        if path.is_file():
            status = path.stat()
            identity = f"{path.resolve()} {status.st_size} {status.st_mtime_ns}"
            if path.suffix == ".zip":
                return cls((), path, identity)
            if path.suffix == ".whl" or path.name.endswith(".tar.gz"):
                return cls((str(path),), None, identity)
        elif _REQUIREMENT.fullmatch(text):
            return cls((text,), None, text)
        raise TracerError(f"the tracer is {text!r}; {FORMS}")


def tracer_environment(texts: Sequence[str], folder: Path) -> Path:
    """The folder of the environment that has these tracers, made unless it is there. Raises TracerError."""
    tracers = [Tracer.read(text, folder) for text in texts]
    layers = [tracer.layer for tracer in tracers if tracer.layer]
    if layers and len(tracers) > 1:
        raise TracerError(f"the layer {layers[0]} would hide the other tracers; name it alone")
    identities = [*(tracer.identity for tracer in tracers), sys.version, _pins()]
    environment = TRACERS / hashlib.sha256("\n".join(identities).encode()).hexdigest()[:16]
    try:
        TRACERS.mkdir(exist_ok=True)
        lock_file = (TRACERS / "lock").open("w")
    except OSError as error:
        raise TracerError(
            f"{TRACERS} cannot be written to ({error.strerror}), and the environment is made in it;"
            " copy the folder to where you may write"
        ) from error
    # Two scripts at once must not install into one half-made environment.
    with lock_file as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = environment / "complete"
        if not stamp.exists() or stamp.read_text() != _built_from(tracers):
            sys.stderr.write(f"installing {', '.join(texts)} into {environment}\n")
            _make(environment, tracers)
            # A build may have written files beside its sources.
            stamp.write_text(_built_from(tracers))
    return environment


def _built_from(tracers: Sequence[Tracer]) -> str:
    """A digest of what the checkouts among them are built from: their metadata, and what is compiled."""
    digest = hashlib.sha256()
    for checkout in (tracer.checkout for tracer in tracers if tracer.checkout):
        for place, folders, names in os.walk(checkout):
            folders[:] = sorted(
                name for name in folders if name not in _NOT_LOOKED_AT and not name.startswith(".")
            )
            for name in sorted(names):
                if name in _BUILD_FILES or Path(name).suffix in _COMPILED:
                    digest.update(Path(place, name).read_bytes())
    return digest.hexdigest()


def _pins() -> str:
    return Path("requirements.txt").read_text() + Path("constraints.txt").read_text()


def _make(environment: Path, tracers: Sequence[Tracer]) -> None:
    shutil.rmtree(environment, ignore_errors=True)
    venv.EnvBuilder(symlinks=True).create(environment)
    packages = environment / "lib" / PYTHON / "site-packages"
    # In the order of their names these come after the environment's own packages.
    pinned = sysconfig.get_path("purelib")
    (packages / "pinned.pth").write_text(f"import site; site.addsitedir({pinned!r})\n")
    emulator = Path(sys.prefix, "bin", EMULATOR)
    if emulator.exists():
        (environment / "bin" / EMULATOR).symlink_to(emulator)
    for tracer in tracers:
        if tracer.layer:
            (packages / "layer.pth").write_text(f"{_unpack(tracer.layer, environment / 'layer')}\n")
    words = [word for tracer in tracers for word in tracer.words]
    if words:
        # Twice: the first run replaces a package even when the version is the same. The second one checks
        # whether the dependencies still fit, and brings only those that do not.
        _pip(environment, "--force-reinstall", "--no-deps", *words)
        _pip(environment, *words)


def _unpack(layer: Path, folder: Path) -> Path:
    with zipfile.ZipFile(layer) as archive:
        archive.extractall(folder)
    packages = folder / "python" / "lib" / PYTHON / "site-packages"
    if not packages.is_dir():
        raise TracerError(
            f"the layer {layer} has no python/lib/{PYTHON}/site-packages: is it for this Python?"
        )
    return packages


def _pip(environment: Path, *words: str) -> None:
    # pip itself is the one of .venv.
    command = [f"{environment}/bin/python", "-m", "pip", "install", "--disable-pip-version-check", *words]
    log = environment / "install.log"
    with log.open("a") as output:
        done = run(command, stdout=output, stderr=subprocess.STDOUT)
    if done.returncode:
        errors = [line for line in log.read_text().splitlines() if "ERROR" in line or "error:" in line]
        said = errors[0].strip() if errors else "it did not say why"
        raise TracerError(f"pip could not install {' '.join(words)} ({said}); all it said is in {log}")


def main(arguments: Sequence[str]) -> int:
    """Print the folder, or say why there is none (1)."""
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.stderr.write(__doc__ or "")
        return 0 if arguments else 2
    try:
        folder = tracer_environment(arguments, Path(os.environ.get("STARTED_IN") or "."))
    except TracerError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(f"{folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
