"""Writes what Datadog's test suite needs to build this weblog from its own tree, and nothing else.

    python3 -m scripts.suite_export FOLDER

FOLDER is a checkout of `DataDog/system-tests`. It gets, in utils/build/docker/python_lambda/: a
Dockerfile for each variant, an entry for each variant in weblog_metadata.yml, and the folder `weblog`
with the files that the Dockerfiles copy. What was already the same stays untouched.

Standard library only, for any Python from 3.10 on.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lambda_proxy.front_doors import FRONT_DOORS, FrontDoor

REPOSITORY = Path(__file__).resolve().parents[1]
LIBRARY = Path("utils/build/docker/python_lambda")
SOURCES = LIBRARY / "weblog"
METADATA = LIBRARY / "weblog_metadata.yml"

# The suite builds the last stage of a Dockerfile, so what comes after `weblog` is left out.
END_OF_WEBLOG = re.compile(r"\n+FROM \S+ AS dev-build\n")
# A copy of files of this project; one with --from= copies out of another stage.
COPY = re.compile(r"^COPY (?P<options>(?:--(?!from=)\S+ )*)(?!--)(?P<words>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class File:
    """A file of the export."""

    content: bytes
    is_executable: bool = False

    def write(self, path: Path) -> str:
        """Write the file where it differs; what was done, or an empty text."""
        exists = path.exists()
        if exists and path.read_bytes() == self.content and os.access(path, os.X_OK) == self.is_executable:
            return ""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.content)
        path.chmod(0o755 if self.is_executable else 0o644)
        return "replaced" if exists else "wrote"


class ExportError(Exception):
    """The folder cannot take the export; the message says why."""


def main(arguments: Sequence[str]) -> str | None:
    """Export; an error message when that fails."""
    if len(arguments) != 1:
        return "build.sh: --export takes one folder, a checkout of system-tests, and no other option"
    try:
        for line in export(Path(arguments[0])):
            sys.stdout.write(f"build.sh: {line}\n")
    except (ExportError, OSError) as error:
        return f"build.sh: {error}"
    return None


def export(suite: Path) -> Iterator[str]:
    """Write everything; yield a line for each file that was written, replaced or removed."""
    if not (suite / "utils/build/docker").is_dir():
        raise ExportError(f"{suite} is not a checkout of system-tests: it has no utils/build/docker")
    dockerfile = (REPOSITORY / "Dockerfile").read_text()
    dockerfile = dockerfile[: _match(END_OF_WEBLOG, dockerfile).start()] + "\n"
    wanted = dict(_sources(dockerfile))
    for door in FRONT_DOORS:
        wanted[LIBRARY / f"{door.variant}.Dockerfile"] = File(_dockerfile(dockerfile, door).encode())
    wanted[METADATA] = File(_metadata(suite / METADATA).encode())
    count = 0
    for path, file in sorted(wanted.items()):
        if done := file.write(suite / path):
            count += 1
            yield f"{done} {path}"
    for path in sorted((suite / SOURCES).rglob("*")):
        if path.is_file() and path.relative_to(suite) not in wanted:
            path.unlink()
            count += 1
            yield f"removed {path.relative_to(suite)}"
    yield f"{len(wanted) - count} of {len(wanted)} files were up to date"


def _sources(dockerfile: str) -> Iterator[tuple[Path, File]]:
    """Each file that the Dockerfile copies, with its place in the suite."""
    for copy in COPY.finditer(dockerfile):
        for source in copy["words"].split()[:-1]:
            start = REPOSITORY / source
            files = sorted(start.rglob("*")) if start.is_dir() else [start]
            for file in files:
                if file.is_file() and "__pycache__" not in file.parts:
                    content = File(file.read_bytes(), os.access(file, os.X_OK))
                    yield SOURCES / file.relative_to(REPOSITORY), content


def _dockerfile(dockerfile: str, door: type[FrontDoor]) -> str:
    """The Dockerfile of one variant, for the suite's root as the build's context."""
    text = COPY.sub(_from_suite, dockerfile)
    for name, value in {
        "VARIANT": door.variant,
        "LAMBDA_EVENT_TYPE": door.event_type,
        "WEBLOG_VERSION": _version(),
    }.items():
        text = re.sub(rf"^ARG {name}=.*$", f"ARG {name}={value}", text, flags=re.MULTILINE)
    return f"# Made by `./build.sh --export` of the Python Lambda weblog. Changes belong there.\n{text}"


def _from_suite(copy: re.Match[str]) -> str:
    *sources, target = copy["words"].split()
    places = [f"{(SOURCES / source).as_posix()}{'/' if source.endswith('/') else ''}" for source in sources]
    return f"COPY {copy['options']}{' '.join([*places, target])}"


def _metadata(path: Path) -> str:
    """The suite's list of weblogs, with an entry for each variant that has none."""
    text = path.read_text() if path.exists() else ""
    for door in FRONT_DOORS:
        if not re.search(rf"^{re.escape(door.variant)}:", text, re.MULTILINE):
            text = f"{text.rstrip()}\n{door.variant}:\n  categories: [dd_trace_lambda]\n".lstrip("\n")
    return text


def _version() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def _match(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.search(text)
    if found is None:
        raise ExportError(f"the Dockerfile has no {pattern.pattern!r}")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
