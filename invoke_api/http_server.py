"""Serves the Invoke API over HTTP with the standard library's server: one thread a connection."""

from __future__ import annotations

import re
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from urllib.parse import parse_qs, unquote

from invoke_api.access_log import tell
from invoke_api.answers import ApiAnswer, ApiError
from invoke_api.api import ENCODED, SERVER, InvokeApi, too_large
from invoke_api.http_head import Head, read_head
from invoke_api.other_sites import OtherSites
from invoke_api.outcome import EVENT_LIMIT
from invoke_api.report import report

PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
CHUNK = 64 * 1024
# A body is read to its end, so that the client gets to read the refusal; but at most this much of it.
MAX_READ = 128 * 1024 * 1024


class InvokeServer(ThreadingHTTPServer):
    """The server; `active` counts the requests that have no answer yet."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, host: str, port: int, api: InvokeApi, other_sites: OtherSites) -> None:
        self.api = api
        self.other_sites = other_sites
        self.active = 0
        self._lock = threading.Lock()
        super().__init__((host, port), Handler)

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: object) -> None:
        """Report what went wrong, in a line, unless the client only went away."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):
            report(f"cannot answer a request: {error!r}")

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count a request as active as long as it runs."""
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
    head: Head
    request_id: str
    raw_requestline: bytes
    protocol_version = "HTTP/1.1"
    server_version = SERVER
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one segment
    timeout = 3600

    def parse_request(self) -> bool:
        """Read the head; when it is not clear, answer 400 and close the connection."""
        self.request_version = self.protocol_version
        # Of the answer, and of the invocation: in the function's log and in its spans.
        self.request_id = str(uuid.uuid4())
        self.requestline = self.raw_requestline.decode("latin-1").rstrip("\r\n")
        try:
            self.head = read_head(self.raw_requestline, self.rfile.readline)
        except ValueError as error:
            self.send_error(400, f"The request cannot be read: {error}")
            return False
        self.command, self.path = self.head.method, self.head.target
        self.close_connection = not self.head.keep_alive
        if self.head.headers.get("expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
            # What is buffered would only reach the client with the answer.
            self.wfile.flush()
        return True

    def do_POST(self) -> None:
        """Answer an invocation."""
        started = time.time()
        with self.server.counted():
            try:
                answer = self._invoke()
            except ApiError as error:
                answer = error.answer
            self._send(answer)
        # Of an asynchronous invocation there is nothing to tell yet.
        if answer.status != 202:
            tell(
                "invoke_api",
                self.request_id,
                time=started,
                duration_ms=round((time.time() - started) * 1000, 1),
                status=answer.status,
                function_error=answer.headers.get("X-Amz-Function-Error"),
                by_proxy=self.head.headers.get(ENCODED) == "true",
            )

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse a request of which nothing more is read."""
        self.close_connection = True
        self._send(ApiError(code, "UnknownOperationException", message or str(code)).answer)

    def _invoke(self) -> ApiAnswer:
        payload = self._body()
        refusal = self.server.other_sites.refusal("POST", self.head.headers.items())
        if refusal is not None:
            report(f"refused with 403: {refusal}")
            raise ApiError(403, "AccessDeniedException", refusal)
        path, _, query = self.path.partition("?")
        match = PATH.fullmatch(path)
        if match is None:
            raise ApiError(404, "UnknownOperationException", f"There is no {self.path}")
        if len(payload) > EVENT_LIMIT:
            raise too_large(self.head.headers.get("x-amz-invocation-type", ""))
        qualifier = parse_qs(query).get("Qualifier", [""])[-1]
        return self.server.api.invoke(
            unquote(match[1]), qualifier, self.head.headers, payload, self.request_id
        )

    def _body(self) -> bytes:
        """Read the body; of one that is too large, keep only what shows that it is."""
        length = self.head.length
        if length is not None and length <= EVENT_LIMIT:
            return self._read(length)
        kept = []
        size = read = 0
        for piece in self._chunks() if length is None else self._pieces(length):
            read += len(piece)
            if read > MAX_READ:
                self.close_connection = True
                break
            if size <= EVENT_LIMIT:
                size += len(piece)
                kept.append(piece)
        return b"".join(kept)

    def _read(self, size: int) -> bytes:
        piece = self.rfile.read(size)
        if len(piece) < size:
            raise ConnectionResetError("the client went away before the end of its body")
        return piece

    def _pieces(self, length: int) -> Iterator[bytes]:
        for start in range(0, length, CHUNK):
            yield self._read(min(CHUNK, length - start))

    def _chunks(self) -> Iterator[bytes]:
        while True:
            size_line = re.fullmatch(
                rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[\t -~]*)?\r\n", self.rfile.readline(CHUNK)
            )
            if size_line is None:
                raise self._broken("The size of a chunk is not valid")
            size = int(size_line[1], 16)
            yield from self._pieces(size)
            # After the last chunk there may be trailers, which nobody needs.
            while (line := self.rfile.readline(CHUNK)) != b"\r\n":
                if size or not line.endswith(b"\r\n"):
                    raise self._broken(f"A chunk ends in {line[:80]!r}")
            if not size:
                return

    def _broken(self, message: str) -> ApiError:
        self.close_connection = True
        return ApiError(400, "InvalidRequestContentException", message)

    def _send(self, answer: ApiAnswer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("x-amzn-RequestId", self.request_id)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Write no access log: the output is the emulator's."""
