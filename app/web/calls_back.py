"""Answers the calls that the weblog makes to itself: a WSGI server on a thread of this process.

A test suite has the weblog call `http://weblog:7777/...` or `http://localhost:7777/...`, to see which
headers reach the other side. In Lambda nothing listens there, and a call through the front door would
wait for the very invocation that makes it. So such a call goes to a server in this process, as if it
were the caller's HTTP proxy: URL, Host header and client span stay those of the call. The server is
started by the first such call, on a free loopback port, and lives as long as the process.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock, Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, current_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_HOSTS = ("localhost:7777", "weblog:7777")
_starting = Lock()


def proxies_for(url: str) -> dict[str, str]:
    """The proxies with which `requests` has to call this URL: none, unless it is the weblog's own."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return {}  # `requests` says what is wrong with it
    if parts.scheme != "http" or parts.netloc not in _HOSTS:
        return {}
    # By host: a redirect to another one is followed without the proxy.
    return {f"http://{parts.hostname}": _address()}


def _address() -> str:
    """The server's address; starts it where it does not run yet."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own method
    with _starting:
        if "calls_back" not in app.extensions:
            app.extensions["calls_back"] = _start(app)
    return f"http://127.0.0.1:{app.extensions['calls_back']}"


def _start(app: Flask) -> int:
    """Start the server; its port."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Handler(WSGIRequestHandler):
        """Writes no access log."""

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing: the function's log is about invocations."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The app's response, complete and closed before its first byte is sent.

        So the spans of the call have been sent before the caller goes on, and with it the invocation:
        Lambda freezes the process as soon as that has its result.
        """
        from werkzeug.test import run_wsgi_app

        # A browser names the port that it calls: no web site gets past this to the vulnerable endpoints.
        if environ.get("HTTP_HOST") not in _HOSTS:
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [f"only calls of {' and '.join(_HOSTS)} are answered here\n".encode()]
        chunks, status, headers = run_wsgi_app(app, environ, buffered=True)
        start_response(status, list(headers))
        return chunks

    # A thread for each call, because the view that answers one may make the next.
    server = make_server("127.0.0.1", 0, answer, threaded=True, request_handler=Handler)
    Thread(target=server.serve_forever, name="calls-back", daemon=True).start()
    return server.server_port
