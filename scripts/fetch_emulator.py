"""Fetches AWS's Lambda Runtime Interface Emulator, out of the aws-sam-cli wheel, which ships it.

Usage: fetch_emulator.py DESTINATION [MACHINE]. MACHINE is x86_64 or arm64; default: this machine. Does
nothing when DESTINATION is the pinned binary already. aws-sam-cli itself is never installed.
"""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "aws-sam-cli==1.170.0"

# AWS's name of the machine, and the binary's SHA-256 in this version of the wheel.
CHECKSUMS = {
    "x86_64": "6b1e686e62ab2baf5759c412c4864276ef2a88b094fca53ec070637ccba9b9a5",
    "arm64": "ec2e5d09633d853834c008b1ef264bf834b258a94d551d2b2074966494b39a21",
}
# Other names of the same: of `uname -m`, of Docker.
OTHER_NAMES = {"aarch64": "arm64", "amd64": "x86_64"}


def main(destination: Path, machine: str = platform.machine()) -> str | None:
    """Put the emulator for this machine at `destination`; an error message when that cannot be done."""
    machine = OTHER_NAMES.get(machine, machine)
    if machine not in CHECKSUMS:
        return f"no emulator for {machine}; there is one for {' and '.join(CHECKSUMS)}"
    checksum = CHECKSUMS[machine]
    if destination.exists() and _checksum(destination.read_bytes()) == checksum:
        return None
    with tempfile.TemporaryDirectory() as folder:
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        download += ["--no-deps", "--only-binary", ":all:", "--dest", folder, PACKAGE]
        done = subprocess.run(download, capture_output=True, text=True, check=False)  # noqa: S603
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
            return f"cannot download {PACKAGE}, which holds the emulator: {reason}"
        with zipfile.ZipFile(wheels[0]) as wheel:
            binary = wheel.read(f"samcli/local/rapid/aws-lambda-rie-{machine}")
    if (found := _checksum(binary)) != checksum:
        return f"the emulator in {PACKAGE} has the checksum {found}, not {checksum}"
    # Renamed when it is complete, so that nobody runs half a binary.
    partial = destination.with_suffix(".partial")
    partial.write_bytes(binary)
    partial.chmod(0o755)
    partial.replace(destination)
    return None


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    if error := main(Path(sys.argv[1]), *sys.argv[2:]):
        sys.exit(f"error: {error}")
