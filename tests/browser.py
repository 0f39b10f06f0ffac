"""Headless Chromium for tests of pages: Debian's chromium and its driver, led by Selenium.

Needs both programs and the package `selenium`; a test that asks skips where one is missing, and says which. It will
never hold an assertion about tsl.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.checkout import ROOT

ARTEFACTS = ROOT / "build" / "screenshots"
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1400,900")
OWN = ("data:", "chrome:", "about:")


def needed() -> str:
    """What is missing to run a browser, nothing where all is there."""
    if shutil.which("chromium") is None or shutil.which("chromedriver") is None:
        return "Chromium is not installed: apt-get install chromium chromium-driver"
    if importlib.util.find_spec("selenium") is None:
        return "Selenium is not installed: pip install selenium"
    return ""


class Page:
    """A file in the browser."""

    def __init__(self, driver: Any, path: Path) -> None:
        self.driver, self.path = driver, path

    def run(self, script: str, *arguments: object) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script, *arguments)

    def one(self, selector: str) -> Any:
        """The one element of a selector."""
        (found,) = self.driver.find_elements("css selector", selector)
        return found

    def text(self, selector: str) -> str:
        """The text of the one element of a selector."""
        return str(self.one(selector).text)

    def click(self, selector: str) -> None:
        """Clicks the middle of an element, as far as a script can; SVG elements may be outside of the window."""
        self.run(
            "document.querySelector(arguments[0]).dispatchEvent(new MouseEvent('click', {bubbles: true}))", selector
        )

    def shot(self, name: str) -> Path:
        """Leaves a screenshot among the artefacts of the tests."""
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        path = ARTEFACTS / f"{name}.png"
        assert self.driver.save_screenshot(str(path))
        return path

    @property
    def complaints(self) -> list[str]:
        """What the console was told since this was last asked."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    @property
    def asked(self) -> list[str]:
        """The addresses that were asked for since this was last asked, without the page itself and what is in it."""
        sent = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = [each["params"]["request"]["url"] for each in sent if each["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if url != self.path.as_uri() and not url.startswith(OWN)]


@contextmanager
def opened(path: Path) -> Iterator[Page]:
    """A file in a browser of its own. Skips the test where there is none."""
    missing = needed()
    if missing:
        pytest.skip(missing)
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        driver.get(path.as_uri())
        yield Page(driver, path)
    finally:
        driver.quit()
