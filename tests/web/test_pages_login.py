"""Pages of a server that asks for tokens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.web.browser import keep, violations, visit
from tests.web.conftest import Running, Site, start, stop

from milepost.web.access import COOKIE, Access, RateLimit


@pytest.fixture
def guarded(site: Site) -> Iterator[Running]:
    """A server that wants a token from this machine too."""
    running = start(site, Access(site.tokens, True, rate=RateLimit(10_000, 10_000)))
    yield running
    stop(running)


def claim(page: Page, task: str) -> None:
    """Claim a task by its key; what comes in live may take the focus away before, so it is pressed until it is heard."""
    go_on = page.locator("#act [data-go-on]")
    for _ in range(10):
        page.locator(f"[data-task='{task}']").press("c")
        with suppress(AssertionError):
            expect(go_on).to_be_visible(timeout=3000)
            break
    go_on.click()


def test_a_token_opens_the_pages_and_signing_out_closes_them(page: Page, guarded: Running) -> None:
    page.goto(guarded.address + "/plans/lighthouse")
    expect(page).to_have_url(guarded.address + "/login")
    assert violations(page) == []
    keep(page, "sign in")
    page.get_by_label("Token").fill("mp_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("unknown, revoked or expired")
    page.get_by_label("Token").fill(guarded.site.token("ada", "read", "work"))
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#count")).to_have_text("2 plans")
    cookie = next(one for one in page.context.cookies() if one["name"] == COOKIE)
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    visit(page, guarded.address + "/plans/lighthouse/board")
    claim(page, "1.3")
    expect(page.locator("[data-column=running] [data-task='1.3']")).to_contain_text("ada")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(guarded.address + "/login")
    page.goto(guarded.address + "/")
    expect(page).to_have_url(guarded.address + "/login")


def test_who_may_only_read_is_told_so_when_acting(page: Page, guarded: Running) -> None:
    page.goto(guarded.address + "/login")
    page.get_by_label("Token").fill(guarded.site.token("eve", "read"))
    page.get_by_role("button", name="Sign in").click()
    visit(page, guarded.address + "/plans/lighthouse/board")
    claim(page, "1.3")
    expect(page.locator("#act [role=alert]")).to_contain_text("this needs a token with the scope work")


def test_pages_carry_a_policy_that_lets_nothing_in(looked_at: Running) -> None:
    found = httpx.get(looked_at.address + "/plans/lighthouse")
    assert "default-src 'self'" in found.headers["content-security-policy"]
    assert "style=" not in found.text
    assert "<script>" not in found.text


def test_what_is_no_asset_is_not_found(reader: httpx.Client) -> None:
    for name in ("../app.py", "..%2Fapp.py", "%2e%2e/app.py", "nothing.css"):
        assert reader.get(f"/assets/{name}").status_code == 404


def test_pages_and_assets_are_revalidated_and_compressed(reader: httpx.Client) -> None:
    for path in ("/assets/milepost.css", "/plans/lighthouse/checkpoints", "/plans/lighthouse/gantt/rows"):
        first = reader.get(path)
        assert first.headers["content-encoding"] == "gzip"
        again = reader.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        plain = reader.get(path, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.content == first.content
