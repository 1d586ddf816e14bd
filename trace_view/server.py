"""Serves the page and the API; docs/trace-view.md describes them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from invoke_api.other_sites import OtherSites
from trace_view.comparison import compared
from trace_view.errors import ApiError
from trace_view.export import FORMATS
from trace_view.front_doors import FRONT_DOORS
from trace_view.ids import as_text
from trace_view.saved import Saved
from trace_view.sending import Sender
from trace_view.settings import Settings
from trace_view.view import View

Json = dict[str, Any]

PAGE = Path(__file__).with_name("page")
ENDPOINTS = Path(__file__).with_name("endpoints.json")
SAMPLES = Path(__file__).resolve().parents[1] / "events"
MOST_ROWS = 1000
# More than what waits in a process that tells of large events, as JSON.
MAX_BODY = 256 * 1024 * 1024
# What an attacker put into a request can be shown, but nothing of it can run.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class Api:
    """The handlers of the routes."""

    def __init__(self, settings: Settings, view: View) -> None:
        self._settings = settings
        self._view = view
        self._saved = Saved(settings.saved_events)
        self.sender = Sender(settings)

    def routes(self) -> Iterable[web.RouteDef | web.StaticDef]:
        """All routes."""
        yield web.post("/intake", self.take)
        yield web.get("/api/invocations", self.list)
        yield web.post("/api/invocations", self.send)
        yield web.get("/api/invocations/{id}", self.show)
        yield web.get("/api/invocations/{id}/export", self.export)
        yield web.get("/api/stream", self.stream)
        yield web.get("/api/compare", self.compare)
        yield web.get("/api/front-doors", self.front_doors)
        yield web.get("/api/samples", self.samples)
        yield web.get("/api/endpoints", self.endpoints)
        yield web.get("/api/saved", self.saved)
        yield web.get("/api/saved/{name}", self.read_saved)
        yield web.put("/api/saved/{name}", self.write_saved)
        yield web.delete("/api/saved/{name}", self.delete_saved)
        for path in ("/", "/invocations/{id}", "/compare", "/compose"):
            yield web.get(path, self.page)
        yield web.static("/page", PAGE)

    async def take(self, request: web.Request) -> web.Response:
        """Take what another process of the system knows: JSON lines, a part each."""
        lines = (await request.read()).splitlines()
        try:
            self._view.add([json.loads(line) for line in lines])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ApiError(400, f"this is no part of an invocation: {error!r}") from error
        return web.Response(status=204)

    async def list(self, request: web.Request) -> web.Response:
        """Answer a page of rows."""
        limit = _number(request, "limit", 50, MOST_ROWS)
        before = _number(request, "before", 0, 10**12) or None
        rows, following = self._view.store.page(limit, before, request.query.get("filter", ""))
        return web.json_response({"invocations": rows, "next": following})

    async def show(self, request: web.Request) -> web.Response:
        """Answer a record."""
        return _record(request, self._record(request.match_info["id"]))

    async def send(self, request: web.Request) -> web.Response:
        """Send an event or a request, and answer its record."""
        document = await _document(request)
        sent = await self.sender.send(document)
        if sent.part:
            self._view.add([sent.part])
        return _record(request, await self._view.wait_for(sent.request_id))

    async def export(self, request: web.Request) -> web.Response:
        """Answer a command or a test that does the same again."""
        kind = request.query.get("as", "")
        if kind not in FORMATS:
            raise ApiError(400, f"as is {kind!r}; valid are: {', '.join(FORMATS)}")
        return web.Response(text=FORMATS[kind](self._record(request.match_info["id"]), self._settings))

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Send each row that changes."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            async for message in self._view.live.messages():
                await response.write(message)
        except ConnectionError:
            pass
        return response

    async def compare(self, request: web.Request) -> web.Response:
        """Answer what differs between two records."""
        one, other = (self._record(request.query.get(name, "")) for name in ("a", "b"))
        return web.json_response({"differences": await asyncio.to_thread(compared, one, other)})

    async def front_doors(self, request: web.Request) -> web.Response:
        """Answer the front doors."""
        return web.json_response([{"name": name, "title": title} for name, title in FRONT_DOORS.items()])

    async def samples(self, request: web.Request) -> web.Response:
        """Answer the sample events."""
        files = sorted(SAMPLES.glob("*.json"))
        return web.json_response(
            [{"name": file.stem, "event": json.loads(file.read_text())} for file in files]
        )

    async def endpoints(self, request: web.Request) -> web.FileResponse:
        """Answer the endpoints of the weblog."""
        return web.FileResponse(ENDPOINTS)

    async def saved(self, request: web.Request) -> web.Response:
        """Answer the names of what is saved."""
        return web.json_response([{"name": name} for name in self._saved.names()])

    async def read_saved(self, request: web.Request) -> web.Response:
        """Answer what is saved."""
        return web.json_response(self._saved.read(request.match_info["name"]))

    async def write_saved(self, request: web.Request) -> web.Response:
        """Save it."""
        self._saved.write(request.match_info["name"], await _document(request))
        return web.Response(status=204)

    async def delete_saved(self, request: web.Request) -> web.Response:
        """Forget it."""
        self._saved.delete(request.match_info["name"])
        return web.Response(status=204)

    async def page(self, request: web.Request) -> web.FileResponse:
        """Answer the page, which shows what its address says."""
        return web.FileResponse(PAGE / "index.html")

    def _record(self, request_id: str) -> Json:
        entry = self._view.store.get(request_id)
        if entry is None:
            raise ApiError(
                404, f"there is no invocation {request_id!r}; the last {len(self._view.store)} are kept"
            )
        return entry.record


def make_app(settings: Settings, view: View) -> web.Application:
    """The application."""
    # A link on another site may open a page: it shows something, and changes nothing.
    refuse = web.middleware(OtherSites.from_environment(pages=True).middleware(_refused))
    app = web.Application(middlewares=[refuse, _errors], client_max_size=MAX_BODY)
    api = Api(settings, view)
    app.add_routes(api.routes())
    app.on_startup.append(lambda _: api.sender.start())
    app.on_cleanup.append(lambda _: api.sender.close())
    app.on_response_prepare.append(_add_headers)
    return app


async def _add_headers(request: web.BaseRequest, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def _refused(reason: str) -> web.Response:
    return web.json_response({"error": reason}, status=403)


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as error:
        return web.json_response({"error": str(error)}, status=error.status)
    except web.HTTPRequestEntityTooLarge:
        return web.json_response({"error": f"the body has more than {MAX_BODY} bytes"}, status=413)
    except web.HTTPError as error:
        return web.json_response({"error": f"{error.reason}: {request.path}"}, status=error.status)


def _record(request: web.Request, record: Json) -> web.Response:
    kind = request.query.get("ids", "number")
    if kind not in ("number", "text"):
        raise ApiError(400, f"ids is {kind!r}; valid are: number, text")
    return web.json_response(as_text(record) if kind == "text" else record)


async def _document(request: web.Request) -> object:
    try:
        document: object = json.loads(await request.read())
    except ValueError as error:
        raise ApiError(400, f"the body is not JSON: {error}") from error
    return document


def _number(request: web.Request, name: str, default: int, most: int) -> int:
    text = request.query.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and int(text) <= most):
        raise ApiError(400, f"{name} is {text!r}; valid are whole numbers up to {most}")
    return int(text)
