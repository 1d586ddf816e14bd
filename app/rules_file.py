"""Says what is wrong with a file of rules for the WAF, before the tracer fails on it with a traceback.

    python -I app/rules_file.py FILE

Writes one line and ends with 1 when the WAF could not take the file, or a part of it, for its form. What
stands in a single rule is the WAF's own business. Imports nothing of the app, so that it runs in a moment.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NoReturn

SECTIONS = (
    *("rules", "custom_rules", "rules_compat", "rules_override", "rules_data"),
    *("exclusions", "exclusion_data", "processors", "processor_overrides", "scanners", "actions"),
)
"""What the WAF looks for; each is a list of objects."""

VERSION = "2."
"""How the file's `version` begins, where there is one: the WAF takes nothing from a file of another."""


class RulesError(Exception):
    """The file is not one of rules; the message says why."""


def check(path: Path) -> None:
    """Raise RulesError when the WAF cannot take this file, or OSError when nobody can read it."""
    try:
        rules = json.loads(path.read_bytes().decode(), parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise RulesError(
            f"it is not UTF-8: byte {error.start} is {error.object[error.start]:#04x}"
        ) from error
    except json.JSONDecodeError as error:
        raise RulesError(f"it is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from error
    if not isinstance(rules, dict):
        raise RulesError(f"it must be a JSON object with the list `rules`, it is {_kind(rules)}")
    sections = {name: rules[name] for name in SECTIONS if name in rules}
    if not sections:
        raise RulesError(f"it has no `rules`, and nothing else that the WAF knows: {', '.join(SECTIONS[1:])}")
    for name, section in sections.items():
        if not isinstance(section, list):
            raise RulesError(f"`{name}` must be a list, it is {_kind(section)}")
        for index, entry in enumerate(section):
            if not isinstance(entry, dict):
                raise RulesError(f"`{name}[{index}]` must be an object, it is {_kind(entry)}")
    version = rules.get("version", VERSION)
    if not (isinstance(version, str) and version.startswith(VERSION)):
        raise RulesError(f'`version` must be "2.1" or a later 2, it is {json.dumps(version)}')


def _refuse(constant: str) -> NoReturn:
    # Python would read NaN and the like, the WAF's parser does not.
    raise RulesError(f"it is not JSON: {constant} is not a JSON value")


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")


def main(path: str) -> str | None:
    """What is wrong, in one line; None when nothing is."""
    try:
        check(Path(path))
    except (RulesError, OSError) as error:
        return f"DD_APPSEC_RULES is {path!r}: {error}"
    return None


if __name__ == "__main__":
    if problem := main(sys.argv[1]):
        sys.stdout.write(f"{problem}\n")
        sys.exit(1)
