"""Core: the endpoints that every weblog has."""

from __future__ import annotations

from flask import Blueprint, Response

from app.web.responses import plain_text

bp = Blueprint("core", __name__)


@bp.route("/", methods=["GET", "POST", "OPTIONS"])
def root() -> Response:
    """Greet.

    200: `text/plain`, `Hello world!` and a line feed, 13 bytes.
    Span: the entry span has `http.status_code`.
    """
    return plain_text("Hello world!\n")


@bp.get("/headers")
def headers() -> Response:
    """Answer with the response headers that the tracer collects.

    200: `text/plain`, with `Content-Language: en-US` and `Content-Length`.
    Span: `http.request.headers.*` and `http.response.headers.{content-type,content-length,
    content-language}`.
    """
    response = plain_text("Hello headers!\n")
    response.headers["Content-Language"] = "en-US"
    return response


@bp.route("/params/<path:path>", methods=["GET", "POST", "OPTIONS"])
def params(path: str) -> Response:
    """Take a path parameter, `path`: all that follows. A `%2F` in it is a slash of the value.

    200: `text/plain`, `Hello world!` and a line feed.
    Span: the WAF saw `server.request.path_params`.
    """
    return plain_text("Hello world!\n")
