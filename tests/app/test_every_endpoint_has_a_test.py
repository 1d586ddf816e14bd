"""Every endpoint is called by a test: its path stands in a string of one of the files here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from app.settings import Settings
from app.web.factory import create_app

TESTS = Path(__file__).parent


def untested(routes: dict[str, list[str]], paths: set[str]) -> list[str]:
    """The views, by name, of whose routes none is among the paths. `*` in a path stands for anything."""
    return [
        name
        for name, rules in routes.items()
        if not any(_is_named(rule, path) for rule in rules for path in paths)
    ]


def _is_named(rule: str, path: str) -> bool:
    parts = re.split(r"<(path:)?[^>]+>", rule)
    # Every second part says whether slashes are allowed.
    kinds = {None: "[^/]+", "path:": ".+"}
    pattern = "".join(kinds[part] if index % 2 else re.escape(part) for index, part in enumerate(parts))
    if "*" in path:
        return bool(re.fullmatch(".+".join(map(re.escape, path.split("*"))), rule))
    return bool(re.fullmatch(pattern, path))


def paths_in(source: str) -> Iterator[str]:
    """The paths in the strings of a module, without queries.

    What an f-string fills in is `*`. One that ends so could be any path: it does not count.
    """
    tree = ast.parse(source)
    parts: set[int] = set()
    for node in ast.walk(tree):
        text = ""
        if isinstance(node, ast.JoinedStr):
            parts.update(map(id, node.values))
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            text = node.value
        path = re.split(r"[?# ]", text)[0]
        if path.startswith("/") and not path.endswith("*"):
            yield path


def test_every_endpoint_is_called_by_a_test() -> None:
    app = create_app(Settings())
    routes: dict[str, list[str]] = {}
    for rule in app.url_map.iter_rules():
        routes.setdefault(rule.endpoint, []).append(rule.rule)
    files = [file for file in TESTS.rglob("test_*.py") if file != Path(__file__)]
    missing = untested(routes, {path for file in files for path in paths_in(file.read_text())})
    assert not missing, "\n".join(
        f"the endpoint {routes[name][0]} has no test: call it in"
        f" tests/app/web/endpoints/test_{name.partition('.')[0]}.py"
        for name in missing
    )


def test_what_counts_as_named() -> None:
    source = 'get("/a/b?x=1"); get(f"/c/{kind}/e"); "no /d"; f"{url}/f"; f"/g/{x}"'
    assert sorted(paths_in(source)) == ["/a/b", "/c/*/e"]
    routes = {
        "a": ["/a/b", "/a"],
        "one": ["/c/<int:one>"],
        "more": ["/a/<path:more>/e"],
        "d": ["/d"],
        "filled": ["/f/<int:one>", "/f/x/e"],
    }
    assert untested(routes, {"/a/b", "/a/c/d/e", "/f/*/e"}) == ["one", "d"]
