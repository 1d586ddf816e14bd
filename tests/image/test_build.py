"""./build.sh: the user's own tracer, saved archives, and a clear message before anything is built."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import datadog_lambda
import pytest

from tests.image.containers import HEALTHCHECK, IMAGE, NAME, ContainerStarter, docker
from tests.support.processes import REPOSITORY

# Real releases that are not the pinned ones.
OTHER_DDTRACE = "4.15.0"
OTHER_DATADOG_LAMBDA = "8.129.0"
LAYER_FOLDER = "python/lib/python3.13/site-packages"

SUITE_TAG = "system_tests/weblog"

Put = Callable[[Path, Path], None]


@pytest.fixture
def project(docker_engine: None, tmp_path: Path) -> Path:
    """A copy of the project with an empty binaries/ of its own."""
    return copy_project(tmp_path / "project")


@pytest.fixture
def bare_project(tmp_path: Path) -> Path:
    """The same for builds that never come as far as an engine."""
    return copy_project(tmp_path / "project")


def copy_project(target: Path) -> Path:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.split("\0"):
        if name and (REPOSITORY / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, target / name)
    return target


def build(project: Path, *arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
    """Run the project's build.sh."""
    return subprocess.run(
        [shutil.which("bash") or "bash", project / "build.sh", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **({"PATH": path} if path else {})},
    )


def build_image(project: Path, image_name: str, *arguments: str) -> None:
    """Build NAME:VARIANT and nothing else; AssertionError when that fails."""
    done = build(project, "--no-dev", "--no-suite-tag", "--name", image_name, *arguments)
    assert done.returncode == 0, done.stdout


# The image's Python, which need not be the one that runs the tests.
FOR_IMAGE = ("--python-version", "3.13", "--only-binary", ":all:")


def download(folder: Path, *requirements: str) -> None:
    """Fetch packages as they are."""
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--dest", folder, *requirements], check=True
    )


@pytest.fixture
def suite_tag(image: None) -> Iterator[Callable[[], str]]:
    """What has the suite's tag; after the test it is the same one as before."""

    def tagged() -> str:
        return docker("images", "--no-trunc", "--quiet", SUITE_TAG).strip()

    before = tagged()
    yield tagged
    if before:
        docker("tag", before, SUITE_TAG)
    elif tagged():
        docker("rmi", SUITE_TAG)


def versions(start_container: ContainerStarter, image: str) -> tuple[str, dict[str, str]]:
    """What the healthcheck and the metadata say of this image."""
    container = start_container(image=image)
    metadata = dict(
        line.split(": ") for line in container.execute("cat", "/binaries/metadata.txt").splitlines()
    )
    return container.invoke(HEALTHCHECK)["library"]["version"], metadata


def put_layer(binaries: Path, scratch: Path) -> None:
    """A layer out of two wheels: as in the true one, requests and urllib3 are not in it."""
    packages = (f"datadog-lambda=={OTHER_DATADOG_LAMBDA}", f"ddtrace=={OTHER_DDTRACE}")
    download(scratch, "--no-deps", *FOR_IMAGE, *packages)
    with zipfile.ZipFile(binaries / "datadog_lambda_py-3.13.zip", "w") as layer:
        for wheel in scratch.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                for file in archive.namelist():
                    layer.writestr(f"{LAYER_FOLDER}/{file}", archive.read(file))


def put_packages(binaries: Path, scratch: Path) -> None:
    """A source distribution of the one, a wheel of the other."""
    download(
        binaries, "--no-deps", "--no-binary", "datadog-lambda", f"datadog-lambda=={OTHER_DATADOG_LAMBDA}"
    )
    download(binaries, "--no-deps", *FOR_IMAGE, f"ddtrace=={OTHER_DDTRACE}")


def put_checkout(binaries: Path, scratch: Path) -> None:
    """A source distribution, unpacked, is what a checkout is; of ddtrace it would take long to compile."""
    download(scratch, "--no-deps", "--no-binary", "datadog-lambda", f"datadog-lambda=={OTHER_DATADOG_LAMBDA}")
    (archive,) = scratch.glob("*.tar.gz")
    shutil.unpack_archive(archive, scratch, filter="data")
    archive.unlink()
    (folder,) = scratch.iterdir()
    shutil.move(folder, binaries / "datadog-lambda-python")
    (binaries / "python-load-from-pip").write_text(f"# my branch\n\nddtrace=={OTHER_DDTRACE}\n")


@pytest.mark.parametrize("put", [put_layer, put_packages, put_checkout])
def test_the_users_own_tracer(
    project: Path, image_name: str, start_container: ContainerStarter, tmp_path: Path, put: Put
) -> None:
    put(project / "binaries", tmp_path / "scratch")
    build_image(project, image_name)
    version, metadata = versions(start_container, f"{image_name}:apigw-rest")
    assert version == metadata["datadog_lambda"] == OTHER_DATADOG_LAMBDA
    assert metadata["ddtrace"] == OTHER_DDTRACE


def test_drivers(project: Path, image_name: str) -> None:
    look = (
        "from importlib.util import find_spec as f; print(*map(bool, map(f, ['psycopg', 'kombu', 'moto'])))"
    )
    build_image(project, image_name, "--drivers")
    for image, found in ((IMAGE, "False False False"), (f"{image_name}:apigw-rest", "True True True")):
        assert docker("run", "--rm", image, "python", "-c", look).strip() == found


def test_a_changed_wheel_of_the_pinned_version_is_taken(
    project: Path, image_name: str, start_container: ContainerStarter, tmp_path: Path
) -> None:
    """What a developer builds from a checkout often has the version of the last release."""
    pinned = datadog_lambda.__version__
    download(tmp_path, "--no-deps", f"datadog-lambda=={pinned}")
    [wheel] = tmp_path.glob("datadog_lambda-*.whl")
    unpacked = tmp_path / "unpacked"
    shutil.unpack_archive(wheel, unpacked, "zip")
    with (unpacked / "datadog_lambda/__init__.py").open("a") as file:
        file.write("\nprint('my own datadog_lambda')\n")
    shutil.make_archive(os.fspath(tmp_path / "changed"), "zip", unpacked)
    shutil.move(tmp_path / "changed.zip", project / "binaries" / wheel.name)
    build_image(project, image_name)
    container = start_container(image=f"{image_name}:apigw-rest")
    container.invoke(HEALTHCHECK)
    assert "my own datadog_lambda" in container.logs


def test_a_package_laid_over_the_images_is_taken_without_a_build(
    start_container: ContainerStarter, tmp_path: Path
) -> None:
    package = tmp_path / "datadog_lambda"
    shutil.copytree(
        Path(datadog_lambda.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__")
    )
    with (package / "__init__.py").open("a") as file:
        file.write("\nprint('my own datadog_lambda')\n")
    container = start_container(options=["--volume", f"{package}:/opt/python/datadog_lambda:ro"])
    container.invoke(HEALTHCHECK)
    assert "my own datadog_lambda" in container.logs


def test_a_tracer_that_cannot_be_imported_fails_the_build(project: Path, image: None, tmp_path: Path) -> None:
    package = tmp_path / LAYER_FOLDER / "ddtrace"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('half a tracer')\n")
    shutil.make_archive(os.fspath(project / "binaries/layer"), "zip", tmp_path, "python")
    done = build(project, "--no-dev", "--no-suite-tag", "--name", NAME)
    assert done.returncode != 0
    assert "half a tracer" in done.stdout
    assert "datadog_lambda and ddtrace cannot be imported" in done.stdout


def test_a_layer_for_another_python_fails_the_build(project: Path, image: None, tmp_path: Path) -> None:
    (tmp_path / "python/lib/python3.12/site-packages").mkdir(parents=True)
    shutil.make_archive(os.fspath(project / "binaries/layer"), "zip", tmp_path, "python")
    done = build(project, "--no-dev", "--no-suite-tag", "--name", NAME)
    assert done.returncode != 0
    assert "layer.zip has no python/lib/python3.13/site-packages" in done.stdout


@pytest.mark.skipif(not shutil.which("zstd"), reason="zstd is not installed")
def test_a_saved_archive_brings_the_image_back(
    project: Path, image_name: str, suite_tag: Callable[[], str]
) -> None:
    before = suite_tag()
    build_image(project, image_name, "alb-multi", "--save")
    assert suite_tag() == before
    archive = project / "binaries/python_lambda-alb-multi-weblog.tar.zst"
    with subprocess.Popen(["zstd", "-dc", archive], stdout=subprocess.PIPE) as unpacking:
        subprocess.run(["docker", "load"], stdin=unpacking.stdout, check=True, capture_output=True)
    labels = json.loads(docker("inspect", "--format", "{{json .Config.Labels}}", SUITE_TAG))
    assert labels["system-tests-weblog-variant"] == "alb-multi"


def test_of_several_variants_the_default_one_gets_the_suites_tag(
    project: Path, image_name: str, suite_tag: Callable[[], str]
) -> None:
    def identity(variant: str) -> str:
        return docker("images", "--no-trunc", "--quiet", f"{image_name}:{variant}").strip()

    for variants, tagged in ((["alb", "apigw-rest", "apigw-http"], "apigw-rest"), (["alb"], "alb")):
        done = build(project, *variants, "--no-dev", "--name", image_name)
        assert done.stdout.splitlines()[-1] == f"build.sh: {SUITE_TAG} is {image_name}:{tagged}"
        assert suite_tag() == identity(tagged)


@pytest.mark.parametrize(
    ("files", "arguments", "message"),
    [
        (
            [],
            ["lambda"],
            "unknown variant lambda; there are apigw-rest apigw-http function-url alb alb-multi and all",
        ),
        (
            [],
            ["--fast"],
            "unknown option --fast; there are --platform, --save, --drivers, --no-dev, --no-suite-tag,"
            " --name, --export and --help",
        ),
        (
            [],
            ["--platform", "linux/riscv64"],
            "unknown platform 'linux/riscv64'; there are linux/amd64 and linux/arm64",
        ),
        (
            [],
            ["--name", "Mine:1"],
            "--name is 'Mine:1'; valid are lower-case letters and digits,",
        ),
        (["a.zip", "b.zip"], [], "binaries/ holds more than one layer: a.zip, b.zip; keep one"),
        (
            ["ddtrace-4.15.0-cp312-cp312-manylinux_2_28_x86_64.whl"],
            [],
            "is for another Python (cp312); the image has Python 3.13 (cp313)",
        ),
        (
            ["ddtrace-4.15.0-cp313-cp313t-manylinux_2_28_x86_64.whl"],
            [],
            "is for another build of Python (cp313t)",
        ),
        (
            ["ddtrace-4.15.0-cp313-cp313-musllinux_1_2_x86_64.whl"],
            ["--platform", "linux/amd64"],
            "is for another system (musllinux_1_2_x86_64); the image needs manylinux and x86_64",
        ),
        (
            ["ddtrace-4.15.0-cp313-cp313-manylinux_2_28_x86_64.whl"],
            ["--platform", "linux/arm64"],
            "the image needs manylinux and aarch64",
        ),
        (
            ["flask-3.1.3-py3-none-any.whl"],
            [],
            "flask-3.1.3-py3-none-any.whl is not a package of: ddtrace, datadog_lambda",
        ),
        (
            ["ddtrace-4.14.0.tar.gz", "ddtrace-4.15.0.tar.gz"],
            [],
            "binaries/ holds more than one ddtrace; keep one",
        ),
        (
            ["layer.zip", "ddtrace-4.15.0.tar.gz"],
            [],
            "which would hide the packages beside it; keep one of the two",
        ),
        (["python-load-from-pip"], [], "binaries/python-load-from-pip names no package"),
        (["notes.txt"], [], "binaries/notes.txt is not one of: a layer (*.zip), "),
    ],
)
def test_mistakes_are_told_before_anything_is_built(
    bare_project: Path, files: list[str], arguments: list[str], message: str
) -> None:
    for name in files:
        (bare_project / "binaries" / name).touch()
    done = build(bare_project, *arguments)
    assert (done.returncode, done.stdout.count("\n")) == (1, 1), done.stdout
    assert message in done.stdout


# A variant, by both of its names.
@pytest.mark.parametrize("variant", ["alb-multi", "application-load-balancer-multi"])
def test_without_docker_it_says_how_to_get_it(bare_project: Path, tmp_path: Path, variant: str) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("dirname", "uname", "head", "xargs", "sed"):
        (tools / name).symlink_to(shutil.which(name) or name)
    (tools / "python3").symlink_to(sys.executable)
    done = build(bare_project, variant, path=os.fspath(tools))
    assert (done.returncode, done.stdout.count("\n")) == (1, 1), done.stdout
    assert "there is no docker command; install Docker, or as root:" in done.stdout


def test_help_names_every_variant_and_option(bare_project: Path) -> None:
    done = build(bare_project, "--help")
    assert done.returncode == 0
    options = ("--platform", "--save", "--drivers", "--no-dev", "--no-suite-tag", "--name", "--export")
    for word in ("apigw-rest, apigw-http, function-url, alb, alb-multi", *options):
        assert word in done.stdout
