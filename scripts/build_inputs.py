"""What build.sh has to know before it builds: the variants, and whether binaries/ fits into the image.

    python3 -m scripts.build_inputs variants         prints VARIANT EVENT_TYPE lines, the default first
    python3 -m scripts.build_inputs check PLATFORM   exits with 1 and a message when something is wrong

Standard library only, for any Python from 3.10 on.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from lambda_proxy.front_doors import FRONT_DOORS

BINARIES = Path("binaries")
PACKAGES = ("ddtrace", "datadog_lambda")
REQUIREMENTS = "python-load-from-pip"
# A folder with this name is a checkout of the package.
CHECKOUTS = {"dd-trace-py": "ddtrace", "datadog-lambda-python": "datadog_lambda"}
IMAGE_PYTHON = (3, 13)
MACHINES = {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}


class InputError(Exception):
    """Something in binaries/ cannot go into the image; the message says what and why."""


def main(arguments: Sequence[str]) -> str | None:
    """Run the command; an error message when it fails."""
    match arguments:
        case ["variants"]:
            sys.stdout.writelines(f"{door.variant} {door.event_type}\n" for door in FRONT_DOORS)
        case ["check", platform] if platform in MACHINES:
            try:
                check(sorted(BINARIES.iterdir()), MACHINES[platform])
            except InputError as error:
                return f"build.sh: {error}"
        case _:
            return __doc__
    return None


def check(files: Sequence[Path], machine: str) -> None:
    """Raise InputError when the image for this machine cannot take these files together."""
    layers: list[str] = []
    packages: dict[str, str] = {}
    for file in files:
        if file.is_dir() and file.name in CHECKOUTS:
            _add(packages, CHECKOUTS[file.name], file)
            if not (file / CHECKOUTS[file.name]).is_dir():
                raise InputError(
                    f"binaries/{file.name} has no folder {CHECKOUTS[file.name]}: is it a checkout?"
                )
        elif file.suffix == ".zip":
            layers.append(file.name)
        elif file.suffix == ".whl" or file.name.endswith(".tar.gz"):
            if file.suffix == ".whl":
                check_wheel(file.name, machine)
            _add(packages, package_of(file.name), file)
        elif file.name == REQUIREMENTS:
            lines = (line.strip() for line in file.read_text().splitlines())
            if not any(line and not line.startswith("#") for line in lines):
                raise InputError(f"binaries/{REQUIREMENTS} names no package; one pip requirement a line")
            packages[REQUIREMENTS] = file.name
        elif file.name != "README.md" and not file.name.endswith(".tar.zst"):
            raise InputError(
                f"binaries/{file.name} is not one of: a layer (*.zip), a wheel (*.whl),"
                f" a source distribution (*.tar.gz), a checkout ({', '.join(CHECKOUTS)}), {REQUIREMENTS}"
            )
    if len(layers) > 1:
        raise InputError(f"binaries/ holds more than one layer: {', '.join(layers)}; keep one")
    if layers and packages:
        raise InputError(
            f"binaries/ holds the layer {layers[0]}, which would hide the packages beside it;"
            " keep one of the two"
        )


def _add(packages: dict[str, str], package: str, file: Path) -> None:
    if package in packages:
        raise InputError(f"binaries/ holds more than one {package}; keep one")
    packages[package] = file.name


def package_of(name: str) -> str:
    """Return the package that the file is of, from its name; raises InputError for other packages."""
    for package in PACKAGES:
        # A wheel spells it with _, an older source distribution as the project does.
        if name.replace("-", "_").startswith(f"{package}_"):
            return package
    raise InputError(f"binaries/{name} is not a package of: {', '.join(PACKAGES)}")


def check_wheel(name: str, machine: str) -> None:
    """Raise InputError when the wheel does not fit the image's Python or this machine.

    The name ends in -PYTHON-ABI-PLATFORM.whl, each of which may be several with a dot between them.
    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    """
    parts = name.removesuffix(".whl").split("-")
    if len(parts) not in (5, 6):
        raise InputError(f"binaries/{name} is not the name of a wheel: NAME-VERSION-PYTHON-ABI-PLATFORM.whl")
    python, abi, platform = (part.split(".") for part in parts[-3:])
    ours = f"cp{IMAGE_PYTHON[0]}{IMAGE_PYTHON[1]}"
    if not any(_runs(tag, abi, ours) for tag in python):
        raise InputError(
            f"binaries/{name} is for another Python ({'.'.join(python)}); the image has Python 3.13 ({ours})"
        )
    if not {ours, "abi3", "none"}.intersection(abi):
        raise InputError(
            f"binaries/{name} is for another build of Python ({'.'.join(abi)}), such as the free-threaded"
            f" one; the image has {ours}"
        )
    if not any(_fits(tag, machine) for tag in platform):
        raise InputError(
            f"binaries/{name} is for another system ({'.'.join(platform)});"
            f" the image needs manylinux and {machine}"
        )


def _runs(tag: str, abi: Sequence[str], ours: str) -> bool:
    """Whether the image's Python runs it: itself, any Python 3, or an older one's stable ABI."""
    major, minor = tag[2:3], tag[3:]
    older = major == "3" and minor.isdigit() and int(minor) <= IMAGE_PYTHON[1]
    return tag == ours or tag == "py3" or (tag[:2] == "py" and older) or ("abi3" in abi and older)


def _fits(tag: str, machine: str) -> bool:
    return tag == "any" or (tag.startswith(("manylinux", "linux_")) and tag.endswith(f"_{machine}"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
