"""The trace view as a person uses it: a real browser, at the page of the whole running system."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import requests
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.support.processes import REPOSITORY, ProcessStarter, wait_for
from tests.support.run_ports import free_ports
from tests.trace_view.browser_page import Page, page_at

pytestmark = pytest.mark.emulator

INVOCATIONS = "/2015-03-31/functions/function/invocations"


@dataclass(frozen=True)
class System:
    """The addresses of a running system."""

    proxy: str
    invoke_api: str
    view: str

    def get(self, target: str, **headers: str) -> requests.Response:
        """Send a GET request through the front door."""
        return requests.get(self.proxy + target, headers=headers, timeout=30)

    def invocation(self, part: str) -> str:
        """The path of the page of the newest invocation whose name contains this, once its trace is there."""

        def complete() -> str | None:
            answer = requests.get(f"{self.view}/api/invocations", {"limit": 1000}, timeout=30).json()
            found = (row for row in answer["invocations"] if part in row["name"])
            row = next(found, None)
            return row["request_id"] if row and row["complete"] else None

        return f"/invocations/{wait_for(complete, what=f'an invocation {part!r} with its trace')}"

    def record(self, path: str) -> dict[str, Any]:
        """The record of the invocation at this path of the page."""
        record: dict[str, Any] = requests.get(f"{self.view}/api{path}", timeout=30).json()
        return record


@pytest.fixture(scope="module")
def system(
    tmp_path_factory: pytest.TempPathFactory, browser: Chrome, extension_folder: None
) -> Iterator[System]:
    """./run.sh, once for all tests of this module."""
    folder = tmp_path_factory.mktemp("system")
    starter = ProcessStarter(folder)
    ports = free_ports()
    settings = {
        # On a busy machine, too, every rule is evaluated and every request is sampled.
        "DD_APPSEC_WAF_TIMEOUT": "10000000",
        "DD_API_SECURITY_SAMPLE_DELAY": "0",
        "SAVED_EVENTS": str(folder / "saved"),
    }
    process = starter([REPOSITORY / "run.sh"], env={**ports, **settings})
    process.wait_for_output("\nready: ", timeout=90)
    names = ("LAMBDA_PROXY_PORT", "RIE_PORT", "TRACE_VIEW_PORT")
    yield System(*(f"http://127.0.0.1:{ports[name]}" for name in names))
    starter.stop_all()


@pytest.fixture
def page(browser: Chrome, system: System) -> Iterator[Page]:
    """The page; no test leaves anything in the browser's console."""
    with page_at(browser, system.view) as page:
        yield page


@pytest.fixture
def nonce() -> str:
    """A word that stands nowhere else."""
    return f"n{uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def attack(system: System) -> str:
    """The path of an attack's page: a scanner that reads a file."""
    target = "/rasp/lfi?file=../../../../etc/passwd"
    system.get(target, **{"User-Agent": "Arachni/v1"})
    return system.invocation(target)


# The texts of a row's cells, once its front door and its spans are known.
CELLS = """
const row = [...document.querySelectorAll(".rows .row")].find((one) => one.innerText.includes(arguments[0]));
const texts = [...row.children].map((cell) => cell.innerText);
return Number(texts[6]) && texts[2] !== "Lambda proxy" ? texts : null;
"""


def test_a_request_appears_by_itself(page: Page, system: System, nonce: str) -> None:
    page.open("/", ".filter")
    page.wait("#live[data-state=live]")
    started = time.monotonic()
    assert system.get(f"/tag_value/{nonce}/418").status_code == 418
    page.wait(".rows .row", nonce)
    # Seen with `pytest -s`.
    sys.stdout.write(f"the row was there {time.monotonic() - started:.2f} s after the request was sent\n")
    texts = wait_for(lambda: page.run(CELLS, nonce), what="the number of spans")
    assert texts[2:5] == ["REST API", f"GET /tag_value/{nonce}/418", "418"]
    assert re.fullmatch(r"[\d.]+ (ms|s)", texts[5])
    assert int(texts[6]) > 2


def test_an_event_and_a_failure_appear(page: Page, system: System) -> None:
    event = json.loads((REPOSITORY / "events/sqs.json").read_text())
    requests.post(system.invoke_api + INVOCATIONS, json=event, timeout=30)
    system.get("/exceptionreplay/simple")
    page.open("/", ".filter")
    page.wait(".rows .row.failed", "GET /exceptionreplay/simple")
    row = page.wait(".rows .row", "sqs weblog-orders")
    assert row.find_element(By.CSS_SELECTOR, ".c2").text == "Invoke API"
    # The parent's id comes from the message.
    page.open(system.invocation("sqs weblog-orders"), ".waterfall")
    page.wait(".span-row", "aws.sqs").click()
    parent = page.wait("[data-tag=parent_id]").text
    assert "8206532790016534274" in parent
    assert "← Records[0].messageAttributes._datadog.stringValue" in parent
    assert "← Records[0].attributes.SentTimestamp" in page.wait("[data-tag=start]").text
    page.open(system.invocation("/exceptionreplay/simple"), ".invocation h1")
    assert page.wait("[data-tag='error.type'] .tag-value").text == "builtins.Exception"
    assert "Exception: simple exception" in page.wait("[data-tag='error.stack']").text
    assert any("Traceback" in line for line in page.texts(".log li"))


# The texts of the row of what runs, or of what has run.
ROW = """
const row = [...document.querySelectorAll(".rows .row")].find((one) => one.innerText.includes(arguments[0]));
return row ? [...row.children].map((cell) => cell.innerText) : null;
"""


def test_what_runs_is_seen_at_once_and_until_it_ends(page: Page, system: System, nonce: str) -> None:
    event = json.loads((REPOSITORY / "events/sqs.json").read_text())
    del event["Records"][1:]
    event["Records"][0]["body"] = json.dumps({"weblog": {"do": "sleep", "seconds": 12}})
    event["Records"][0]["eventSourceARN"] += nonce
    answered = threading.Event()

    def invoke() -> None:
        requests.post(system.invoke_api + INVOCATIONS, json=event, timeout=60)
        answered.set()

    page.open("/", ".filter")
    page.wait("#live[data-state=live]")
    client = threading.Thread(target=invoke)
    client.start()
    page.wait(".rows .row .badge", "running")
    texts = page.run(ROW, nonce)
    assert texts[2:5] == ["Invoke API", f"sqs weblog-orders{nonce}", "running"]
    # It ticks by itself.
    wait_for(lambda: page.run(ROW, nonce)[5] not in ("", texts[5]), what="another second")
    assert re.fullmatch(r"\d+ s", page.run(ROW, nonce)[5])
    page.click("button.chip", "Running")
    assert page.path == "/?filter=is%3Arunning"
    assert [nonce in text for text in page.texts(".rows .row")] == [True]
    page.click(".rows .row a.name", nonce)
    page.wait(".title-row .badge", "running")
    page.wait("[data-card=Event]", nonce)
    page.wait("[data-card=Result]", "comes when the function ends")
    assert page.all(".invocation .elapsed")
    # Its end and its trace come by themselves.
    page.wait("[data-card=Log]", "REPORT RequestId")
    page.wait(".span-row", "aws.lambda")
    assert answered.is_set()
    assert not page.all(".invocation .elapsed")
    assert page.texts(".title-row .badge") == ["ok"]
    client.join()
    page.open("/", ".rows .row")
    page.wait(".rows .row", nonce)
    assert page.run(ROW, nonce)[4] == "ok"
    assert page.run(ROW, nonce)[5].startswith("12.")


def test_the_report_of_the_waf_is_spelled_out(page: Page, attack: str) -> None:
    page.open(attack, ".waf")
    page.wait(".waf .badge", "rules matched")
    scanner = page.wait(".trigger", "ua0-600-12x").text
    for text in ("Arachni", "server.request.headers.no_cookies", "user-agent", "Arachni/v1", "match_regex"):
        assert text in scanner
    exploit = page.wait(".trigger[aria-label='Rule rasp-930-100']")
    assert [mark.text for mark in exploit.find_elements(By.CSS_SELECTOR, "mark")] == [
        "../../../../etc/passwd"
    ] * 2
    exploit.find_element(By.CSS_SELECTOR, ".stack summary").click()
    assert exploit.find_element(By.CSS_SELECTOR, ".stack li").text.startswith("read_file ")


def test_ids_are_whole(page: Page, system: System, attack: str) -> None:
    spans = [span for trace in system.record(attack)["traces"] for span in trace]
    (function,) = (span for span in spans if span["name"] == "aws.lambda")
    high = next(span["meta"]["_dd.p.tid"] for span in spans if "_dd.p.tid" in span["meta"])
    page.open(attack, ".facts")
    assert [row.split("\n") for row in page.texts(".facts .id")] == [
        ["span id", str(function["span_id"]), f"{function['span_id']:016x}"],
        ["parent id", str(function["parent_id"]), f"{function['parent_id']:016x}"],
        ["trace id", str(function["trace_id"]), f"{high}{function['trace_id']:016x}"],
    ]


def test_tag_and_field_show_each_other(page: Page, attack: str) -> None:
    page.open(attack, ".tags")
    tag = page.wait("[data-tag='http.request.headers.user-agent']")
    assert tag.find_element(By.CSS_SELECTOR, ".origin").text == "← headers.User-Agent"
    page.point(tag)
    line = page.wait(".line.linked")
    assert "User-Agent" in line.text
    assert "Arachni/v1" in line.text
    page.point(page.wait("h1"))
    wait_for(lambda: not page.all(".line.linked"), what="no field is marked any more")
    # The other way, with the keyboard.
    tag.find_element(By.CSS_SELECTOR, ".origin").click()
    assert "Arachni/v1" in page.focused().text
    assert "http.request.headers.user-agent" in [
        one.get_attribute("data-tag") for one in page.all(".tag.linked")
    ]


def test_nothing_is_rounded_or_lost_in_json(page: Page, system: System, nonce: str) -> None:
    data = '{"big": 6353308958340076403, "float": 1.0, "deep": [[["x"]]]}'
    event = f'{{"weblog": 1, "{nonce}": true, "data": {data}}}'
    requests.post(system.invoke_api + INVOCATIONS, data=event, timeout=30)
    page.open(system.invocation(nonce), ".json")
    assert page.wait(".value.number", "6353308958340076403")
    assert "1.0" in page.texts(".value.number")
    # Sent again as it was.
    page.press("r")
    path = page.wait_for_path(lambda path: "?of=" in path, "the replay's page").partition("?")[0]
    assert requests.get(f"{system.view}/api{path}", timeout=30).json()["event"] == json.loads(event)


def test_replay_and_compare(page: Page, system: System, attack: str) -> None:
    page.open(attack, ".actions .primary").click()
    path = page.wait_for_path(lambda path: "?of=" in path, "the replay's page")
    assert path.partition("?")[0] != attack
    page.wait(".waf .trigger", "rasp-930-100")
    page.wait(".meta-row a", "compare with the original").click()
    page.wait(".compare h2", "ifference")
    assert page.wait_for_path(lambda path: path.startswith("/compare?a="), "both side by side")
    # As a rule nothing differs.
    found = requests.get(f"{system.view}/api{page.path}", timeout=30).json()["differences"]
    assert {one.text for one in page.all(".difference b")} == {one["name"] for one in found}
    assert page.wait(".compare h2").text.startswith(f"{len(found)} difference" if found else "No difference")
    lists = [one.text for one in page.all(".span-list")]
    assert ["rasp.lfi" in text for text in lists] == [True, True]


def test_five_doors_side_by_side(page: Page, attack: str) -> None:
    page.open(attack, ".actions")
    page.wait(".actions a", "Five doors").click()
    page.wait(".compare .difference-table")
    titles = ["REST API", "HTTP API", "Function URL", "ALB", "ALB multi"]
    assert [text.split("\n")[0].rpartition(" ")[0] for text in page.texts(".column-title")] == titles
    # Each front door gives the same spans below its own.
    assert (
        len([text for text in page.texts(".span-list") if "aws.lambda" in text and "rasp.lfi" in text]) == 5
    )
    row = page.wait(".difference", "function_trigger.event_source\n").text.split("\n")
    assert row[2:5] == ["api-gateway", "api-gateway", "lambda-function-url"]
    assert len(page.all(".side .differs")) > 20


def test_keyboard_alone(page: Page, system: System, nonce: str) -> None:
    for number in (1, 2, 3):
        system.get(f"/tag_value/{nonce}-{number}/200")
    system.invocation(f"{nonce}-3")
    page.open("/", ".filter")
    page.wait(".rows .row", f"{nonce}-3")
    page.press("/", *nonce)
    wait_for(lambda: len(page.all(".rows .row")) == 3, what="the filter leaves three rows")
    assert page.path == f"/?filter={nonce}"
    page.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert f"{nonce}-2" in page.focused().text
    page.press(Keys.ENTER)
    page.wait("h1", f"{nonce}-2")
    page.wait_for_path(lambda path: path.startswith("/invocations/"), "the invocation's address")
    # Older, newer, find, back.
    page.press("]")
    page.wait("h1", f"{nonce}-1")
    page.press("[")
    page.wait("h1", f"{nonce}-2")
    page.press("/", *"span.kind")
    page.wait(".found-count", "1 of ")
    assert "span.kind" in page.wait(".hit").text
    # Empty the search, leave it, go back to the list.
    page.press(Keys.ESCAPE, Keys.ESCAPE)
    page.press(Keys.ESCAPE)
    page.wait(".rows .row", f"{nonce}-3")
    assert f"{nonce}-2" in page.focused().text
    # Two are selected and compared.
    page.press("x", Keys.ARROW_UP, "x")
    page.wait(".selection", "2 selected")
    while page.focused().text != "Compare":
        page.press(Keys.TAB)
    page.press(Keys.ENTER)
    page.wait(".compare .difference", f"{nonce}-2")
    page.press("?")
    page.wait("dialog", "Keyboard")
    page.press(Keys.ESCAPE)
    wait_for(lambda: not page.all("dialog"), what="the help is closed")


def value(control: WebElement) -> str:
    """What stands in a control."""
    return control.get_attribute("value") or ""


def test_compose_edit_save(page: Page, system: System, attack: str, nonce: str) -> None:
    page.open(attack, ".waf")
    page.press("e")
    target = page.wait("input[aria-label='Path and query']")
    wait_for(lambda: value(target) == "/rasp/lfi?file=../../../../etc/passwd", what="the request")
    assert "User-Agent: Arachni/v1" in value(page.wait("textarea[aria-label^=Headers]"))
    target.clear()
    target.send_keys(f"/tag_value/{nonce}/201", Keys.CONTROL + Keys.ENTER)
    page.wait("h1", f"/tag_value/{nonce}/201")
    page.wait(".waf .trigger", "ua0-600-12x")
    # Its event is saved, opened in the composer, changed and sent.
    page.wait(".actions button", "Save event").click()
    page.wait("dialog input").send_keys(nonce, Keys.ENTER)
    page.wait(".toast", nonce)
    page.open("/compose", ".shelf .offer")
    page.wait(".offer-name", nonce).click()
    event = page.wait("textarea.event")
    text = value(event)
    assert json.loads(text)["path"] == f"/tag_value/{nonce}/201"
    event.send_keys("x")
    page.wait(".actions .primary").click()
    page.wait(".problem", "The event is not JSON")
    page.run("arguments[0].value = arguments[1]", event, text.replace(f"{nonce}/201", f"{nonce}/202"))
    page.wait(".actions .primary").click()
    page.wait("h1", f"/tag_value/{nonce}/202")
    # Samples and endpoints are at hand.
    page.open("/compose", ".shelf .offer")
    page.wait("input[aria-label^='Search endpoints']").send_keys("user_login_success_event_v2")
    page.wait(".offer-name", "/user_login_success_event_v2").click()
    assert (
        page.wait("input[aria-label='Path and query']").get_attribute("value")
        == "/user_login_success_event_v2"
    )
    assert requests.delete(f"{system.view}/api/saved/{nonce}", timeout=30).ok


@pytest.mark.parametrize(
    ("title", "contains"),
    [
        ("curl", "/rasp/lfi?file=../../../../etc/passwd"),
        ("python -m lambda_proxy event", "-m lambda_proxy event"),
        ("pytest of this project", "def test_"),
    ],
)
def test_copy_as(page: Page, system: System, attack: str, title: str, contains: str) -> None:
    permissions = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"], "origin": system.view}
    page.browser.execute_cdp_cmd("Browser.grantPermissions", permissions)
    page.open(attack, ".menu summary").click()
    page.wait(".menu-items button", title).click()
    page.wait(".toast", f"Copied {title}")
    copied = page.browser.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert contains in copied


MARKUP = "<img src=x onerror='window.pwned=1'><script>window.pwned=1</script>"


UNFOLD = """
for (const one of document.querySelectorAll("details")) one.open = true;
for (let item; item = document.querySelector("[role=treeitem][aria-expanded=false] > .line"); ) item.click();
"""


def test_markup_is_text(page: Page, system: System, nonce: str) -> None:
    encoded = quote(MARKUP, safe="")
    headers = {"User-Agent": MARKUP, "X-Markup": MARKUP, "Cookie": f"a={MARKUP}", "Referer": MARKUP}
    paths = []
    for target, body in (
        (f"/tag_value/{encoded}{nonce}/200?{encoded}={encoded}", MARKUP.encode()),
        (f"/log/library?msg={nonce}{encoded}", None),
        (f"/waf/{nonce}{encoded}", json.dumps({MARKUP: [MARKUP, {"deep": MARKUP}]}).encode()),
    ):
        kind = {"Content-Type": "application/json"} if target.startswith("/waf") else {}
        requests.request(
            "POST" if body else "GET",
            system.proxy + target,
            headers={**headers, **kind},
            data=body,
            timeout=30,
        )
        paths.append(system.invocation(target.partition("?")[0]))
    event = json.loads((REPOSITORY / "events/sqs.json").read_text())
    event["Records"][0]["body"] = json.dumps({"markup": MARKUP})
    event["Records"][0]["eventSourceARN"] += MARKUP
    event["Records"][1]["body"] = MARKUP
    requests.post(system.invoke_api + INVOCATIONS, json=event, timeout=30)
    paths.append(system.invocation("weblog-orders<img"))
    (one, other) = (path.removeprefix("/invocations/") for path in paths[:2])
    requests.put(f"{system.view}/api/saved/{nonce}", json={"request": {"target": MARKUP}}, timeout=30)
    page.open("/", ".filter")
    page.wait(".rows .row", MARKUP.partition("<script>")[0])
    others = [
        f"/compare?a={one}&b={other}",
        f"/compose?from={one}",
        f"/compose?saved={nonce}",
        f"/?filter={encoded}",
    ]
    for path in ["/", *paths, *others]:
        page.open(path, "main section")
        wait_for(lambda: not page.all(".loading"), what=f"{path} is shown")
        # All that is folded is looked at, too.
        page.run(UNFOLD)
        assert page.run(
            "return [window.pwned ?? null, document.querySelectorAll('main img, main script').length]"
        ) == [None, 0]
    page.open(f"/invocations/{encoded}", ".empty[role=alert]")
    assert MARKUP in page.wait(".empty").text
    # The browser tells that there is no such invocation.
    page.console = [line for line in page.complaints() if "/api/invocations/%3Cimg" not in line]
    for path in paths:
        page.open(path, ".columns")
        assert "<img src=x onerror=" in page.wait("main").text


ADDRESSES = ("/", "ATTACK", "/compose", "/compare", "/?filter=nothing-has-this")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_fits_and_can_be_read(page: Page, attack: str, dark: bool) -> None:
    two = f"/compare?a={attack.rpartition('/')[2]}&b={attack.rpartition('/')[2]}"
    with page.looking(width=1024, height=768, dark=dark):
        for address in (*ADDRESSES, two):
            page.open(address.replace("ATTACK", attack), "main section")
            wait_for(lambda: not page.all(".loading"), what=f"{address} is shown")
            # The document itself never scrolls sideways.
            assert page.run("return document.documentElement.scrollWidth - innerWidth") <= 0, address
            low = page.run(CONTRAST)
            assert low == [], address
            nameless = [
                one.get_attribute("outerHTML") for one in page.run(CONTROLS) if not one.accessible_name
            ]
            assert nameless == []
        dark_paper = page.run("return getComputedStyle(document.body).backgroundColor") == "rgb(21, 22, 26)"
        assert dark_paper is dark


# What is far below is not laid out yet, and has no name until it is.
CONTROLS = """
return [...document.querySelectorAll("button, a, input, select, textarea, [role=tree], [role=table]")]
  .filter((one) => one.checkVisibility({ contentVisibilityAuto: true }));
"""

# The texts with less contrast than the guidelines for the web ask for, which is 4.5 to 1.
CONTRAST = r"""
const parsed = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
const part = (value) => ((value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
const behind = (element) => {
  for (; element; element = element.parentElement) {
    const color = parsed(getComputedStyle(element).backgroundColor);
    if (color.length === 3 || color[3] === 1) return color;
  }
  return [255, 255, 255];
};
const found = new Set();
for (const element of document.querySelectorAll("body *")) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!own || !element.checkVisibility({ opacityProperty: true })) continue;
  // Not there to be read, or drawn over a bar with a shadow around it.
  if (element.closest("svg, .offscreen, .skip, .length.inside")) continue;
  const style = getComputedStyle(element);
  if (element.closest("[disabled]")) continue;
  const [one, other] = [light(parsed(style.color)), light(behind(element))].sort((a, b) => b - a);
  const ratio = (one + 0.05) / (other + 0.05);
  if (ratio < 4.5) found.add(`${element.tagName}.${element.className}: ${ratio.toFixed(2)}`);
}
return [...found];
"""
