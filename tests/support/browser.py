"""A real browser for tests: Debian's Chromium without a window, driven by Selenium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
    try:
        with chromium(tmp_path_factory.mktemp("browser")) as browser:
            yield browser
    except FileNotFoundError as error:
        pytest.skip(f"NO BROWSER: {error}")


@contextmanager
def chromium(profile: Path) -> Iterator[webdriver.Chrome]:
    """A browser with its profile in that folder; raises FileNotFoundError where there is none."""
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or driver is None:
        raise FileNotFoundError("chromium or chromedriver is missing; scripts/install-browser.sh gets them")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for option in (*OPTIONS, f"--user-data-dir={profile}"):
        options.add_argument(option)
    # Neither the driver nor the browser may go through a proxy of the machine.
    service = webdriver.ChromeService(driver, env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"})
    browser = webdriver.Chrome(options, service)
    browser.set_script_timeout(30)
    try:
        yield browser
    finally:
        browser.quit()
