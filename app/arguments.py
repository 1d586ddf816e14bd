"""Reads an endpoint's input arguments: from the query, or from a form, JSON or XML body."""

from __future__ import annotations

from flask import Request
from werkzeug.exceptions import BadRequest

from app.responses import plain_text


def required_argument(request: Request, name: str) -> str:
    """The string argument `name`; raises a 400 whose text names it when it is missing or no string."""
    value = argument(request, name)
    if isinstance(value, str):
        return value
    raise _refusal(name, value, "a string")


def required_command(request: Request, name: str) -> str | list[str]:
    """The argument `name`, a string or a list of strings; raises a 400 otherwise."""
    value = argument(request, name)
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(word, str) for word in value):
        return value
    raise _refusal(name, value, "a string or a list of strings")


def argument(request: Request, name: str) -> object:
    """The argument `name` from the first place that has it: query, form, JSON object, XML document.

    In JSON the argument is a member, of any type. In XML it is the root element: its text, or the
    list of its children's texts. None when no place has it or the body cannot be parsed.
    """
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


def _from_xml(document: bytes, name: str) -> str | list[str] | None:
    # Imported here: of all requests only those with an XML body need a parser.
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(document)  # noqa: S314 - expat itself refuses entity bombs
    except ElementTree.ParseError:
        return None
    if root.tag != name:
        return None
    return [child.text or "" for child in root] if len(root) else root.text or ""


def _refusal(name: str, value: object, wanted: str) -> BadRequest:
    problem = f"is required: {wanted}" if value is None else f"must be {wanted}"
    text = f"argument {name} {problem}, in the query or in a form, JSON or XML body\n"
    return BadRequest(response=plain_text(text, 400))
