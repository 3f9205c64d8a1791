"""Controlling a run from the command line: pause, resume, cancel, skip, reopen, reject, budget, heartbeat, verified done."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

from milepost.adapters.supervisors import own_name
from milepost.bootstrap import open_project
from milepost.execution.commands import Join

PLAN = """\
# Shed - Implementation Plan

**Progress:** 0/3 tasks complete

### **Phase 1: Ground**

- [ ] **1.1** Level the ground
  - _Estimated: 1 hour_
  - _Verify: test -e level_

- [ ] **1.2** Ask the neighbour
  - _Estimated: 1 hour_

### **Phase 2: Walls**

- [ ] **2.1** Build the walls
  - _Estimated: 2 hours_

## Checkpoints

### **Checkpoint 1: After Phase 1**
- [ ] The neighbour agrees

## Dependencies Between Tasks

```
1.1, 1.2 → 2.1
```
"""


@pytest.fixture
def plan(project: Path) -> Path:
    path = project / "tasks.md"
    path.write_text(PLAN)
    return path


def test_done_runs_the_verifications_and_refuses_when_one_fails(milepost: Milepost, plan: Path) -> None:
    untrusted = milepost("done", "tasks.md", "1.1")
    assert (untrusted.code, "not been allowed" in untrusted.err) == (1, True)
    milepost("trust", "tasks.md")

    failed = milepost("done", "tasks.md", "1.1", "--by", "bob")
    assert failed.code == 1
    refused = milepost("log", "tasks.md", "--json").json[-1]
    assert (refused["event"], refused["by"], refused["attempt_no"]) == ("CompletionRefused", "bob", 0)
    (evidence,) = refused["evidence"]["verify"]
    assert (evidence["command"], evidence["exit_code"]) == ("test -e level", 1)
    assert {"seconds", "log", "log_sha256"} <= set(evidence)
    assert "1.1 not done, though reported by bob: verification" in milepost("log", "tasks.md").out
    assert "verification `test -e level` ended with exit code 1" in failed.err
    assert "[ ] **1.1**" in plan.read_text()

    (plan.parent / "level").touch()
    assert milepost("done", "tasks.md", "1.1", "--by", "ann").code == 0
    done = milepost("log", "tasks.md", "--json").json[-1]
    assert (done["event"], done["by"]) == ("TaskCompleted", "ann")
    (evidence,) = done["evidence"]["verify"]
    assert (evidence["command"], evidence["exit_code"]) == ("test -e level", 0)
    assert {"seconds", "log", "log_sha256"} <= set(evidence)


def test_a_failed_verification_leaves_the_task_with_its_holder(milepost: Milepost, plan: Path) -> None:
    milepost("trust", "tasks.md")
    milepost("claim", "tasks.md", "1.1", "--by", "ann")
    assert milepost("done", "tasks.md", "1.1", "--by", "ann").code == 1
    status = milepost("status", "tasks.md", "--json").json
    assert (status["task_list"][0]["status"], status["task_list"][0]["worker"]) == ("running", "ann")
    assert milepost("done", "tasks.md", "1.1", "--force").code == 0


def test_a_heartbeat_keeps_a_claim_and_a_lost_attempt_is_told_who_holds_the_task(
    milepost: Milepost, plan: Path
) -> None:
    milepost("claim", "tasks.md", "1.2", "--by", "ann", "--lease", "1")
    kept = milepost("heartbeat", "tasks.md", "1.2", "--by", "ann", "--lease", "90", "--json").json
    status = milepost("status", "tasks.md", "--json").json
    assert status["task_list"][1]["lease_until"] == kept["lease_until"]

    milepost("fail", "tasks.md", "1.2", "no answer", "--by", "ann")
    milepost("claim", "tasks.md", "1.2", "--by", "bob")
    late = milepost("heartbeat", "tasks.md", "1.2", "--attempt", "1", "--by", "ann")
    assert (late.code, "bob holds it now, by attempt 2" in late.err) == (1, True)


def test_a_claimed_task_shows_it_in_the_document(milepost: Milepost, plan: Path) -> None:
    milepost("claim", "tasks.md", "1.2")
    assert "- [-] **1.2** Ask" in plan.read_text()
    milepost("fail", "tasks.md", "1.2", "nobody at home")
    assert "- [ ] **1.2** Ask" in plan.read_text()


def test_a_claim_past_the_limit_goes_to_a_stronger_tier_and_its_late_report_is_refused(
    milepost: Milepost, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed = milepost("claim", "tasks.md", "1.2", "--by", "ann", "--lease", "600")
    assert "its limit is 2h, then it escalates" in claimed.out  # twice the estimate of an hour
    later = time.time() + 2 * 3600
    monkeypatch.setattr("milepost.bootstrap.projects.time.time", lambda: later)
    assert milepost("status", "tasks.md", "--json").json["task_list"][1]["tier"] == 2
    late = milepost("done", "tasks.md", "1.2", "--by", "ann", "--attempt", "1")
    assert (late.code, "does not hold task 1.2 any more: it is pending (overran: ran past 2h)" in late.err) == (
        1,
        True,
    )
    assert "1.2 escalated from tier 3 to tier 2: it ran past 2h" in milepost("log", "tasks.md").out
    milepost("claim", "tasks.md", "1.2", "--by", "bob")
    late = milepost("done", "tasks.md", "1.2", "--by", "ann", "--attempt", "1")
    assert (late.code, "bob holds it now, by attempt 2" in late.err) == (1, True)


def test_a_lease_that_ran_out_is_over_though_nobody_noticed(
    milepost: Milepost, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    milepost("claim", "tasks.md", "1.2", "--by", "ann", "--lease", "1")
    later = time.time() + 61
    monkeypatch.setattr("milepost.bootstrap.projects.time.time", lambda: later)
    late = milepost("heartbeat", "tasks.md", "1.2", "--by", "ann")
    assert (late.code, "ann does not hold task 1.2 any more (lost: its lease ran out)" in late.err) == (1, True)


@pytest.mark.parametrize("report", [("heartbeat",), ("fail", "no"), ("claim",), ("done",)])
def test_a_report_on_a_finished_task_says_that_it_is_finished(
    milepost: Milepost, plan: Path, report: tuple[str, ...]
) -> None:
    milepost("done", "tasks.md", "1.2", "--by", "ann")
    late = milepost(report[0], "tasks.md", "1.2", *report[1:])
    assert (late.code, "task 1.2 is done already, by ann" in late.err) == (1, True)


def test_suggested_commands_can_be_pasted(milepost: Milepost, plan: Path) -> None:
    spaced = plan.rename(plan.with_name("garden shed.md"))
    claimed = milepost("claim", spaced.name, "1.2")
    assert "finish with `milepost done 'garden shed.md' 1.2`" in claimed.out
    assert "`milepost trust 'garden shed.md'`" in milepost("run", spaced.name).err


def test_a_paused_run_gives_out_no_task(milepost: Milepost, plan: Path) -> None:
    assert milepost("pause", "tasks.md", "lunch", "--by", "ann").out == "paused by ann\n"
    assert "the run is paused by ann; `milepost resume`" in milepost("next", "tasks.md").out
    refused = milepost("claim", "tasks.md", "1.2")
    assert (refused.code, "paused by ann" in refused.err) == (1, True)
    assert "the run is paused by ann" in milepost("status", "tasks.md").out
    assert milepost("resume", "tasks.md").out == "goes on\n"
    assert milepost("resume", "tasks.md").out == "the run is not paused\n"
    assert milepost("claim", "tasks.md", "1.2").code == 0


def test_cancelling_ends_the_run_and_the_next_one_begins_with_what_is_done(milepost: Milepost, plan: Path) -> None:
    milepost("done", "tasks.md", "1.2")
    milepost("claim", "tasks.md", "1.1")
    assert milepost("cancel", "tasks.md", "wrong house").out == "run tasks.md#1 cancelled; stopped: 1.1\n"
    assert "run cancelled by tester: wrong house" in milepost("log", "tasks.md").out
    milepost("claim", "tasks.md", "1.1")
    status = milepost("status", "tasks.md", "--json").json
    assert status["run"] == "tasks.md#2"
    assert status["tasks"] == {"pending": 1, "running": 1, "done": 1, "blocked": 0, "skipped": 0}


def test_a_skipped_task_holds_nothing_back_and_a_tick_takes_it_up_again(milepost: Milepost, plan: Path) -> None:
    milepost("done", "tasks.md", "1.1", "--force")
    assert milepost("skip", "tasks.md", "1.2", "nobody lives there").code == 0
    assert "[>] **1.2**" in plan.read_text()
    assert milepost("approve", "tasks.md", "1").code == 0
    assert [task["id"] for task in milepost("next", "tasks.md", "--json").json["tasks"]] == ["2.1"]
    assert "  > 1.2" in milepost("status", "tasks.md", "--all").out

    plan.write_text(plan.read_text().replace("[>] **1.2**", "[x] **1.2**"))
    assert milepost("status", "tasks.md", "--json").json["tasks"]["done"] == 2


def test_a_deferred_task_is_skipped_by_every_run_until_its_box_says_otherwise(milepost: Milepost, plan: Path) -> None:
    milepost("skip", "tasks.md", "1.2", "not this year")
    milepost("cancel", "tasks.md")
    milepost("done", "tasks.md", "1.1", "--force")  # in a new run
    status = milepost("status", "tasks.md", "--json").json
    assert (status["run"], status["task_list"][1]["status"]) == ("tasks.md#2", "skipped")
    assert "1.2 skipped by document: its box says that it is deferred" in milepost("log", "tasks.md").out

    plan.write_text(plan.read_text().replace("[>] **1.2**", "[ ] **1.2**"))
    assert milepost("status", "tasks.md", "--json").json["task_list"][1]["status"] == "pending"
    plan.write_text(plan.read_text().replace("[ ] **1.2**", "[>] **1.2**"))
    assert milepost("reopen", "tasks.md", "1.2", "this year after all").code == 0
    assert "[ ] **1.2**" in plan.read_text()
    assert milepost("claim", "tasks.md", "1.2").code == 0


def test_a_reopened_task_is_unticked_and_stays_so(milepost: Milepost, plan: Path) -> None:
    milepost("done", "tasks.md", "1.2")
    assert "[x] **1.2**" in plan.read_text()
    assert milepost("reopen", "tasks.md", "1.2", "wrong neighbour").code == 0
    assert "[ ] **1.2**" in plan.read_text()
    assert milepost("status", "tasks.md", "--json").json["tasks"]["done"] == 0


def test_a_box_ticked_by_hand_can_be_reopened_and_ticked_again(milepost: Milepost, plan: Path) -> None:
    plan.write_text(PLAN.replace("[ ] **1.2**", "[x] **1.2**"))
    milepost("reopen", "tasks.md", "1.2", "no")
    assert "[ ] **1.2**" in plan.read_text()
    plan.write_text(plan.read_text().replace("[ ] **1.2**", "[x] **1.2**"))
    assert milepost("status", "tasks.md", "--json").json["tasks"]["done"] == 1


def test_the_tick_of_a_task_reopened_while_the_plan_was_away_is_old(milepost: Milepost, plan: Path) -> None:
    """The plan cannot be written when the task is reopened: its old tick must not count as a new one."""
    from milepost.app.tasks import reopen
    from milepost.bootstrap import open_project

    milepost("done", "tasks.md", "1.2")
    project = open_project("tasks.md")
    reopen(project.open_run("ann"), "1.2", "wrong neighbour", by="ann", now=1.0)
    assert "[x] **1.2**" in plan.read_text()
    assert milepost("status", "tasks.md", "--json").json["tasks"]["done"] == 0
    milepost("sync", "tasks.md")
    assert "[ ] **1.2**" in plan.read_text()


def test_a_rejected_checkpoint_holds_back_again_and_its_tasks_are_done_again(milepost: Milepost, plan: Path) -> None:
    milepost("done", "tasks.md", "1.1", "--force")
    milepost("done", "tasks.md", "1.2")
    milepost("approve", "tasks.md", "1")
    assert "[x] The neighbour agrees" in plan.read_text()
    rejected = milepost("reject", "tasks.md", "Checkpoint 1", "he changed his mind", "--reopen", "1.2", "--by", "ann")
    assert rejected.out == "Checkpoint 1: rejected by ann: he changed his mind; to be done again: 1.2\n"
    assert "[ ] **1.2**" in plan.read_text()
    assert "[ ] The neighbour agrees" in plan.read_text()
    assert [task["id"] for task in milepost("next", "tasks.md", "--json").json["tasks"]] == ["1.2"]
    early = milepost("reject", "tasks.md", "1", "again")
    assert (early.code, "not due yet" in early.err) == (1, True)


def test_a_failed_checkpoint_is_judged_again_while_the_run_waits(milepost: Milepost, plan: Path, project: Path) -> None:
    plan.write_text(PLAN.replace("- [ ] The neighbour agrees", "- [ ] It is level `test -e level`"))
    milepost("done", "tasks.md", "1.1", "--force")
    milepost("done", "tasks.md", "1.2", "--force")
    assert milepost("run", "tasks.md", "--trust", "--no-wait").code == 1
    (project / "level").touch()
    told = milepost("recheck", "tasks.md", "1", "--by", "ann")
    assert told.out == "Checkpoint 1: what failed is judged again by the next `milepost run tasks.md`\n"
    assert "no command of Checkpoint 1 has failed" in milepost("recheck", "tasks.md", "1").err
    milepost("run", "tasks.md", "--no-wait")
    assert "Checkpoint 1: passed" in milepost("status", "tasks.md").out
    assert "Checkpoint 1: ann has what failed judged again" in milepost("log", "tasks.md").out


def test_an_exhausted_budget_is_shown_and_extended(milepost: Milepost, plan: Path) -> None:
    (plan.parent / "milepost.toml").write_text("[run]\nbudget = { hours = 1e-9 }\n")
    milepost("claim", "tasks.md", "1.2")
    milepost("fail", "tasks.md", "1.2", "no answer")
    refused = milepost("claim", "tasks.md", "1.2")
    assert "the hours budget of the run is spent" in refused.err
    assert "of 1e-09, exhausted" in milepost("budget", "tasks.md").out
    wrong = milepost("budget", "tasks.md", "--scope", "tier 9", "--hours", "5")
    assert (wrong.code, "scopes are run, tier 1" in wrong.err) == (2, True)
    extended = milepost("budget", "tasks.md", "--hours", "5", "--json").json
    assert [(line["scope"], line["limit"]) for line in extended if line["limit"]] == [("run", 5)]
    assert milepost("claim", "tasks.md", "1.2").code == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[run]\nbudget = { money = 0 }", "`money` of [run.budget] must be above 0"),
        ("[run]\nlease_minutes = 0.5", "a lease of 0.5 minutes ends before a heartbeat can arrive"),
        ("[run]\nbudget = { euros = 1 }", "[run.budget] has no setting `euros`"),
        ("[run]\nenv_pass = [1]", "`env_pass` of [run] is no list of strings"),
        ("[run]\ntime_limit = 'soon'", "`soon` is no duration"),
        ("[run]\nlog_limit_mb = 0", "`log_limit_mb` of [run] must be above 0"),
        ("[tiers.1]\ndriver = 'manual'\nbackoff_seconds = -1", "`backoff_seconds` of [tiers.1] must not be below 0"),
        ("[tiers.1]\ndriver = 'manual'\ncwd = 'moon'", "works in an unknown folder `moon`"),
        ("[tiers.1]\ndriver = 'manual'\nsecret_env = { A = 'abcd' }", "the secret A of [tiers.1] is no reference"),
    ],
)
def test_settings_that_make_no_sense_are_refused(milepost: Milepost, plan: Path, text: str, message: str) -> None:
    (plan.parent / "milepost.toml").write_text(text)
    refused = milepost("status", "tasks.md")
    assert (refused.code, message in refused.err) == (3, True), refused.err


def test_a_secret_that_is_missing_is_said_before_anything_runs(milepost: Milepost, plan: Path) -> None:
    secret = "secret_env = { TOKEN = 'env:NO_SUCH_VARIABLE' }"
    (plan.parent / "milepost.toml").write_text(f"[tiers.3]\ndriver = 'command'\n{secret}\n")
    assert "NO_SUCH_VARIABLE" not in os.environ
    refused = milepost("run", "tasks.md", "--trust", "--no-wait")
    assert (refused.code, "the secret TOKEN of tier 3 is not there" in refused.err) == (1, True)


def test_a_run_whose_supervisor_died_says_so(milepost: Milepost, plan: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    project = open_project(str(plan))
    session = project.open_run("tester")
    session.execute(Join(project.now(), own_name()))
    assert milepost("status", "tasks.md", "--json").json["deserted"] is False
    session.execute(Join(project.now(), own_name().replace(str(os.getpid()), str(dead.pid))))
    assert milepost("status", "tasks.md", "--json").json["deserted"] is True
    assert "Its supervisor died" in milepost("status", "tasks.md").out
