"""Serves a front door over HTTP with aiohttp, the server that keeps a request as the client wrote it."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict

from invoke_api.other_sites import OtherSites
from invoke_api.view_sender import ViewSender
from lambda_proxy.discovery import keep_updated, update
from lambda_proxy.emulators import Emulators
from lambda_proxy.exchange import handle, log
from lambda_proxy.front_doors import BY_NAME, FrontDoor
from lambda_proxy.header_bytes import ByteResponse
from lambda_proxy.messages import Request, Response
from lambda_proxy.recording import handle_and_tell
from lambda_proxy.settings import Settings

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

# Larger than any limit of a front door, so that the front door's own answer is given.
MAX_HEAD = 256 * 1024
MAX_HEADERS = 10_000
MAX_BODY = 10 * 1024 * 1024 + 1
# A large body is read in few steps.
READ_AHEAD = 1024 * 1024
SHUTDOWN_SECONDS = 1
# aiohttp would name itself and its version.
SERVER = {"Server": "lambda_proxy"}


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; OSError if the port cannot be had."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)
    emulators = Emulators(concurrency=settings.concurrency, queue=settings.queue)
    await update(emulators, settings)
    discovery = asyncio.create_task(keep_updated(emulators, settings))
    front_door = BY_NAME[settings.event_type](settings.options)
    view = settings.trace_view
    sender = ViewSender(view, "lambda_proxy", log.warning) if view else None
    server = web.Server(
        _handler(front_door, emulators, settings.other_sites, sender),
        access_log=None,
        logger=_server_log(),
        auto_decompress=False,
        max_line_size=MAX_HEAD,
        max_field_size=MAX_HEAD,
        max_headers=MAX_HEADERS,
        read_bufsize=READ_AHEAD,
    )
    try:
        listener = await loop.create_server(server, settings.host, settings.port, backlog=1024)
        port = listener.sockets[0].getsockname()[1]
        where = ", ".join(settings.urls())
        log.info("%s on http://%s:%d, invoking %s", settings.event_type, settings.host, port, where)
        await stopped.wait()
        listener.close()
        await server.shutdown(SHUTDOWN_SECONDS)
    finally:
        discovery.cancel()
        emulators.close()


def _server_log() -> logging.Logger:
    """Return aiohttp's log, with one line for a request that is not HTTP: nothing here is at fault."""

    def shorten(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            record.msg = "refused with %d: %s"
            record.args = (error.code, error.message.splitlines()[0] if error.message else "not HTTP")
            record.exc_info = None
        return True

    server_log = logging.getLogger("aiohttp.server")
    server_log.addFilter(shorten)
    return server_log


def _handler(
    front_door: FrontDoor, emulators: Emulators, other_sites: OtherSites, sender: ViewSender | None
) -> Handler:
    async def handle_request(message: web.BaseRequest) -> web.StreamResponse:
        try:
            request = await _read(message)
        except (ConnectionError, web.RequestPayloadError) as error:
            # The client left before the end of its body, or framed it wrongly: most likely nobody reads this.
            log.info("%s %s: refused with 400, %s", message.method, message.raw_path, error)
            return web.Response(status=400)
        refusal = other_sites.refusal(request.method, request.headers)
        if refusal is not None:
            log.warning("%s %s: refused with 403, %s", request.method, request.path, refusal)
            return web.Response(status=403, text=f"{refusal}\n", headers=SERVER)
        if sender is None:
            return _write(await handle(front_door, emulators, request))
        return _write(await handle_and_tell(front_door, emulators, request, sender))

    return handle_request


async def _read(message: web.BaseRequest) -> Request:
    headers = [(_text(name), _text(value)) for name, value in message.raw_headers]
    if message.headers.get("Expect", "").lower() == "100-continue":
        await message.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    chunks = []
    size = 0
    if message.can_read_body:
        async for chunk in message.content.iter_any():
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_BODY:
                break
    return Request(
        method=message.method,
        target=_origin_form(message.raw_path),
        headers=headers,
        body=b"".join(chunks),
        peer=message.remote or "127.0.0.1",
        port=_port(message),
    )


def _port(message: web.BaseRequest) -> int:
    """Return the port that the client reached; a client that has gone already reached none."""
    address = message.get_extra_info("sockname")
    port: int = address[1] if address else 0
    return port


def _write(response: Response) -> web.Response:
    headers = CIMultiDict(response.headers)
    headers.setdefault("Server", SERVER["Server"])
    return ByteResponse(status=response.status, headers=headers, body=response.body)


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _origin_form(target: str) -> str:
    """Return path and query of the target: a proxy's client sends a whole URL, `OPTIONS` may send `*`."""
    if target.startswith("/"):
        return target
    _, separator, rest = target.partition("://")
    _, slash, path = rest.partition("/")
    return f"/{path}" if separator and slash else "/"
