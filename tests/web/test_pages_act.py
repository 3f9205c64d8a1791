"""What people do on pages, with the mouse and with the keyboard alone, on a run in progress."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.web.browser import keep, visit
from tests.web.conftest import Running, Site

from milepost.app.runs import latest_run
from milepost.bootstrap import open_project
from milepost.execution.records import TaskRecord, TaskStatus
from milepost.execution.state import RunState


def _state(site: Site) -> RunState:
    project = open_project(str(site.plan))
    session = latest_run(project.ledger, project.identity)
    assert session is not None
    project.close()
    return session.state


def _task(site: Site, name: str) -> TaskRecord:
    return _state(site).tasks[name]


def _confirm(page: Page, **texts: str) -> None:
    """Fill in the dialog and go on; it closes when the server has said yes."""
    dialog = page.locator("#act")
    expect(dialog).to_be_visible()
    for name, text in texts.items():
        dialog.locator(f"[name={name}]").fill(text)
    dialog.locator("[data-go-on]").click()
    expect(dialog).to_be_hidden()


def test_a_card_is_claimed_done_and_reopened_with_the_keyboard(page: Page, served: Running) -> None:
    visit(page, served.address + "/plans/lighthouse/board")
    page.locator("[data-task='1.3']").focus()
    page.keyboard.press("c")
    expect(page.locator("#act")).to_contain_text("Claim task 1.3")
    keep(page, "claim dialog")
    page.locator("#act [name=by]").fill("ada")
    page.keyboard.press("Enter")
    running = page.locator("[data-column=running]")
    expect(running.locator("[data-task='1.3']")).to_contain_text("ada")
    assert _task(served.site, "1.3").status is TaskStatus.RUNNING
    page.locator("[data-task='1.3']").focus()
    page.keyboard.press("d")
    _confirm(page, note="drawn in ink")
    expect(page.locator("[data-column=done] [data-task='1.3']")).to_be_visible()
    record = _task(served.site, "1.3")
    assert (record.status, record.by) == (TaskStatus.DONE, "ada")
    assert record.attempts[-1].evidence["note"] == "drawn in ink"
    page.locator("[data-task='1.3']").focus()
    page.keyboard.press("r")
    _confirm(page, reason="the ink ran")
    expect(page.locator("[data-column=ready] [data-task='1.3']")).to_be_visible()


def test_arrows_move_between_cards_and_columns(page: Page, looked_at: Running) -> None:
    visit(page, looked_at.address + "/plans/lighthouse/board")
    page.locator("[data-task='2.1']").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-task='2.2']")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-task='1.3']")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-task='1.2']")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(looked_at.address + "/plans/lighthouse/tasks/1.2")


def test_a_card_that_is_dropped_on_blocked_is_blocked_with_a_reason(page: Page, served: Running) -> None:
    visit(page, served.address + "/plans/lighthouse/board")
    page.drag_and_drop("[data-task='1.3'] .id", "[data-column=blocked] .none")
    _confirm(page, by="ada", reason="no paper")
    expect(page.locator("[data-column=blocked]")).to_contain_text("no paper")
    keep(page, "board blocked")
    assert _task(served.site, "1.3").reason == "no paper"
    page.locator("[data-task='1.3'] [data-menu]").click()
    keep(page, "board menu")
    page.get_by_role("menuitem", name="Unblock").click()
    _confirm(page)
    expect(page.locator("[data-column=ready] [data-task='1.3']")).to_be_visible()


def test_an_act_that_is_refused_says_why_and_keeps_what_was_written(page: Page, served: Running) -> None:
    visit(page, served.address + "/plans/lighthouse/board")
    page.locator("[data-task='2.1']").focus()
    page.keyboard.press("c")
    expect(page.locator("#messages")).to_contain_text("2.1 is pending: it cannot be told to claim")
    project = open_project(str(served.site.plan))
    page.locator("[data-task='1.3']").focus()
    page.keyboard.press("c")
    from milepost.app.tasks import claim

    session = project.open_run("tester")
    claim(session, "1.3", worker="grace", now=project.now(), lease=600)
    project.close()
    page.locator("#act [name=by]").fill("ada")
    page.locator("#act [data-go-on]").click()
    expect(page.locator("#act [role=alert]")).to_contain_text("grace")
    expect(page.locator("#act [name=by]")).to_have_value("ada")


def test_a_task_is_escalated_by_who_holds_it(page: Page, served: Running) -> None:
    visit(page, served.address + "/plans/lighthouse/tasks/1.2")
    page.get_by_role("button", name="Escalate").click()
    expect(page.locator("#act [name=by]")).to_have_value("grace")
    _confirm(page, reason="no quarry answers")
    expect(page.locator("#details")).to_contain_text("1 planned: 2")
    expect(page.locator("#events")).to_contain_text("escalated from tier 2 to tier 1")
    keep(page, "task escalated")
    assert _task(served.site, "1.2").tier == 1


def test_a_checkpoint_is_approved_with_a_comment(page: Page, served: Running) -> None:
    with served.client() as client:
        for name in ("1.2", "1.3"):
            by = "grace" if name == "1.2" else "ada"
            done = client.post(f"/api/v1/plans/lighthouse/tasks/{name}/complete", json={"by": by})
            assert done.status_code == 200, done.text
    visit(page, served.address + "/plans/lighthouse/checkpoints")
    expect(page.locator("#pages")).to_contain_text("1 waiting")
    page.get_by_role("button", name="Approve").click()
    _confirm(page, by="ada", comment="a fine drawing")
    gate = page.locator(".gate-panel")
    expect(gate).to_contain_text("passed by ada")
    gate.locator("summary").click()
    expect(gate).to_contain_text("a fine drawing")
    keep(page, "checkpoint approved")
    assert all(one.passed for one in _state(served.site).checkpoints.values())
    page.get_by_role("button", name="Reject").click()
    _confirm(page, reason="it leans")
    expect(gate).to_contain_text("Rejected: it leans")


def test_a_run_is_paused_and_goes_on(page: Page, served: Running) -> None:
    visit(page, served.address + "/plans/lighthouse/run")
    page.get_by_role("button", name="Pause").click()
    _confirm(page, by="ada")
    expect(page.locator("#outcome")).to_have_text("paused")
    page.get_by_role("button", name="Resume").click()
    _confirm(page)
    expect(page.locator("#outcome")).to_have_text("waiting")


def test_a_finding_is_corrected_after_its_difference_was_confirmed(page: Page, served: Running) -> None:
    plan = served.site.plan
    plan.write_text(plan.read_text().replace("# Lighthouse\n", "# Lighthouse\n\n**Total Tasks:** 7\n", 1))
    visit(page, served.address + "/plans/lighthouse/diagnostics")
    finding = page.locator(".finding", has_text="7")
    expect(finding.locator("mark")).to_have_text("7")
    finding.locator("summary").click()
    keep(page, "finding")
    finding.get_by_role("button", name="Review and apply").click()
    dialog = page.locator("#fixing")
    expect(dialog.locator(".d-less")).to_have_text("-**Total Tasks:** 7\n")
    expect(dialog.locator(".d-more")).to_have_text("+**Total Tasks:** 5\n")
    keep(page, "fix to confirm")
    assert "**Total Tasks:** 7" in plan.read_text()  # nothing changes before it is confirmed
    dialog.get_by_role("button", name="Change the document").click()
    expect(dialog).to_be_hidden()
    expect(page.locator(".finding", has_text="Total")).to_have_count(0)
    assert "**Total Tasks:** 5" in plan.read_text()
