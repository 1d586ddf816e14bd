"""What build.sh says of the files in binaries/, by their names alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.build_inputs import InputError, check, check_wheel


@pytest.mark.parametrize(
    "tags",
    [
        "cp313-cp313-manylinux_2_28_x86_64",
        "cp313-cp313-manylinux2014_x86_64.manylinux_2_17_x86_64",
        "cp313-cp313-linux_x86_64",
        "1-cp313-cp313-linux_x86_64",
        "cp39-abi3-manylinux_2_28_x86_64",
        "cp313-none-any",
        "py3-none-any",
        "py2.py3-none-any",
        "py310-none-any",
        "cp312.cp313-cp312.cp313-linux_x86_64",
    ],
)
def test_wheels_that_fit(tags: str) -> None:
    check_wheel(f"ddtrace-4.15.0-{tags}.whl", "x86_64")


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ("cp312-cp312-linux_x86_64", "is for another Python (cp312)"),
        ("cp3-cp3-linux_x86_64", "is for another Python (cp3)"),
        ("cp314-abi3-linux_x86_64", "is for another Python (cp314)"),
        ("py2-none-any", "is for another Python (py2)"),
        ("py314-none-any", "is for another Python (py314)"),
        ("cp313-cp313t-linux_x86_64", "is for another build of Python (cp313t)"),
        ("cp313-cp313-musllinux_1_2_x86_64", "is for another system (musllinux_1_2_x86_64)"),
        ("cp313-cp313-manylinux_2_28_aarch64", "the image needs manylinux and x86_64"),
        ("cp313-cp313-macosx_14_0_x86_64", "is for another system (macosx_14_0_x86_64)"),
        ("cp313-linux_x86_64", "is not the name of a wheel"),
    ],
)
def test_wheels_that_do_not(tags: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        check_wheel(f"ddtrace-4.15.0-{tags}.whl", "x86_64")
    assert message in str(error.value)


@pytest.mark.parametrize(
    "names",
    [
        ["README.md"],
        ["layer.zip", "python_lambda-alb-weblog.tar.zst"],
        ["datadog-lambda-8.0.0.tar.gz", "ddtrace-4.15.0-py3-none-any.whl"],
        ["datadog_lambda-8.0.0.tar.gz"],
    ],
)
def test_files_that_go_together(names: list[str]) -> None:
    check([Path(name) for name in names], "x86_64")
