"""Pages that stay true while a run goes on, without being loaded again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.web.browser import keep, visit
from tests.web.conftest import Running, Site, make_site, start, stop

from milepost.app.tasks import block, unblock
from milepost.bootstrap import open_project

TALKING = """# Talk

- [ ] **1** Say something
  - _Estimated: 1 hour_
  - _Run: printf 'plain \\033[31mred\\033[0m \\033[1;32mgreen\\033[0m\\n'; until test -e go-on; do sleep 0.05; done; echo over_
- [ ] **2** Say no more
  - _Depends: 1_
  - _Run: true_
"""


@pytest.fixture
def site(tmp_path: Path, shared_state: Path) -> Site:
    """The site with a plan besides that talks until somebody lets it go on."""
    found = make_site(tmp_path / "site")
    folder = found.root / "specs" / "talk"
    folder.mkdir()
    (folder / "tasks.md").write_text(TALKING)
    (found.root / "milepost.toml").write_text('[tiers.1]\ndriver = "manual"\n\n[tiers.2]\ndriver = "command"\n')
    return found


@pytest.fixture
def talking(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    """A real run of it."""
    command = [sys.executable, "-m", "milepost", "run", "specs/talk/tasks.md", "--trust", "--by", "ada"]
    run = subprocess.Popen(command, cwd=site.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield run
    (site.root / "go-on").touch()
    run.wait(60)


def test_a_log_is_watched_in_its_colours_until_the_run_is_over(
    page: Page, served: Running, talking: subprocess.Popen[bytes]
) -> None:
    visit(page, served.address + "/plans/talk/run")
    log = page.locator("#log")
    expect(log).to_contain_text("plain red green")
    expect(log.locator(".a-1")).to_have_text("red")
    expect(log.locator(".a-bold.a-2")).to_have_text("green")
    expect(page.locator("#outcome")).to_have_text("active")
    keep(page, "run with its log")
    page.evaluate("window.sameDocument = true")
    (served.site.root / "go-on").touch()
    expect(page.locator("#outcome")).to_have_text("finished")
    expect(page.locator("#figures")).to_contain_text("2 of 2")
    expect(page.locator("#events li").filter(has_text="run finished")).to_have_count(1)
    assert page.evaluate("window.sameDocument")  # it has not been loaded again
    keep(page, "run finished")


def test_what_an_attempt_wrote_is_shown_with_its_task(
    page: Page, served: Running, talking: subprocess.Popen[bytes]
) -> None:
    visit(page, served.address + "/plans/talk/tasks/1")
    page.get_by_role("button", name="Output").click()
    log = page.locator("#log-1")
    expect(log).to_contain_text("plain red green")
    (served.site.root / "go-on").touch()
    expect(log).to_contain_text("over")


def test_what_others_do_is_seen_at_once_and_nothing_jumps(page: Page, served: Running) -> None:
    visit(page, served.address + "/plans/lighthouse/board")
    page.locator("[data-task='2.2']").focus()
    page.evaluate(
        "window.shift = 0; new PerformanceObserver((list) => { for (const one of list.getEntries()) window.shift += one.value })"
        ".observe({type: 'layout-shift', buffered: false})"
    )
    with served.client() as client:
        client.post("/api/v1/plans/lighthouse/tasks/1.3/block", json={"by": "ada", "reason": "rain"})
    expect(page.locator("[data-column=blocked]")).to_contain_text("rain")
    expect(page.locator("[data-task='2.2']")).to_be_focused()
    assert page.evaluate("window.shift") < 0.02  # a card leaves one column and enters another: that moves no other


def test_a_line_that_dropped_misses_nothing(page: Page, site: Site) -> None:
    first = start(site)
    visit(page, first.address + "/plans/lighthouse/ledger")
    events = page.locator("#lines tr")
    stop(first)
    expect(page.locator("#connection")).to_have_attribute("data-state", "lost")
    project = open_project(str(site.plan))
    session = project.open_run("tester")
    block(session, "1.3", "rain", by="ada", now=project.now())
    unblock(session, "1.3", by="ada", now=project.now())
    project.close()
    second = start(site, port=int(first.address.rpartition(":")[2]))
    expect(events.nth(0)).to_contain_text("1.3 unblocked by ada")
    expect(events.nth(1)).to_contain_text("1.3 blocked: rain")
    expect(events.filter(has_text="1.3")).to_have_count(2)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    stop(second)


def test_a_plan_that_is_edited_or_comes_anew_is_seen(page: Page, served: Running) -> None:
    visit(page, served.address + "/plans/harbour")
    plan = served.site.root / "specs" / "harbour" / "tasks.md"
    plan.write_text(plan.read_text() + "- [ ] **2.3** Light it\n  - _Estimated: 1 hour_\n")
    expect(page.locator("#phases")).to_contain_text("Light it")
    visit(page, served.address + "/")
    expect(page.locator("#count")).to_have_text("3 plans")
    folder = served.site.root / "specs" / "pier"
    folder.mkdir()
    (folder / "tasks.md").write_text("# Pier\n\n- [ ] **1** Drive the piles\n")
    expect(page.locator("#plans")).to_contain_text("Pier")


def test_a_plan_that_cannot_be_read_any_more_says_so_and_comes_back(page: Page, served: Running) -> None:
    plan = served.site.root / "specs" / "harbour" / "tasks.md"
    text = plan.read_text()
    visit(page, served.address + "/plans/harbour")
    plan.write_text("# Harbour\n\nNothing to do.\n")
    page.reload()
    expect(page.locator("#trouble")).to_contain_text("no task was found in it")
    plan.write_text(text)
    page.reload()
    expect(page.locator("h1")).to_have_text("Harbour")
