"""The responses that views give: plain text, JSON, and the errors."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flask import Response, jsonify
from werkzeug.exceptions import BadRequest

from app.clients.errors import ServiceError
from app.clients.packages import MissingPackage

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t -~\x80-\xff]*")


def plain_text(text: str, status: int = 200) -> Response:
    """A `text/plain` response without a charset parameter, as the other weblogs send it."""
    return Response(text, status, content_type="text/plain")


def json_document(document: object, status: int = 200) -> Response:
    """An `application/json` response, with the keys in the order in which they are written."""
    response = jsonify(document)
    response.status_code = status
    return response


def bad_request(problem: str) -> BadRequest:
    """The 400 to raise: plain text that names what is wrong."""
    return BadRequest(response=plain_text(f"{problem}\n", 400))


def missing_package(error: MissingPackage) -> Response:
    """501: plain text with the name of the package that the endpoint needs."""
    return plain_text(f"{error}\n", 501)


def service_error(error: ServiceError) -> Response:
    """503: plain text with the setting of the service, and why it failed."""
    return plain_text(f"{error}\n", 503)


def check_headers(pairs: Iterable[tuple[str, str]]) -> None:
    """Raise a 400 that names the first pair that cannot be a response header."""
    for name, value in pairs:
        if not _HEADER_NAME.fullmatch(name):
            raise bad_request(f"{name!r} is not a valid header name")
        if not _HEADER_VALUE.fullmatch(value):
            raise bad_request(f"the header {name} cannot be {value!r}")
