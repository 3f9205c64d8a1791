"""What holds whichever engine drives a run: one suite, each engine in turn."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Milepost
from tests.engines.conftest import Begin
from tests.engines.temporal_scene import DEADLINE, read_until
from tests.execution.judge import Judge

from milepost.adapters import shim
from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.execution.evolution import fold
from milepost.execution.policy import RunSpec

RUN = "tasks.md#1"


def plan_of(*tasks: str, more: str = "") -> str:
    """A plan of one phase; each task is ``name command``, or ``name`` alone for one without a command."""
    lines = ["# Both - Implementation Plan", "", "### **Phase 1: All**", ""]
    for task in tasks:
        name, _, command = task.partition(" ")
        lines += [f"- [ ] **{name}** Task {name}", *([f"  - _Run: {command}_"] if command else [])]
    return "\n".join([*lines, "", more, f"**Progress:** 0/{len(tasks)} tasks complete", ""])


GRAPH = "## Dependencies Between Tasks\n\n```\n{}\n```\n"


def events(milepost: Milepost) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = milepost("log", "tasks.md", "--json").json
    return found


def of(milepost: Milepost, kind: str) -> list[dict[str, Any]]:
    return [event for event in events(milepost) if event["event"] == kind]


def judged(project: Path) -> None:
    """A judge who shares nothing with the state machine finds nothing to object to."""
    history = SqliteLedger(project / ".milepost" / "ledger.db").read(RUN)
    judge = Judge(RunSpec.from_payload(history[0].spec))  # type: ignore[attr-defined]
    for event in history:
        judge.see(event)
    assert fold(history).version == len(history)


@pytest.fixture
def started(project: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Runs in processes of their own; those that are left are killed."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def start(started: list[subprocess.Popen[str]], *args: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "milepost", "run", "tasks.md", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    started.append(process)
    return process


def test_a_run_goes_to_its_end_and_the_document_is_true(milepost: Milepost, begin: Begin, project: Path) -> None:
    plan = begin(
        plan_of(
            "1.1 echo one > one",
            "1.2 echo $MILEPOST_TASK $MILEPOST_ATTEMPT $MILEPOST_TIER $MILEPOST_RUN > two",
            "1.3 cat one two",
            more=GRAPH.format("1.1, 1.2 → 1.3"),
        )
    )
    ran = milepost("run", "tasks.md", "--trust")
    assert ran.code == 0, ran.out + ran.err
    assert (project / "two").read_text() == f"1.2 1 3 {RUN}\n"
    assert "3/3 tasks complete" in plan.read_text()
    assert plan.read_text().count("- [x]") == 3
    done = of(milepost, "TaskCompleted")
    assert sorted(event["task"] for event in done) == ["1.1", "1.2", "1.3"]
    assert done[-1]["evidence"]["exit_code"] == 0
    assert milepost("log", "tasks.md", "1.3").out.endswith(f"one\n1.2 1 3 {RUN}\n")
    assert milepost("ledger", "verify").code == 0
    assert milepost("status", "tasks.md", "--json").json["outcome"] == "finished"
    judged(project)


def test_what_the_last_task_adds_to_the_plan_is_done_too(milepost: Milepost, begin: Begin, project: Path) -> None:
    """The run is over with the only task, but for what that wrote: it is looked at before the supervisor leaves."""
    (project / "more.md").write_text("- [ ] **1.2** Go on\n  - _Run: sh grow.sh_\n")
    (project / "grow.sh").write_text("test -f grown || cat more.md >> tasks.md; touch grown\n")
    plan = begin("# Beans\n\n### **Phase 1: Grow**\n\n- [ ] **1.1** Begin\n  - _Run: sh grow.sh_\n\n")
    ran = milepost("run", "tasks.md", "--trust")
    assert ran.code == 0, ran.out + ran.err
    assert plan.read_text().count("- [x]") == 2
    judged(project)


def test_what_overruns_escalates(milepost: Milepost, begin: Begin, project: Path) -> None:
    begin(plan_of("1.1 test $MILEPOST_TIER = 2 || sleep 60").replace("_Run:", "_Estimated: 1 second_\n  - _Run:"))
    assert milepost("run", "tasks.md", "--trust").code == 0
    (overran,) = of(milepost, "AttemptOverran")
    assert (overran["attempt_no"], overran["limit"]) == (1, 2.0)  # twice the estimate
    (escalated,) = of(milepost, "TaskEscalated")
    assert (escalated["from_tier"], escalated["to_tier"]) == (3, 2)
    assert [event["attempt_no"] for event in of(milepost, "TaskCompleted")] == [2]
    judged(project)


def test_what_fails_is_tried_again_then_escalates_to_a_human(milepost: Milepost, begin: Begin, project: Path) -> None:
    begin(plan_of("1.1 echo tried >> tries; echo no way; false"))
    ran = milepost("run", "tasks.md", "--trust", "--no-wait")
    assert ran.code == 1
    # Twice on tier 3, once on tier 2, then it is tier 1's, whose workers are people.
    assert (project / "tries").read_text().count("tried") == 3
    assert [event["tier"] for event in of(milepost, "AttemptStarted")] == [3, 3, 2]
    assert "no way" in of(milepost, "AttemptFailed")[0]["reason"]
    assert of(milepost, "TaskEscalated")[-1]["to_tier"] == 1
    judged(project)


def test_a_failed_verification_fails_the_attempt(milepost: Milepost, begin: Begin, project: Path) -> None:
    begin(plan_of("1.1 echo x >> tries").replace("tries_", "tries_\n  - _Verify: test $(wc -l < tries) = 2_"))
    assert milepost("run", "tasks.md", "--trust").code == 0
    (failed,) = of(milepost, "AttemptFailed")
    assert "verification `test $(wc -l < tries) = 2` ended with exit code 1" in failed["reason"]
    (done,) = of(milepost, "TaskCompleted")
    assert (done["attempt_no"], done["evidence"]["verify"][0]["exit_code"]) == (2, 0)


def test_a_checkpoint_holds_back_what_comes_after_it(
    milepost: Milepost, begin: Begin, started: list[subprocess.Popen[str]], project: Path
) -> None:
    begin(
        plan_of("1.1 true").replace(
            "**Progress:** 0/1",
            "### **Phase 2: More**\n\n- [ ] **2.1** Task 2.1\n  - _Run: true_\n\n"
            "## Checkpoints\n\n### **Checkpoint 1: After Phase 1**\n- [ ] It is there `test -e milepost.toml`\n"
            "- [ ] Somebody looked\n\n**Progress:** 0/2",
        )
    )
    run = start(started, "--trust")
    read_until(run, "sign it off with")
    assert [event["task"] for event in of(milepost, "TaskCompleted")] == ["1.1"]
    assert milepost("approve", "tasks.md", "1", "--by", "ann").code == 0
    assert run.communicate(timeout=DEADLINE)[0]
    assert run.returncode == 0
    assert {event["by"] for event in of(milepost, "CriterionPassed")} == {"command", "ann"}
    assert [event["task"] for event in of(milepost, "TaskCompleted")] == ["1.1", "2.1"]
    judged(project)


def test_a_task_by_hand_lets_go_what_waits_for_it(
    milepost: Milepost, begin: Begin, started: list[subprocess.Popen[str]], project: Path
) -> None:
    begin(plan_of("1.1", "1.2 true", more=GRAPH.format("1.1 → 1.2")))
    run = start(started, "--trust")
    read_until(run, "take it with")
    assert milepost("claim", "tasks.md", "1.1", "--by", "bob").code == 0
    assert milepost("done", "tasks.md", "1.1", "--by", "bob").code == 0
    run.communicate(timeout=DEADLINE)
    assert run.returncode == 0
    assert [(event["task"], event["attempt_no"]) for event in of(milepost, "TaskCompleted")] == [("1.1", 1), ("1.2", 1)]
    judged(project)


def test_a_paused_run_starts_nothing_until_it_is_resumed(
    milepost: Milepost, begin: Begin, started: list[subprocess.Popen[str]], project: Path
) -> None:
    begin(plan_of("1.1 until test -e go; do sleep 0.02; done", "1.2 true", more=GRAPH.format("1.1 → 1.2")))
    run = start(started, "--trust")
    read_until(run, "1.1 started")
    assert milepost("pause", "tasks.md").code == 0
    (project / "go").touch()
    read_until(run, "1.1 done")
    assert [event["task"] for event in of(milepost, "AttemptStarted")] == ["1.1"]
    assert milepost("resume", "tasks.md").code == 0
    run.communicate(timeout=DEADLINE)
    assert run.returncode == 0
    judged(project)


def test_cancelling_ends_the_commands_and_the_run(
    milepost: Milepost, begin: Begin, started: list[subprocess.Popen[str]], project: Path
) -> None:
    begin(plan_of("1.1 echo $$ > pid; sleep 600", "1.2 true", more=GRAPH.format("1.1 → 1.2")))
    run = start(started, "--trust")
    read_until(run, "1.1 started")
    until_exists(project / "pid")
    assert milepost("cancel", "tasks.md", "--by", "eve").code == 0
    run.communicate(timeout=DEADLINE)
    assert run.returncode == 1
    assert not alive(int((project / "pid").read_text()))
    assert [event["event"] for event in events(milepost)][-3:] == ["AttemptLost", "RunCancelled", "SupervisorLeft"]
    judged(project)


def test_a_skipped_task_loses_its_command_and_the_run_goes_on(
    milepost: Milepost, begin: Begin, started: list[subprocess.Popen[str]], project: Path
) -> None:
    begin(plan_of("1.1 echo $$ > pid; sleep 600", "1.2 true", more=GRAPH.format("1.1 → 1.2")))
    run = start(started, "--trust")
    until_exists(project / "pid")
    assert milepost("skip", "tasks.md", "1.1", "not needed").code == 0
    run.communicate(timeout=DEADLINE)
    assert run.returncode == 0
    assert not alive(int((project / "pid").read_text()))
    judged(project)


def test_a_document_that_changes_while_it_runs_is_taken_up(
    milepost: Milepost, begin: Begin, started: list[subprocess.Popen[str]], project: Path
) -> None:
    plan = begin(plan_of("1.1 until test -e go; do sleep 0.02; done"))
    (project / "new").write_text(plan_of("1.2 true"))
    milepost("trust", "new")
    run = start(started, "--trust")
    read_until(run, "1.1 started")
    until_exists(plan, "[-] **1.1**")  # the run's own edit is written: ours meets no other
    plan.write_text(
        plan.read_text().replace("\n\n**Progress", "\n- [ ] **1.2** Task 1.2\n  - _Run: true_\n\n**Progress")
    )
    read_until(run, "the plan was edited")
    (project / "go").touch()
    run.communicate(timeout=DEADLINE)
    assert run.returncode == 0
    assert len(of(milepost, "PlanRevised")) == 1
    assert [event["task"] for event in of(milepost, "TaskCompleted")] == ["1.1", "1.2"]
    judged(project)


def test_a_spent_budget_holds_the_run_until_it_is_extended(milepost: Milepost, begin: Begin, project: Path) -> None:
    # Tier 3 costs 1 a second, and a worker says that its task cost 5 besides.
    begin(
        plan_of("""1.1 echo '{"cost": 5}' > $MILEPOST_RESULT""", "1.2 true", more=GRAPH.format("1.1 → 1.2")),
        run="budget = { money = 5 }",
    )
    assert milepost("run", "tasks.md", "--trust", "--no-wait").code == 1
    assert [(event["scope"], event["measure"]) for event in of(milepost, "BudgetExhausted")] == [("run", "money")]
    assert [event["task"] for event in of(milepost, "AttemptStarted")] == ["1.1"]
    assert milepost("budget", "tasks.md", "--money", "1000").code == 0
    assert milepost("run", "tasks.md").code == 0
    judged(project)


def test_ctrl_c_stops_in_good_order_and_the_next_run_goes_on(
    milepost: Milepost, begin: Begin, started: list[subprocess.Popen[str]], project: Path
) -> None:
    begin(plan_of("1.1 echo $$ > pid; until test -e go; do sleep 0.02; done"))
    run = start(started, "--trust")
    until_exists(project / "pid")
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=DEADLINE)
    assert run.returncode == 130
    assert not alive(int((project / "pid").read_text()))
    assert [event["reason"] for event in of(milepost, "AttemptLost")] == ["the run was stopped"]
    (project / "go").touch()
    assert milepost("run", "tasks.md").code == 0
    assert [event["attempt_no"] for event in of(milepost, "TaskCompleted")] == [2]
    judged(project)


def test_a_run_whose_home_was_killed_goes_on_where_it_was(
    milepost: Milepost, begin: Begin, started: list[subprocess.Popen[str]], project: Path
) -> None:
    waits = "1.1 echo x >> runs; until test -e go; do sleep 0.02; done"
    begin(plan_of(waits, "1.2 true", "1.3 true", more=GRAPH.format("1.1, 1.2 → 1.3")))
    run = start(started, "--trust")
    read_until(run, "1.2 done")
    until_exists(project / "runs")
    run.kill()
    run.communicate()
    (project / "go").touch()
    assert milepost("run", "tasks.md").code == 0
    assert (project / "runs").read_text() == "x\n"  # what ran was adopted, not run again
    assert of(milepost, "AttemptLost") == []
    judged(project)


def until_exists(path: Path, words: str = "") -> None:
    """Wait for something that another process writes, with some words in it."""
    deadline = time.monotonic() + DEADLINE
    while not (path.exists() and (text := path.read_text()) and words in text):
        assert time.monotonic() < deadline, f"{path.name} never came"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    return shim.identity(pid) is not None
