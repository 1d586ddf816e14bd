"""Takes the pictures of the trace view in the README: `.venv/bin/python -m scripts.trace_view_pictures`.

Needs a running system (`./run.sh`) and Debian's Chromium (`scripts/install-browser.sh`). It sends some
requests and events, opens the page in a browser without a window, and writes list.png and invocation.png
into docs/pictures.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import requests
from selenium.common.exceptions import TimeoutException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import visibility_of_element_located
from selenium.webdriver.support.wait import WebDriverWait

from tests.support.browser import chromium

REPOSITORY = Path(__file__).resolve().parents[1]
PICTURES = REPOSITORY / "docs/pictures"
WIDTH, HEIGHT = 1200, 720

ATTACK = "/rasp/lfi?file=../../../../etc/passwd"
SENT: tuple[tuple[str, str], ...] = (
    ("apigateway-rest", "/"),
    ("event", "sqs"),
    ("apigateway-http", "/tag_value/hello/201?X-Answer=42"),
    ("event", "dynamodb"),
    ("application-load-balancer", "/status?code=500"),
    ("event", "s3"),
    ("function-url", "/waf?x=appscan_fingerprint"),
    ("event", "sns"),
    ("apigateway-rest", "/exceptionreplay/simple"),
    ("event", "kinesis"),
    ("application-load-balancer-multi", "/otel_drop_in"),
    ("event", "eventbridge"),
    ("apigateway-rest", "/spans?repeats=6"),
    ("event", "websocket-message"),
    ("apigateway-http", "/waf?query=%3Cscript%3E"),
    ("apigateway-rest", ATTACK),
)
"""What is sent: a front door and a path, or "event" and the name of a sample."""


def main(arguments: Sequence[str]) -> int:
    """Send, look, and write the pictures; the exit code."""
    parser = argparse.ArgumentParser("python -m scripts.trace_view_pictures", description=__doc__)
    parser.add_argument("--view", default="http://localhost:8128", help="the trace view's address")
    view = parser.parse_args(arguments).view
    try:
        ids = [_send(view, kind, what) for kind, what in SENT]
    except requests.RequestException as error:
        sys.stderr.write(f"error: {view} does not answer: {error}; start ./run.sh first\n")
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        profile = stack.enter_context(tempfile.TemporaryDirectory())
        browser = stack.enter_context(chromium(Path(profile)))
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False},
        )
        try:
            _take(browser, f"{view}/", ".rows .row", PICTURES / "list.png")
            _take(browser, f"{view}/invocations/{ids[-1]}", ".waf", PICTURES / "invocation.png")
        except TimeoutException:
            sys.stderr.write(f"error: the page at {view} does not show what was sent\n")
            return 1
    return 0


def _send(view: str, kind: str, what: str) -> str:
    """Send it through the trace view's API; the invocation's request id."""
    document: dict[str, Any]
    if kind == "event":
        document = {"event": json.loads((REPOSITORY / f"events/{what}.json").read_text())}
    else:
        headers = [
            ["Host", "localhost:7777"],
            ["User-Agent", "Arachni/v1" if "waf" in what else "curl/8.5.0"],
        ]
        document = {"front_door": kind, "request": {"method": "GET", "target": what, "headers": headers}}
    answer = requests.post(f"{view}/api/invocations", json=document, timeout=60)
    answer.raise_for_status()
    request_id: str = answer.json()["request_id"]
    return request_id


def _take(browser: Chrome, address: str, shows: str, file: Path) -> None:
    """Write a picture of the page once it shows an element."""
    browser.get(address)
    WebDriverWait(browser, 30).until(visibility_of_element_located((By.CSS_SELECTOR, shows)))
    WebDriverWait(browser, 30).until(visibility_of_element_located((By.CSS_SELECTOR, "[data-state=live]")))
    browser.save_screenshot(str(file))
    sys.stdout.write(f"{file.relative_to(REPOSITORY)}: {file.stat().st_size // 1024} KiB\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
