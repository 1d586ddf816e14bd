"""Core: the endpoints that every weblog has."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, Response

from app.capabilities import core as capability
from app.web.inputs import required, whole_number
from app.web.responses import check_headers, plain_text

bp = Blueprint("core", __name__)

HTML = """\
<!DOCTYPE html>
<html>
<head>
    <title>Hello</title>
</head>
<body>
    <h1>Hello</h1>
</body>
</html>
"""


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


@bp.get("/html")
def html() -> Response:
    """Answer with an HTML page, into which a tracer could put a script.

    200: `text/html`, a page with the title and the heading `Hello`.
    Span: none of its own; ddtrace puts no script into pages.
    """
    return Response(HTML, content_type="text/html")


@bp.get("/status")
def status() -> Response:
    """Answer with the status that the caller wants.

    Argument: `code`, 200 to 599, 200 if it is missing.

    `code`: `text/plain`, `OK` and a line feed.
    400: HTTP does not have this status; the text names it.
    Span: `http.status_code`.
    """
    return plain_text("OK\n", whole_number("code", 200, least=200, most=599))


@bp.get("/sample_rate_route/<int:i>")
def sample_rate_route(i: int) -> Response:
    """Answer on a route of its own, to which a sampling rule can apply.

    Path parameters: `i`, a whole number, so that many requests differ and have one route.

    200: `text/plain`, `OK`.
    Span: the resource of `flask.request` is `GET /sample_rate_route/<int:i>`; the sampling tags are on the
    root span.
    """
    return plain_text("OK")


@bp.get("/set_cookie")
def set_cookie() -> Response:
    """Set a cookie.

    Argument: `name` and `value`, both required; they go into the header as they are.

    200: `text/plain`, `OK`, with `Set-Cookie: {name}={value}`.
    400: an argument is missing, or the cookie cannot be a header; the text says which.
    Span: the WAF sees the response's other headers, `server.response.headers.no_cookies`, without it.
    """
    cookie = f"{required('name')}={required('value')}"
    check_headers([("Set-Cookie", cookie)])
    response = plain_text("OK")
    response.headers["Set-Cookie"] = cookie
    return response


@bp.get("/customResponseHeaders")
def custom_response_headers() -> Response:
    """Answer with five headers of our own, which a tracer collects where more than the usual ones are wanted.

    200: `text/plain`, `OK`, with `Content-Language: en-US` and `X-Test-Header-1: value1` to 5.
    Span: `http.response.headers.content-language`. The five are collected where the back end asks for
    them by remote configuration, which is off in Lambda; `DD_TRACE_HEADER_TAGS` collects them, too.
    """
    return with_test_headers(range(1, 6))


@bp.get("/exceedResponseHeaders")
def exceed_response_headers() -> Response:
    """Answer with 50 headers of our own, more than a tracer collects.

    200: `text/plain`, `OK`, with `Content-Language: en-US` and `X-Test-Header-0: value0` to 49.
    Span: `http.response.headers.content-language`. At most 50 would be collected, and
    `_dd.appsec.response.header_collection.discarded` count the rest, where the back end asks for them by
    remote configuration, which is off in Lambda.
    """
    return with_test_headers(range(50))


@bp.get("/resource_renaming/<path:path>")
def resource_renaming(path: str) -> Response:
    """Answer any path below this one, so that the tracer simplifies it.

    Path parameters: `path`, all that follows.

    200: `text/plain`, `OK`.
    Span: `http.endpoint`, the path with `{param:int}` and the like in place of what varies.
    Setting: `DD_TRACE_RESOURCE_RENAMING_ENABLED=true`, and, because in Lambda there is always a route,
    `DD_TRACE_RESOURCE_RENAMING_ALWAYS_SIMPLIFIED_ENDPOINT=true`.
    """
    return plain_text("OK")


@bp.get("/read_file")
def read_file() -> Response:
    """Answer with a file's content, e.g. `/proc/self/cgroup`, which says the container's id.

    Argument: `file`, a path, required.

    200: `text/plain`, the content.
    400: no `file`.
    404: the file cannot be read; the text says why.
    Span: none of its own. Trace payloads have the container's id in `Datadog-Container-ID`.
    """
    try:
        return plain_text(capability.file_content(required("file")))
    except (OSError, ValueError) as error:
        return plain_text(f"the file cannot be read: {error}\n", 404)


def with_test_headers(numbers: Iterable[int]) -> Response:
    """A response with a header of our own for each number."""
    response = plain_text("OK")
    response.headers["Content-Language"] = "en-US"
    for number in numbers:
        response.headers[f"X-Test-Header-{number}"] = f"value{number}"
    return response
