"""Every page in both themes and on a phone: nothing against WCAG A and AA, nothing wider than the window."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.web.browser import PHONE, WIDE, keep, listen, violations, visit
from tests.web.conftest import Running

PAGES = (
    "/",
    "/plans/lighthouse",
    "/plans/lighthouse/board",
    "/plans/lighthouse/board?by=tier",
    "/plans/lighthouse/gantt#1.3",
    "/plans/lighthouse/run",
    "/plans/lighthouse/checkpoints",
    "/plans/lighthouse/network",
    "/plans/lighthouse/diagnostics",
    "/plans/lighthouse/forecast",
    "/plans/lighthouse/trace",
    "/plans/lighthouse/front",
    "/plans/lighthouse/ledger",
    "/plans/lighthouse/tasks/1.2",
    "/plans/harbour",
    "/plans/harbour/run",
    "/plans/harbour/ledger",
    "/plans/nowhere",
)


@pytest.fixture(scope="module", params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page in a theme."""
    context = browser.new_context(viewport=WIDE, color_scheme=request.param)
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.__dict__["theme"] = request.param
    yield page
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_nothing_against_wcag_and_nothing_wider_than_a_phone(themed: Page, looked_at: Running, path: str) -> None:
    troubles = listen(themed)
    visit(themed, looked_at.address + path)
    keep(themed, f"{path} {themed.__dict__['theme']}")
    assert violations(themed) == []
    themed.set_viewport_size(PHONE)
    if themed.__dict__["theme"] == "dark":
        keep(themed, f"{path} phone")
    assert themed.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    themed.set_viewport_size(WIDE)
    assert troubles == []


def test_a_page_that_is_not_there_says_what_is(page: Page, looked_at: Running) -> None:
    visit(page, looked_at.address + "/plans/lighthouse/tasks/1.9")
    expect(page.locator("#trouble")).to_contain_text("the run has no task 1.9")
    expect(page.locator("#trouble")).to_contain_text("did you mean 1.3?")


def test_the_theme_is_kept(page: Page, looked_at: Running) -> None:
    visit(page, looked_at.address + "/")
    page.get_by_role("button", name="Change theme").click()
    page.get_by_role("button", name="Change theme").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    visit(page, looked_at.address + "/plans/lighthouse")
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"


def test_times_are_in_the_viewers_zone(page: Page, looked_at: Running) -> None:
    visit(page, looked_at.address + "/plans/lighthouse/ledger")
    first = page.locator("#lines time").first
    shown = page.evaluate(
        "(stamp) => new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', timeZone: 'Europe/Vienna'})"
        ".format(new Date(stamp))",
        first.get_attribute("datetime"),
    )
    expect(first).to_contain_text(shown)


def test_a_plan_that_nobody_ran_has_not_begun(page: Page, looked_at: Running) -> None:
    visit(page, looked_at.address + "/")
    expect(page.locator("[data-key=lighthouse]")).to_contain_text("began")
    expect(page.locator("[data-key=harbour]")).not_to_contain_text("began")
