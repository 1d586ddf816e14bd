"""Serves the Invoke API over HTTP with the standard library's server: one thread a connection."""

from __future__ import annotations

import re
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from urllib.parse import parse_qs, unquote

from invoke_api.answers import ApiAnswer, ApiError
from invoke_api.api import InvokeApi, too_large
from invoke_api.outcome import EVENT_LIMIT
from invoke_api.report import report

PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
CHUNK = 64 * 1024
# A body is read to its end, so that the client gets to read the refusal; this much of it at most.
MAX_READ = 128 * 1024 * 1024


class InvokeServer(ThreadingHTTPServer):
    """The server; `active` counts the requests that have no answer yet."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, host: str, port: int, api: InvokeApi) -> None:
        self.api = api
        self.active = 0
        self._lock = threading.Lock()
        super().__init__((host, port), Handler)

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: object) -> None:
        """Report what went wrong, in a line, unless it is that the client went away."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):
            report(f"cannot answer a request: {error!r}")

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count a request as active for as long as it is."""
        with self._lock:
            self.active += 1
        try:
            yield
        finally:
            with self._lock:
                self.active -= 1


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: InvokeServer
    protocol_version = "HTTP/1.1"
    server_version = "lambda_proxy"
    sys_version = ""
    error_content_type = "application/json"
    error_message_format = '{"message": "%(code)d"}'
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one segment
    timeout = 3600

    def do_POST(self) -> None:
        """Answer an invocation."""
        with self.server.counted():
            try:
                self._send(self._invoke())
            except ApiError as error:
                self._send(error.answer)

    def handle_expect_100(self) -> bool:
        """Let the client send its body now: what is buffered would reach it with the answer only."""
        proceed = super().handle_expect_100()
        self.wfile.flush()
        return proceed

    def _invoke(self) -> ApiAnswer:
        payload = b"".join(self._body())
        path, _, query = self.path.partition("?")
        match = PATH.fullmatch(path)
        if match is None:
            raise ApiError(404, "UnknownOperationException", f"There is no {self.path}")
        if len(payload) > EVENT_LIMIT:
            raise too_large(self.headers.get("X-Amz-Invocation-Type", ""))
        qualifier = parse_qs(query).get("Qualifier", [""])[-1]
        return self.server.api.invoke(unquote(match[1]), qualifier, self.headers, payload)

    def _body(self) -> Iterator[bytes]:
        """Read the body; of one that is too large, only what is needed to see that."""
        chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        kept = read = 0
        for piece in self._chunks() if chunked else self._pieces(self._length()):
            read += len(piece)
            if read > MAX_READ:
                self.close_connection = True
                return
            if kept <= EVENT_LIMIT:
                kept += len(piece)
                yield piece

    def _length(self) -> int:
        text = self.headers.get("Content-Length", "0")
        if not (text.isascii() and text.isdigit()) or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            raise ApiError(400, "InvalidRequestContentException", "The body's length is not clear")
        return int(text)

    def _pieces(self, length: int) -> Iterator[bytes]:
        while length > 0:
            piece = self.rfile.read(min(length, CHUNK))
            if not piece:
                raise ConnectionResetError("the client went away amid its body")
            length -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while True:
            head = self.rfile.readline(CHUNK).partition(b";")[0].strip()
            if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", head):
                self.close_connection = True
                raise ApiError(400, "InvalidRequestContentException", "The body's chunks are broken")
            size = int(head, 16)
            yield from self._pieces(size)
            while (line := self.rfile.readline(CHUNK)) not in (b"\r\n", b"\n", b""):
                if size:
                    self.close_connection = True
                    raise ApiError(400, "InvalidRequestContentException", f"A chunk ends in {line!r}")
            if not size:
                return

    def _send(self, answer: ApiAnswer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Write no access log: the output is the emulator's."""
