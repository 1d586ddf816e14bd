"""The trace view's page in a real browser, for tests: open it, wait, press keys, read what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.remote.webelement import WebElement

from tests.support.processes import wait_for

# A container that starts or ends on the same machine breaks connections of the browser.
NETWORK_CHANGED = "ERR_NETWORK_CHANGED"


@dataclass
class Page:
    """The page at an address such as http://127.0.0.1:8128."""

    browser: Chrome
    address: str
    console: list[str] = field(default_factory=list)
    """What the browser had to complain about."""

    def open(self, path: str, shows: str) -> WebElement:
        """Open a path and wait for the element `shows`, a CSS selector."""
        self.browser.get(self.address + path)

        def shown() -> list[WebElement]:
            if self._network_changed():
                self.browser.get(self.address + path)
            return self.all(shows)

        return wait_for(shown, what=f"{shows} at {path}")[0]

    def all(self, selector: str) -> list[WebElement]:
        """All elements with this CSS selector that can be seen."""
        script = "return [...document.querySelectorAll(arguments[0])].filter((one) => one.checkVisibility())"
        elements: list[WebElement] = self.run(script, selector)
        return elements

    def wait(self, selector: str, text: str = "") -> WebElement:
        """The first visible element with this selector that has the text; waits for it."""
        script = """return [...document.querySelectorAll(arguments[0])]
            .find((one) => one.checkVisibility() && one.innerText.includes(arguments[1])) ?? null"""

        element: WebElement = wait_for(
            lambda: self.run(script, selector, text), what=f"{selector} with {text!r}"
        )
        return element

    def click(self, selector: str, text: str = "") -> None:
        """Click on what `wait` finds; once more where the page draws it anew just then."""

        def clicked() -> bool:
            with suppress(StaleElementReferenceException):
                self.wait(selector, text).click()
                return True
            return False

        wait_for(clicked, what=f"a click on {selector}")

    def texts(self, selector: str) -> list[str]:
        """The texts of all visible elements with this selector."""
        return [one.text for one in self.all(selector)]

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, wherever the focus is."""
        ActionChains(self.browser).send_keys(*keys).perform()

    def point(self, element: WebElement) -> None:
        """Move the mouse to the element."""
        ActionChains(self.browser).move_to_element(element).perform()

    def run(self, script: str, *arguments: object) -> Any:
        """What a function body of JavaScript returns."""
        return self.browser.execute_script(script, *arguments)

    def focused(self) -> WebElement:
        """The element that has the focus."""
        return self.browser.switch_to.active_element

    @property
    def path(self) -> str:
        """Where the page is, without host and port."""
        return self.browser.current_url.removeprefix(self.address)

    def wait_for_path(self, test: Callable[[str], bool], what: str) -> str:
        """Wait until the path passes the test; the path."""
        return wait_for(lambda: self.path if test(self.path) else "", what=what)

    @contextmanager
    def looking(self, *, width: int = 1440, height: int = 900, dark: bool = False) -> Iterator[None]:
        """In a window of this size, with light or dark colours."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        try:
            yield
        finally:
            self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
            self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    def complaints(self) -> list[str]:
        """What stands in the browser's console by now: warnings and errors."""
        self._network_changed()
        return self.console

    def _network_changed(self) -> bool:
        messages = [entry["message"] for entry in self.browser.get_log("browser")]  # type: ignore[no-untyped-call]
        self.console += [message for message in messages if NETWORK_CHANGED not in message]
        return any(NETWORK_CHANGED in message for message in messages)


@contextmanager
def page_at(browser: Chrome, address: str) -> Iterator[Page]:
    """The page; fails at the end where the browser had to complain."""
    page = Page(browser, address)
    # What a test before this one left there.
    browser.get_log("browser")  # type: ignore[no-untyped-call]
    try:
        with page.looking():
            yield page
            complaints = page.complaints()
            assert not complaints, "\n".join(complaints)
    finally:
        # Nothing may run on while its server ends.
        browser.get("about:blank")
