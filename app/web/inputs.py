"""Reads a view's inputs: its arguments, the request's body, and the settings.

An argument comes from the first place that has it: the query, a form, a JSON object, an XML
document. In JSON it is a member, of any type. In XML it is the root element: its text, or the list of
its children's texts. A missing or wrong one raises a 400 with plain text that names it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeGuard

from flask import current_app, request

from app.settings import Settings
from app.web.responses import bad_request


def settings() -> Settings:
    """The settings with which the app was made."""
    made_with: Settings = current_app.config["WEBLOG"]
    return made_with


def required(name: str) -> str:
    """The argument `name`, a string."""
    return _string(name, argument(name))


def optional(name: str, default: str = "") -> str:
    """The argument `name`, a string; `default` where it is missing."""
    value = argument(name)
    return default if value is None else _string(name, value)


def choice(name: str, choices: Collection[str], default: str | None = None) -> str:
    """The argument `name`, one of `choices`; required where there is no `default`."""
    value = required(name) if default is None else optional(name, default)
    if value not in choices:
        raise bad_request(f"argument {name} must be one of {', '.join(choices)}; it is {value!r}")
    return value


def whole_number(name: str, default: int | None = None, *, least: int = 0, most: int = 1_000_000) -> int:
    """The argument `name`, a whole number from `least` to `most`; required where there is no `default`."""
    value = argument(name)
    if value is None and default is not None:
        return default
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else _string(name, value)
    try:
        number = int(text)
    except ValueError:
        number = None
    if number is None or not least <= number <= most:
        raise bad_request(f"argument {name} must be a whole number from {least} to {most}; it is {text!r}")
    return number


def flag(name: str, default: bool | None = None) -> bool:
    """The argument `name`, `true` or `false` in any case, or `1` or `0`; required without a `default`."""
    value = argument(name)
    if value is None and default is not None:
        return default
    if isinstance(value, bool):
        return value
    text = _string(name, value).lower()
    if text not in ("true", "false", "1", "0"):
        raise bad_request(f"argument {name} must be true or false; it is {text!r}")
    return text in ("true", "1")


def required_command(name: str) -> str | list[str]:
    """The argument `name`, a string or a list of strings."""
    value = argument(name)
    if is_list_of_strings(value) and value:
        return value
    return _string(name, value, "a string or a list of strings")


def argument(name: str) -> object:
    """The argument `name`, of any type; None where no place has it or the body cannot be parsed."""
    if (value := request.args.get(name)) is not None:
        return value
    if (value := request.form.get(name)) is not None:
        return value
    if request.is_json:
        document = request.get_json(silent=True)
        return document.get(name) if isinstance(document, dict) else None
    if request.mimetype in ("application/xml", "text/xml"):
        return _from_xml(request.get_data(), name)
    return None


def json_body() -> object:
    """The body parsed as JSON, whatever its Content-Type says; a 400 where it is not valid JSON."""
    document = request.get_json(force=True, silent=True)
    if document is None and request.get_data() != b"null":
        raise bad_request("the body must be valid JSON")
    return document


def json_object() -> dict[str, object]:
    """The body parsed as JSON; a 400 where it is not a JSON object."""
    document = json_body()
    if not isinstance(document, dict):
        raise bad_request(f"the body must be a JSON object, it is a {type(document).__name__}")
    return document


def is_list_of_strings(value: object) -> TypeGuard[list[str]]:
    """Whether a value out of JSON is a list that has only strings."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _string(name: str, value: object, wanted: str = "a string") -> str:
    if isinstance(value, str):
        return value
    problem = f"is required: {wanted}" if value is None else f"must be {wanted}"
    raise bad_request(f"argument {name} {problem}, in the query or in a form, JSON or XML body")


def _from_xml(document: bytes, name: str) -> str | list[str] | None:
    # Imported here, because only requests with an XML body need a parser.
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(document)  # noqa: S314 - expat itself refuses entity bombs
    except ElementTree.ParseError:
        return None
    if root.tag != name:
        return None
    return [child.text or "" for child in root] if len(root) else root.text or ""
