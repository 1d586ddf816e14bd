"""A real browser for tests: Debian's Chromium without a window, driven by Selenium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from selenium import webdriver

OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """One browser with a fresh profile for all tests; they are skipped where there is none."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("NO BROWSER: chromium or chromedriver is missing; scripts/install-browser.sh gets them")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"):
        options.add_argument(option)
    # Neither the driver nor the browser may go through a proxy of the machine.
    service = webdriver.ChromeService(driver, env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"})
    browser = webdriver.Chrome(options, service)
    browser.set_script_timeout(30)
    yield browser
    browser.quit()
