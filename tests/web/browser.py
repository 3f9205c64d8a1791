"""A real browser for the tests of pages, one for each worker."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

CHROMIUM = "/usr/bin/chromium"
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
WIDE, PHONE = ViewportSize(width=1360, height=860), ViewportSize(width=390, height=800)
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
_RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, if it is installed."""
    if not os.path.exists(CHROMIUM):
        pytest.skip(f"there is no {CHROMIUM}")
    expect.set_options(timeout=30_000)
    with sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that knows nothing yet; what it complains of fails the test."""
    context = browser.new_context(viewport=WIDE, timezone_id="Europe/Vienna", locale="en-GB", color_scheme="light")
    found = context.new_page()
    found.set_default_timeout(30_000)
    troubles = listen(found)
    yield found
    told = list(troubles)  # what comes while the page is closed is none of its own
    context.close()
    assert not told, told


def listen(page: Page) -> list[str]:
    """What the browser complains of, as it comes; a line that ends because a page is left is no trouble."""
    troubles: list[str] = []

    def console(message: Any) -> None:
        if message.type == "error" and "ERR_" not in message.text and "status of 4" not in message.text:
            troubles.append(message.text)

    page.on("console", console)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    return troubles


def visit(page: Page, address: str) -> None:
    """Open a page, and wait until it is live and all its parts are there."""
    page.goto(address)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def keep(page: Page, name: str) -> None:
    """Keep a screenshot for people to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(
        path=SCREENSHOTS / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.png", animations="disabled"
    )


def violations(page: Page) -> list[str]:
    """What axe-core finds against WCAG A and AA, in words."""
    found = Axe().run(page, options=_RULES).response["violations"]
    return [f"{one['id']}: {one['help']}: {json.dumps([node['target'] for node in one['nodes'][:3]])}" for one in found]
