"""Makes docs/endpoints.md from the docstrings of the views: `python -m scripts.endpoints_page`.

The part between the two markers is made; what stands before and after it is written by hand.
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

from flask import Flask
from werkzeug.routing import Rule

PAGE = Path(__file__).resolve().parents[1] / "docs/endpoints.md"
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


def _methods(rules: list[Rule]) -> list[str]:
    methods = set().union(*(rule.methods or () for rule in rules))
    # Flask notes on its rules whether it answers OPTIONS itself.
    answers_itself = all(getattr(rule, "provide_automatic_options", True) for rule in rules)
    automatic = {"HEAD", "OPTIONS"} if answers_itself else {"HEAD"}
    order = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
    return [method for method in order if method in methods - automatic]


def main() -> None:
    """Write the page."""
    from app.settings import Settings
    from app.web.factory import create_app

    PAGE.write_text(page(create_app(Settings())))


if __name__ == "__main__":
    main()
