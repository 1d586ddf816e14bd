"""No page of another web site reaches the function, in a real browser.

The page comes from `localhost`, the servers are called by `127.0.0.1`: to a browser that is another site,
as a page on the Internet is. (Another port alone would be the same site.)
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from selenium.webdriver import Chrome

from tests.lambda_proxy.support import Proxy, start_proxy
from tests.support.invoke_api import InvokeApi, start_invoke_api
from tests.support.processes import ProcessStarter, wait_for

pytestmark = pytest.mark.emulator

FETCH = """
const [url, method, body, done] = arguments;
fetch(url, {mode: "no-cors", method, body: body || undefined, referrerPolicy: "no-referrer"})
    .then(() => done("answered"), error => done(String(error)));
"""
FORM = """
const [url, name] = arguments;
document.body.innerHTML = `<iframe name="frame"></iframe>
    <form target="frame" method="post" enctype="text/plain"><input type="hidden" value="1"></form>`;
const form = document.forms[0];
form.action = url;
form.elements[0].name = name;
form.submit();
"""
IMAGE = (
    "const [url, done] = arguments; const i = new Image(); i.onerror = i.onload = () => done(); i.src = url;"
)
WEB_SOCKET = """
const [url, done] = arguments;
const socket = new WebSocket(url);
socket.onopen = socket.onerror = () => done();
"""
LINK = "location.href = arguments[0];"
EVENT = '{"path": "/rasp/shi", "queryStringParameters": {"list_dir": "; touch /tmp/x"}}'
PATH = "/rasp/shi?list_dir=;touch%20/tmp/x"


class Page(BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        """Send it."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>another site</title>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@dataclass
class System:
    """What a developer has running, without the tracer."""

    api: InvokeApi
    proxy: Proxy

    @property
    def invocations(self) -> int:
        """How many times the function has run, not counting the icon of the page that a link opened."""
        icons = self.proxy.process.output.count('"rawPath":"/favicon.ico"')
        return self.api.process.output.count("START RequestId") - icons

    @property
    def refusals(self) -> int:
        """How many requests were refused."""
        return (self.api.process.output + self.proxy.process.output).count("refused with 403")


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The Invoke API with a function, and a proxy in front of it."""
    starter = ProcessStarter(tmp_path_factory.mktemp("system"))
    api = start_invoke_api(starter, "tests.lambda_proxy.functions.act")
    env = {"LAMBDA_EVENT_TYPE": "function-url", "LAMBDA_PROXY_DEBUG": "true"}
    yield System(api, start_proxy(starter, api.port, env=env))
    starter.stop_all()


@pytest.fixture
def page(browser: Chrome) -> Iterator[Chrome]:
    """The browser, at a page of another site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    browser.get(f"http://localhost:{server.server_port}/")
    yield browser
    server.shutdown()
    server.server_close()


ATTEMPTS = {
    "fetch, Invoke API": (FETCH, "{api}", "POST", EVENT),
    "fetch, Invoke API by 0.0.0.0": (FETCH, "{any_api}", "POST", EVENT),
    "form, Invoke API": (FORM, "{api}", EVENT[:-1] + ', "'),
    "fetch, proxy": (FETCH, "{proxy}", "POST", "x=y"),
    "fetch without a body, proxy": (FETCH, "{proxy}", "GET", ""),
    "fetch, proxy by 0.0.0.0": (FETCH, "{any_proxy}", "GET", ""),
    "form, proxy": (FORM, "{proxy}", "x"),
    "image, proxy": (IMAGE, "{proxy}"),
    "WebSocket, proxy": (WEB_SOCKET, "{socket}"),
    "link, proxy": (LINK, "{proxy}"),
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_another_site_s_page_runs_nothing(page: Chrome, system: System, name: str) -> None:
    script, *arguments = ATTEMPTS[name]
    places = {
        "{api}": system.api.url,
        "{any_api}": system.api.url.replace("127.0.0.1", "0.0.0.0"),
        "{proxy}": system.proxy.url + PATH,
        "{any_proxy}": system.proxy.url.replace("127.0.0.1", "0.0.0.0") + PATH,
        "{socket}": system.proxy.url.replace("http", "ws", 1) + PATH,
    }
    filled = [places.get(argument, argument) for argument in arguments]
    invocations, refusals = system.invocations, system.refusals
    outcome = None
    if script in (FORM, LINK):
        page.execute_script(script, *filled)
    else:
        outcome = page.execute_async_script(script, *filled)
    if not (outcome or "").startswith("TypeError"):
        # The browser sent it, unless it refuses 0.0.0.0 by itself.
        wait_for(lambda: system.refusals > refusals, what="the refusal in the log")
    # What came before this one has run, if it was to run.
    assert requests.post(system.api.url, data=EVENT, timeout=30).status_code == 200
    assert system.proxy.get(PATH, headers={"Origin": "http://example.com"}).status_code == 200
    wait_for(lambda: system.invocations == invocations + 2, what="these two invocations, and no other")
