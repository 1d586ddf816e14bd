"""What `./compare.sh` takes as a tracer: real packages, through the real command."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import REPOSITORY
from tests.support.tracers import copy_package, make_checkout, make_layer, make_wheel, replace

TAG = '"function_version": function_version,'
LESS = ["--only", "s3", "--quick"]
WAYS = [("tag-changed", "aws.lambda", "function_version", ["appsec: s3", "plain: s3"])]


def compare(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run ./compare.sh in `folder`."""
    return subprocess.run(
        [REPOSITORY / "compare.sh", *arguments],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("DD_")},
        capture_output=True,
        text=True,
        check=False,
    )


def ways(folder: Path) -> list[tuple[Any, ...]]:
    document = json.loads((folder / "comparison-report/report.json").read_text())
    return [
        (way["kind"], way["subject"], way["name"], sorted(way["invocations"])) for way in document["ways"]
    ]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of datadog_lambda in which a tag has another value."""
    made = copy_package(tmp_path / "source")
    replace(made / "tracing.py", TAG, '"function_version": "changed",')
    return made


@pytest.mark.emulator
def test_a_wheel_and_a_checkout(tmp_path: Path, package: Path, extension_folder: None) -> None:
    wheel = make_wheel(tmp_path, copy_package(tmp_path / "plain"))
    checkout = make_checkout(tmp_path / "my projects", package)
    done = compare(f"../../{wheel.name}", ".", *LESS, folder=checkout)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "(../../datadog_lambda-9.9.9-py3-none-any.whl)\nB: " in done.stdout
    assert "2 of 2 invocations differ in 1 way" in done.stdout
    assert ways(checkout) == WAYS
    # What is edited since is seen at once, and a path with a blank is one path.
    replace(checkout / "datadog_lambda/tracing.py", '"function_version": "changed",', TAG)
    again = compare(f"my projects/{checkout.name}", *LESS, folder=tmp_path)
    assert (again.returncode, ways(tmp_path)) == (0, []), again.stdout + again.stderr


@pytest.mark.emulator
def test_a_layer(tmp_path: Path, package: Path, extension_folder: None) -> None:
    make_layer(tmp_path, package)
    done = compare("layer.zip", *LESS, folder=tmp_path)
    assert (done.returncode, ways(tmp_path)) == (1, WAYS), done.stdout + done.stderr


@pytest.mark.emulator
def test_several_in_one_word(tmp_path: Path, package: Path, extension_folder: None) -> None:
    checkout = make_checkout(tmp_path, package)
    installed = copy_package(tmp_path / "patched").parent
    done = compare(str(checkout), f"{checkout} patched", *LESS, folder=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    (way,) = json.loads((tmp_path / "comparison-report/report.json").read_text())["ways"]
    assert (way["examples"][0]["a"], way["examples"][0]["b"]) == ("changed", "$LATEST")
    assert str(installed) in (tmp_path / "comparison-report/report.html").read_text()


def test_a_syntax_error_is_a_result(tmp_path: Path, package: Path) -> None:
    checkout = make_checkout(tmp_path, package)
    (checkout / "datadog_lambda/tag_object.py").write_text("import os\n\ndef tag_object(:\n")
    done = compare(".", *LESS, folder=checkout)
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert "B cannot be imported: SyntaxError: invalid syntax (tag_object.py, line 3)" in lines
    assert "B: Traceback (most recent call last):" in lines
    assert f'  File "{checkout}/datadog_lambda/tag_object.py", line 3' in lines


@pytest.mark.emulator
def test_a_function_that_does_not_start_with_appsec(
    tmp_path: Path, package: Path, extension_folder: None
) -> None:
    with (package / "constants.py").open("a") as file:
        file.write(
            "import os\nif os.environ.get('DD_APPSEC_ENABLED'):\n    raise RuntimeError('no AppSec')\n"
        )
    done = compare(str(package.parent), *LESS, folder=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    said = "the function fails with RuntimeError: no AppSec"
    assert f"     1  start-failed  start: {said}" in done.stdout.splitlines()
    assert ways(tmp_path) == [
        ("start-failed", "start", said, ["appsec: the start"]),
        ("tag-changed", "aws.lambda", "function_version", ["plain: s3"]),
    ]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["nowhere"], "error: the tracer is 'nowhere'; valid are a checkout of dd-trace-py or"),
        (["nowhere.whl", "pinned"], "error: the tracer is 'nowhere.whl'; valid are a checkout of"),
        (["."], "error: the folder . has neither ddtrace nor datadog_lambda in it; valid are"),
        (["pinned ."], "error: the tracer is 'pinned'; "),
        (["a 'b"], 'error: the tracer is "a \'b", whose quotes do not match (No closing quotation)'),
        (["ddtrace-1-cp27-none-any.whl"], "(ERROR: ddtrace-1-cp27-none-any.whl is not a supported wheel on"),
    ],
)
def test_what_is_refused(arguments: Sequence[str], error: str, tmp_path: Path) -> None:
    (tmp_path / "ddtrace-1-cp27-none-any.whl").touch()
    done = compare(*arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert error in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "comparison-report").exists()
