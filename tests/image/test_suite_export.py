"""./build.sh --export: what the test suite builds from its own tree is the image that ./build.sh makes."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from lambda_proxy.front_doors import FRONT_DOORS
from tests.image.containers import HEALTHCHECK, IMAGE, NAME, ContainerStarter, docker
from tests.image.test_build import OTHER_DATADOG_LAMBDA, OTHER_DDTRACE, put_layer, versions
from tests.support.processes import REPOSITORY

LIBRARY = Path("utils/build/docker/python_lambda")
VARIANTS = [door.variant for door in FRONT_DOORS]
# Everything in the image that is ours, with a checksum each. Compiled files have times in them.
LISTING = (
    "cd / && find var/task var/lang opt binaries -type f ! -name '*.pyc' ! -name metadata.txt"
    " -exec sha256sum {} + | sort -k 2"
)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """The part of the suite's tree that a build needs, with what another weblog left in it."""
    suite = tmp_path / "system-tests"
    (suite / LIBRARY / "function").mkdir(parents=True)
    (suite / LIBRARY / "function/handler.py").write_text("# the existing weblog\n")
    (suite / LIBRARY / "alb.Dockerfile").write_text("FROM scratch\n")
    (suite / LIBRARY / "weblog_metadata.yml").write_text("alb:\n  categories: [dd_trace_lambda]\n")
    (suite / "binaries").mkdir()
    (suite / "binaries/java-spring-boot-weblog.tar.zst").write_bytes(b"another weblog")
    return suite


def export(folder: Path) -> list[str]:
    """The lines that an export says."""
    command: list[str | Path] = [REPOSITORY / "build.sh", "--export", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).splitlines()


def files(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Every file in the folder, with its content and whether it can be executed."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), os.access(path, os.X_OK))
        for path in folder.rglob("*")
        if path.is_file()
    }


def build(suite: Path, name: str, variant: str) -> str:
    """Build as the suite does, but for the tag; the image's name."""
    client = subprocess.run(
        [REPOSITORY / "build.sh", "--print-client"], capture_output=True, text=True, check=True
    ).stdout.strip()
    image = f"{name}:{variant}"
    command: list[str | Path] = [
        *(client, "build", "--file", LIBRARY / f"{variant}.Dockerfile"),
        *(
            "--label",
            "system-tests-library=python_lambda",
            "--label",
            f"system-tests-weblog-variant={variant}",
        ),
        *("--tag", image, "."),
    ]
    done = subprocess.run(
        command,
        cwd=suite,
        env={**os.environ, "DOCKER_BUILDKIT": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return image


def test_what_an_export_writes(suite: Path) -> None:
    before = files(suite)
    lines = export(suite)
    after = files(suite)
    assert f"build.sh: replaced {LIBRARY / 'alb.Dockerfile'}" in lines
    new = {Path(name) for name in after.keys() - before.keys()}
    outside = {path.name for path in new if LIBRARY / "weblog" not in path.parents}
    assert outside == {f"{variant}.Dockerfile" for variant in VARIANTS if variant != "alb"}
    metadata = (suite / LIBRARY / "weblog_metadata.yml").read_text()
    assert sorted(
        re.findall(r"^(\S+):\n  categories: \[dd_trace_lambda\]$", metadata, re.MULTILINE)
    ) == sorted(VARIANTS)
    unchanged = ("function/handler.py", "binaries/java-spring-boot-weblog.tar.zst")
    for name in before:
        if name.endswith(unchanged):
            assert after[name] == before[name]


def test_a_second_export_changes_nothing(suite: Path) -> None:
    export(suite)
    before = files(suite)
    (line,) = export(suite)
    assert re.fullmatch(r"build\.sh: (\d+) of \1 files were up to date", line)
    assert files(suite) == before


def test_a_file_that_is_gone_here_goes_there(suite: Path) -> None:
    export(suite)
    old = suite / LIBRARY / "weblog/app/old.py"
    old.write_text("")
    assert f"build.sh: removed {old.relative_to(suite)}" in export(suite)
    assert not old.exists()


def test_another_folder_is_refused(tmp_path: Path) -> None:
    (line,) = export(tmp_path)
    assert line == f"build.sh: {tmp_path} is not a checkout of system-tests: it has no utils/build/docker"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_suite_finds_the_base_images(suite: Path, variant: str) -> None:
    export(suite)
    dockerfile = (suite / LIBRARY / f"{variant}.Dockerfile").read_text()
    defaults = dict(re.findall(r"^ARG\s+(\S+)\s*=\s*(\S+)", dockerfile, re.MULTILINE))
    images = re.findall(r"^FROM\s+\$(\S+)", dockerfile, re.MULTILINE)
    lines = re.findall(r"^\s*FROM ", dockerfile, re.MULTILINE)
    assert len(images) == len(lines), "each FROM line names an image by an ARG"
    assert {defaults[name] for name in images} == {
        "python:3.13-slim-trixie",
        "public.ecr.aws/lambda/python:3.13",
        "public.ecr.aws/datadog/lambda-extension:100",
    }


def configuration(image: str, what: str) -> object:
    """Return this part of what Docker knows of the image."""
    return json.loads(docker("inspect", "--format", f"{{{{json .{what}}}}}", image))


def test_the_suite_builds_the_same_images(
    suite: Path,
    image_name: str,
    start_container: ContainerStarter,
) -> None:
    export(suite)
    images = [build(suite, image_name, door.variant) for door in FRONT_DOORS]
    for image, door in zip(images, FRONT_DOORS, strict=True):
        assert configuration(image, "Config") == configuration(f"{NAME}:{door.variant}", "Config")
    # All five have the same content. It is that of our own image.
    assert len({str(configuration(image, "RootFS")) for image in images}) == 1
    listing, own = (docker("run", "--rm", image, "sh", "-c", LISTING) for image in (images[0], IMAGE))
    assert listing == own
    container = start_container(image=images[0])
    assert container.invoke(HEALTHCHECK)["status"] == "ok"


def test_the_suite_builds_with_a_layer(
    suite: Path,
    image_name: str,
    start_container: ContainerStarter,
    tmp_path: Path,
) -> None:
    (tmp_path / "layer").mkdir()
    put_layer(suite / "binaries", tmp_path / "layer")
    export(suite)
    image = build(suite, image_name, "apigw-rest")
    version, metadata = versions(start_container, image)
    assert (version, metadata["ddtrace"]) == (OTHER_DATADOG_LAMBDA, OTHER_DDTRACE)
    assert docker("run", "--rm", image, "sh", "-c", "find / -xdev -name '*.tar.zst'") == ""
