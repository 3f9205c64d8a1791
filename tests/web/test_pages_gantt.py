"""The Gantt chart and the network, by keyboard and by mouse."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.web.browser import keep, visit
from tests.web.conftest import Running, Site

GANTT = "/plans/lighthouse/gantt"


def test_phases_fold_by_keyboard(page: Page, looked_at: Running) -> None:
    # 2 phases, 5 tasks, 1 checkpoint: 8 rows; without the first phase's 3 tasks and checkpoint 4
    visit(page, looked_at.address + GANTT)
    chart = page.locator("#gantt")
    expect(chart).to_have_attribute("aria-rowcount", "8")
    chart.focus()
    page.keyboard.press("ArrowLeft")
    expect(chart).to_have_attribute("aria-rowcount", "4")
    expect(page.locator("#g-0")).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowRight")
    expect(chart).to_have_attribute("aria-rowcount", "8")
    page.keyboard.press("[")
    expect(chart).to_have_attribute("aria-rowcount", "2")
    page.keyboard.press("]")
    expect(chart).to_have_attribute("aria-rowcount", "8")


def test_a_task_shows_what_drives_it_and_has_an_address(page: Page, looked_at: Running) -> None:
    visit(page, looked_at.address + GANTT)
    page.locator("#gantt").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#chosen")).to_contain_text("1.3 Draw the tower")
    expect(page.locator("[data-chain]")).to_contain_text("1.3 → Checkpoint 1 → 2.1 → 2.2")
    expect(page).to_have_url(looked_at.address + GANTT + "#1.3")
    expect(page.locator(".g-link")).to_have_count(1)
    keep(page, "gantt with a chain")
    page.keyboard.press("Escape")
    expect(page.locator("#chosen")).to_be_hidden()
    page.goto(looked_at.address + "/")
    page.goto(looked_at.address + GANTT + "#2.1")
    expect(page.locator("#chosen")).to_contain_text("2.1 Build the tower")


def test_rows_say_in_words_what_their_bars_show(page: Page, looked_at: Running) -> None:
    visit(page, looked_at.address + GANTT)
    # 1.3 takes 3 hours and drives everything after it; 1.2 holds nothing up
    label = page.get_by_role("row", name="1.3 Draw the tower").get_attribute("aria-label") or ""
    assert label.startswith("1.3 Draw the tower, ready, ")
    assert label.endswith(", critical")
    assert "float" in (page.get_by_role("row", name="1.2 Order the stones").get_attribute("aria-label") or "")


def test_zoom_keeps_the_middle_and_ends_at_all(page: Page, looked_at: Running) -> None:
    visit(page, looked_at.address + GANTT)
    width = "document.querySelector('.g-size').offsetWidth"
    whole = page.evaluate(width)
    page.keyboard.press("+")
    page.keyboard.press("+")
    wider = page.evaluate(width)
    assert wider > 2 * whole
    assert page.evaluate("document.querySelector('#gantt').scrollLeft") > 0
    page.keyboard.press("0")
    assert page.evaluate(width) == whole


def test_only_the_rows_in_sight_are_in_the_document(page: Page, served: Running) -> None:
    _write_large(served.site, 3000)
    visit(page, served.address + "/plans/large/gantt")
    chart = page.locator("#gantt")
    expect(chart).to_have_attribute("aria-rowcount", "3030")  # 30 phases of 100 tasks
    assert page.locator(".g-name").count() < 60
    chart.focus()
    page.keyboard.press("End")
    expect(page.get_by_role("row", name="30.100 Part")).to_be_visible()
    assert page.locator(".g-name").count() < 60
    # what scrolls lies behind the head: at its left corner there is no row to be hit
    box = chart.bounding_box()
    assert box is not None
    at = f"document.elementFromPoint({box['x'] + 20}, {box['y'] + 20})"
    assert page.evaluate(f"{at}.closest('.g-name')") is None
    assert page.evaluate(f"{at}.closest('#gantt') !== null")
    keep(page, "gantt of 3000")


def test_a_large_network_is_drawn_by_phases(page: Page, served: Running) -> None:
    _write_large(served.site, 3000)
    visit(page, served.address + "/plans/large/network")
    expect(page.locator("main")).to_contain_text("too large to be drawn at once")
    expect(page.locator("#graph")).to_have_attribute("aria-label", "Network of 100 tasks and checkpoints")
    with page.expect_navigation(url="**phase=7*"):
        page.locator("#phase").select_option("Part 7")
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    expect(page.locator("#graph")).to_contain_text("7.1 Part")
    # 3 chains, 34 tasks long: the last is far to the right, and there once the drawing is moved or shown as a whole
    expect(page.locator("a[aria-label^='7.100 ']")).to_have_count(0)
    page.get_by_role("button", name="Fit").click()
    expect(page.locator("a[aria-label^='7.100 ']")).to_be_visible()


def test_a_path_lights_up_when_a_task_is_focused(page: Page, looked_at: Running) -> None:
    visit(page, looked_at.address + "/plans/lighthouse/network")
    page.locator("a[aria-label^='1.3 ']").focus()
    lit = page.locator("#graph a.on")
    expect(lit).to_have_count(5)  # 1.1 before it; itself; Checkpoint 1, 2.1 and 2.2 after it
    expect(page.locator("a[aria-label^='1.2 ']")).not_to_have_class("on")
    keep(page, "network with a path")
    page.keyboard.press("Enter")
    expect(page).to_have_url(looked_at.address + "/plans/lighthouse/tasks/1.3")


def _write_large(site: Site, count: int) -> None:
    folder = site.root / "specs" / "large"
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["# Large", ""]
    for number in range(count):
        phase, place = number // 100 + 1, number % 100 + 1
        if place == 1:
            lines += ["", f"## Phase {phase}: Part {phase}", ""]
        lines += [f"- [ ] **{phase}.{place}** Part {number}", "  - _Estimated: 1 hour_"]
        if place > 1:
            lines += [f"  - _Depends: {phase}.{max(place - 3, 1)}_"]
    (folder / "tasks.md").write_text("\n".join(lines) + "\n")
