"""Measures the image: its size, its layers and its cold start, beside the floor.

The floor is the same image, from the same Dockerfile, without our `app/` and the packages that only it
needs: datadog_lambda, ddtrace and the runtime client under a handler that answers the healthcheck alone.

    .venv/bin/python benchmarks/image.py [--runs N]

Needs Docker and an image built with ./build.sh.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
IMAGE = "python-lambda-weblog:apigw-rest"
FLOOR = "python-lambda-weblog:floor"
FLOOR_PACKAGES = ("-c ", "datadog-lambda==", "ddtrace==", "awslambdaric==")
FLOOR_HANDLER = """
import datadog_lambda


def lambda_handler(event, context):
    return {"status": "ok", "library": {"name": "python_lambda", "version": datadog_lambda.__version__}}
"""

SIZE_AIM = 15.0
"""MB that the weblog's own share may add to the floor."""
START_AIM = 2.0
"""Seconds from `docker run` to an answered healthcheck."""


def docker(*arguments: str) -> str:
    """Run a docker command; what it prints."""
    return subprocess.run(
        ["docker", *arguments], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


def build_floor() -> None:
    """Build the floor from a copy of the project with less in it."""
    client = subprocess.run(
        [REPOSITORY / "build.sh", "--print-client"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch) / "project"
        listed = subprocess.run(
            ["git", "ls-files"], cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True
        )
        for name in listed.stdout.splitlines():
            if not name.startswith(("app/", "tests/")):
                (project / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(REPOSITORY / name, project / name)
        (project / "app").mkdir()
        (project / "app/handler.py").write_text(FLOOR_HANDLER)
        requirements = project / "requirements.txt"
        kept = [line for line in requirements.read_text().splitlines() if line.startswith(FLOOR_PACKAGES)]
        requirements.write_text("\n".join(kept) + "\n")
        subprocess.run(
            [client, "build", "--quiet", "--target", "weblog", "--tag", FLOOR, project],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "DOCKER_BUILDKIT": "1"},
        )


def size_of(image: str) -> float:
    """In MB, all layers unpacked."""
    return int(docker("inspect", "--format", "{{.Size}}", image)) / 1e6


def layers(image: str) -> list[tuple[str, str]]:
    """Size and instruction of each layer that has a size, the base first."""
    lines = docker("history", "--no-trunc", "--format", "{{.Size}}\t{{.CreatedBy}}", image).splitlines()
    rows = [line.partition("\t") for line in reversed(lines)]
    return [(size, instruction or "the base image") for size, _, instruction in rows if size != "0B"]


def is_healthy(port: int) -> bool:
    """Whether the healthcheck is answered, however long that takes."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/2015-03-31/functions/function/invocations", '{"healthcheck": true}')
        answer = connection.getresponse().read()
    except (OSError, HTTPException):
        return False
    return bool(json.loads(answer)["status"] == "ok")


def cold_start(image: str) -> float:
    """Seconds from `docker run` until the healthcheck, asked again and again, is answered."""
    started = time.monotonic()
    container = docker("run", "--detach", "--publish", "127.0.0.1::8080", image)
    try:
        port = int(docker("port", container, "8080/tcp").split(":")[-1])
        while time.monotonic() - started < 60:
            if is_healthy(port):
                return time.monotonic() - started
            time.sleep(0.005)
        sys.exit(f"{image} does not answer its healthcheck:\n{docker('logs', container)}")
    finally:
        docker("rm", "--force", container)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=10, help="cold starts of each image (%(default)s)")
    runs = parser.parse_args().runs
    build_floor()

    print(f"layers of {IMAGE}")
    for layer_size, instruction in layers(IMAGE):
        print(f"  {layer_size:>8}  {instruction[:90]}")

    # Taken in turns, so that what else the machine does falls on both.
    starts: dict[str, list[float]] = {IMAGE: [], FLOOR: []}
    for _ in range(runs):
        for image, seconds in starts.items():
            seconds.append(cold_start(image))

    print(f"\n{'':36}{'size':>10}{'start, median of ' + str(runs):>24}{'slowest':>10}")
    for image, seconds in starts.items():
        print(f"{image:36}{size_of(image):7.1f} MB{statistics.median(seconds):22.2f} s{max(seconds):8.2f} s")

    share, start = size_of(IMAGE) - size_of(FLOOR), statistics.median(starts[IMAGE])
    print(
        f"\nown share {share:.1f} MB, {'within' if share <= SIZE_AIM else 'OVER'} the aim of {SIZE_AIM:g} MB"
    )
    print(
        f"start {start:.2f} s, {'within' if start <= START_AIM else 'SLOWER THAN'} the aim of {START_AIM:g} s"
    )


if __name__ == "__main__":
    main()
