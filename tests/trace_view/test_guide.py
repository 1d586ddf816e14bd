"""docs/trace-view.md: its examples, run as they stand, and its lists of members and routes."""

from __future__ import annotations

import doctest
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.processes import REPOSITORY
from tests.trace_view.system import System
from trace_view.entry import EMPTY
from trace_view.server import make_app
from trace_view.settings import Settings
from trace_view.view import View

GUIDE = (REPOSITORY / "docs/trace-view.md").read_text()
LIKE_IT = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(kind: str) -> list[str]:
    """The code blocks of this kind."""
    return re.findall(rf"```{kind}\n(.*?)```", GUIDE, re.DOTALL)


def here(text: str, system: System) -> str:
    """The text with the addresses of this system."""
    for shown, real in system.ports.items():
        text = text.replace(shown, real)
    return text


def commands() -> list[tuple[str, str]]:
    """Each command, with what it prints, in the order of the page."""
    found = []
    for block in blocks("console"):
        for part in re.split(r"(?m)^\$ ", block)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


@pytest.mark.emulator
def test_the_commands_print_what_the_page_shows(recorded: System, tmp_path: Path) -> None:
    assert len(commands()) >= 5
    for command, shown in commands():
        done = subprocess.run(
            ["bash", "-c", here(command, recorded)], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        same = doctest.OutputChecker().check_output(shown or "\n", done.stdout or "\n", LIKE_IT)
        assert same, f"{command}\nprinted:\n{done.stdout}{done.stderr}"


@pytest.mark.emulator
@pytest.mark.parametrize("code", blocks("python"))
def test_the_python_code_runs(recorded: System, code: str) -> None:
    exec(compile(here(code, recorded), "docs/trace-view.md", "exec"), {})


def test_the_filters_and_keys_of_the_page_s_help_are_here() -> None:
    script = (REPOSITORY / "trace_view/page/main.js").read_text()
    for name in ("FILTERS", "KEYS"):
        (table,) = re.findall(rf"const {name} = \[\n(.*?)\n\];", script, re.DOTALL)
        rows = re.findall(r'\["(.*?)", "(.*)"\],', table)
        assert len(rows) == len(table.splitlines())
        assert "".join(f"| `{word}` | {text} |\n" for word, text in rows) in GUIDE


def test_the_help_has_every_filter_of_the_list() -> None:
    script = (REPOSITORY / "trace_view/page/list.js").read_text()
    for name in ("KINDS", "FIELDS"):
        (table,) = re.findall(rf"const {name} = {{\n(.*?)\n}};", script, re.DOTALL)
        words = re.findall(r"(?m)^  (\w+): ", table)
        assert words
        for word in words:
            assert re.search(rf"`[^`]*\b{word}:" if name == "FIELDS" else rf"is:(.*\b)?{word}\b", GUIDE), word


def test_every_route_and_every_member_is_on_the_page() -> None:
    settings = Settings.read({})
    resources = make_app(settings, View(settings)).router.resources()
    routes = {resource.canonical for resource in resources if resource.canonical.startswith("/api/")}
    shown = {
        path.replace("NAME", "{name}").replace("ID", "{id}")
        for path in re.findall(r"/api/[a-zA-Z/-]+", GUIDE)
    }
    assert routes
    assert routes <= shown
    table = set(re.findall(r"`([a-z_]+)`", GUIDE))
    assert set(EMPTY) <= table
