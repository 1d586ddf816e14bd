"""CONTRIBUTING.md, followed to the letter in a copy of the project: a new endpoint from start to end."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.processes import REPOSITORY

GUIDE = (REPOSITORY / "CONTRIBUTING.md").read_text()
PYTHON = {"./test.sh": [sys.executable, "-m", "pytest", "-q"], ".venv/bin/python": [sys.executable]}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project as it is now, with what is not committed."""
    left_out = shutil.ignore_patterns(".*", "__pycache__", "image.tar*", "*.zst")
    return Path(shutil.copytree(REPOSITORY, tmp_path / "copy", ignore=left_out))


@pytest.mark.emulator
def test_a_new_endpoint(copy: Path) -> None:
    section = re.split("^## ", GUIDE, flags=re.MULTILINE)
    (chapter,) = (part for part in section if part.startswith("A new endpoint\n"))
    blocks = [
        dedent(block) for block in re.findall(r"^ *```python\n(.*?)^ *```", chapter, re.DOTALL | re.MULTILINE)
    ]
    commands = re.findall(r"^\$ (.+)$", chapter, re.MULTILINE)
    assert (len(blocks), len(commands)) == (3, 3)

    def run(command: str) -> subprocess.CompletedProcess[str]:
        program, *words = shlex.split(command)
        return subprocess.run(
            [*PYTHON[program], *words], cwd=copy, capture_output=True, text=True, timeout=300, check=False
        )

    def add(block: str) -> None:
        first, _, code = block.partition("\n")
        file = copy / first.removeprefix("# ")
        file.write_text(f"{file.read_text()}\n\n{code}")

    make_page, test_endpoint, check = commands
    add(blocks[0])
    add(blocks[1])
    done = run(check)
    assert done.returncode == 1
    assert "docs/endpoints.md is not up to date; make it with: .venv/bin/python -m scripts" in done.stdout
    assert "the endpoint /teapot has no test: call it in tests/app/web/endpoints/test_core.py" in done.stdout
    assert "2 failed" in done.stdout
    add(blocks[2])
    for command in (make_page, test_endpoint, check):
        done = run(command)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "### `/teapot`" in (copy / "docs/endpoints.md").read_text()
    for linter in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *linter, "app", "tests/app"],
            cwd=copy, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
