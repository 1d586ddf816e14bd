"""Makes the lists of endpoints from the docstrings of the views: `python -m scripts.endpoints_page`.

Of docs/endpoints.md the part between the two markers is made; what stands before and after it is written
by hand. trace_view/endpoints.json is made as a whole: the trace view has neither docs nor app at hand.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

PAGE = Path(__file__).resolve().parents[1] / "docs/endpoints.md"
LIST = Path(__file__).resolve().parents[1] / "trace_view/endpoints.json"
BEGIN = "<!-- Made from the docstrings by `python -m scripts.endpoints_page`. -->\n"
END = "<!-- Written by hand from here on. -->\n"

# A field of a contract: `200: ...`, `Query: ...`, `` `status_code`: ... ``.
FIELD = re.compile(r"(?:\d{3}|[A-Z][a-z]+(?: [a-z]+)?|`\w+`): ")


def made(app: Flask) -> str:
    """The part of the page that is made: a section a Blueprint, and a heading a route."""
    lines = []
    for name, blueprint in app.blueprints.items():
        module = sys.modules[blueprint.import_name]
        title, _, rest = (inspect.getdoc(module) or "").partition(": ")
        lines += [f"## {title.rstrip('.')}", "", rest[:1].upper() + rest[1:], ""]
        for endpoint, view in app.view_functions.items():
            if endpoint.rpartition(".")[0] != name:
                continue
            rules = sorted(app.url_map.iter_rules(endpoint), key=lambda rule: len(rule.rule))
            lines += [f"### `{rule.rule}`" for rule in rules]
            lines += [", ".join(_methods(rules)), "", *contract(inspect.getdoc(view) or ""), ""]
    return "\n".join(lines)


def contract(docstring: str) -> list[str]:
    """A view's docstring in Markdown: what it does, and a list of its fields."""
    lines: list[str] = []
    for paragraph in docstring.split("\n\n"):
        in_fields = False
        for line in paragraph.splitlines():
            if match := FIELD.match(line):
                in_fields = True
                name = match[0].removesuffix(": ")
                lines.append(f"- {name if '`' in name else f'**{name}**'}: {line[match.end() :]}")
            else:
                lines.append(f"  {line.strip()}" if in_fields else line)
        lines.append("")
    # The fields are one list, though blank lines separate them in the docstring.
    text = re.sub(r"\n\n(?=- )", "\n", "\n".join(lines).strip())
    return re.sub(r"(?m)^(?!- |  )(.*\S)\n(?=- )", r"\1\n\n", text).splitlines()


def page(app: Flask) -> str:
    """The whole page as it has to be."""
    text = PAGE.read_text()
    return text[: text.index(BEGIN) + len(BEGIN)] + "\n" + made(app) + text[text.index(END) :]


def listed(app: Flask) -> str:
    """The whole list: an object for each route, with its methods, what it does, and its inputs."""
    found: list[dict[str, Any]] = []
    for endpoint, view in app.view_functions.items():
        rules = sorted(app.url_map.iter_rules(endpoint), key=lambda rule: len(rule.rule))
        docstring = inspect.getdoc(view) or ""
        found += [
            {
                "route": rule.rule,
                "methods": _methods(rules),
                "summary": docstring.partition("\n")[0],
                "inputs": _inputs(docstring),
            }
            for rule in rules
        ]
    return json.dumps(found, indent=1) + "\n"


def _inputs(docstring: str) -> list[str]:
    """The fields of a contract that say what a client sends, such as `Query: ...`."""
    lines = [line for line in contract(docstring) if line.startswith(("- ", "  "))]
    items = re.split(r"(?m)^- ", "\n".join(lines))[1:]
    fields = [" ".join(item.split()).replace("**", "") for item in items]
    return [field for field in fields if not re.match(r"\d{3}:|`|Span:|Setting:|Note:", field)]


def _methods(rules: list[Rule]) -> list[str]:
    methods = set().union(*(rule.methods or () for rule in rules))
    # Flask notes on its rules whether it answers OPTIONS itself.
    answers_itself = all(getattr(rule, "provide_automatic_options", True) for rule in rules)
    automatic = {"HEAD", "OPTIONS"} if answers_itself else {"HEAD"}
    order = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
    return [method for method in order if method in methods - automatic]


def main() -> None:
    """Write both."""
    from app.settings import Settings
    from app.web.factory import create_app

    app = create_app(Settings())
    PAGE.write_text(page(app))
    LIST.write_text(listed(app))


if __name__ == "__main__":
    main()
