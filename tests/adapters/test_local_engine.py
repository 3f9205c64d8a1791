"""Small runs on the local engine: what is run when, what is recorded, what becomes of failures."""

from __future__ import annotations

import itertools
import os
import sqlite3
from pathlib import Path

import pytest
from tests.adapters.stage import GATE, RUN, Stage, task

from milepost.adapters.local_engine import Ended
from milepost.adapters.run_folder import file_name
from milepost.adapters.surroundings import Surroundings
from milepost.execution import events as ev
from milepost.execution.commands import Approve, ExtendBudget, MarkDone
from milepost.execution.policy import Budget, CheckpointSpec, TaskSpec, TierPolicy
from milepost.execution.queries import Outcome
from milepost.execution.records import TaskStatus
from milepost.execution.state import RunState


def test_tasks_run_in_the_order_of_their_dependencies(stage: Stage) -> None:
    stage.begin(
        task("1", "echo 1 >> order"),
        task("2", "echo 2 >> order", "1"),
        task("3", "echo 3 >> order", "2"),
    )
    assert stage.run() == Ended(Outcome.FINISHED)
    assert stage.lines("order") == ["1", "2", "3"]
    assert isinstance(stage.ledger.read(RUN)[-1], ev.SupervisorLeft)
    assert stage.events(ev.SupervisorLeft)[0].reason == "finished"


def test_running_a_finished_run_again_does_nothing(stage: Stage) -> None:
    stage.begin(task("1", "echo 1 >> order"))
    stage.run()
    assert stage.run() == Ended(Outcome.FINISHED)
    assert stage.lines("order") == ["1"]


def test_a_worker_is_told_what_it_works_on(stage: Stage) -> None:
    stage.begin(task("1", "env | grep ^MILEPOST_ > told; echo COLOUR=$COLOUR >> told; cat $MILEPOST_BRIEF > brief"))
    engine = stage.engine()
    engine.workers = {3: Surroundings({"COLOUR": "blue", "PATH": os.environ["PATH"]})}
    engine.run()
    told = dict(line.split("=", 1) for line in stage.lines("told"))
    assert told["COLOUR"] == "blue"
    del told["MILEPOST_BRIEF"], told["MILEPOST_ATTEMPT_DIR"]
    assert {name: value for name, value in told.items() if name in ("MILEPOST_PLAN", "MILEPOST_RUN")} == {
        "MILEPOST_PLAN": "plan.md",
        "MILEPOST_RUN": RUN,
    }
    assert (told["MILEPOST_TASK"], told["MILEPOST_ATTEMPT"], told["MILEPOST_TIER"]) == ("1", "1", "3")
    assert stage.lines("brief") == ["# 1 Task 1"]


def test_the_evidence_of_a_success(stage: Stage) -> None:
    stage.begin(task("1", "echo hello", verify=("true", "echo fine")))
    stage.run()
    (done,) = stage.events(ev.TaskCompleted)
    assert done.evidence["command"] == "echo hello"
    assert done.evidence["exit_code"] == 0
    assert (stage.root / done.evidence["log"]).read_text() == "hello\n"
    # sha256 of "hello\n"
    assert done.evidence["log_sha256"] == "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
    assert [found["command"] for found in done.evidence["verify"]] == ["true", "echo fine"]
    assert done.by == "Tier 3"


def test_a_failing_task_is_retried_then_escalates_then_is_blocked(stage: Stage) -> None:
    stage.begin(task("1", "echo tier $MILEPOST_TIER >> tries; echo broken; exit 3"), task("2", "true", "1"))
    assert stage.run() == Ended(Outcome.STUCK)
    # two tries on tier 3, one each on tiers 2 and 1 (see Stage.begin)
    assert stage.lines("tries") == ["tier 3", "tier 3", "tier 2", "tier 1"]
    assert stage.events(ev.AttemptFailed)[0].reason == "its command ended with exit code 3: broken"
    assert stage.events(ev.AttemptFailed)[0].evidence["output"] == "broken"
    assert stage.state.tasks["1"].status is TaskStatus.BLOCKED
    assert stage.kinds("2") == []


def test_a_command_that_does_not_exist_fails_with_a_clear_reason(stage: Stage) -> None:
    stage.begin(task("1", "no-such-command", tier=1))
    stage.run()
    reason = stage.events(ev.AttemptFailed)[0].reason
    assert "exit code 127 (command not found)" in reason
    assert "no-such-command" in reason


def test_a_task_whose_verification_fails_is_not_done(stage: Stage) -> None:
    stage.begin(task("1", "true", tier=1, verify=("true", "echo not yet; false")))
    stage.run()
    assert stage.kinds("1") == ["AttemptStarted", "AttemptFailed", "TaskBlocked"]
    assert stage.events(ev.AttemptFailed)[0].reason == (
        "verification `echo not yet; false` ended with exit code 1: not yet"
    )


def test_the_next_worker_is_told_what_was_tried(stage: Stage) -> None:
    stage.begin(task("1", "if test $MILEPOST_TIER = 3; then exit 9; fi; cp $MILEPOST_BRIEF brief"))
    stage.run()
    assert stage.lines("brief")[-2:] == [
        "- attempt 1 on tier 3 failed: its command ended with exit code 9",
        "- attempt 2 on tier 3 failed: its command ended with exit code 9",
    ]


def test_an_overrunning_task_is_stopped_and_escalates(stage: Stage) -> None:
    # effort 1 s × factor 0.3: the worker of tier 3 never ends by itself, the one of tier 2 at once
    command = "if test $MILEPOST_TIER = 3; then sleep 1000; fi"
    stage.begin(task("1", command, effort=1), factor=0.3)
    assert stage.run() == Ended(Outcome.FINISHED)
    assert stage.kinds("1") == [
        "AttemptStarted",
        "AttemptOverran",
        "TaskEscalated",
        "AttemptStarted",
        "TaskCompleted",
    ]
    assert stage.events(ev.AttemptOverran)[0].limit == 0.3


def test_no_tier_works_on_more_than_its_capacity(stage: Stage) -> None:
    stage.begin(*(task(str(number), "true") for number in range(12)))
    most = 0

    def watch(event: ev.Event, state: RunState) -> None:
        nonlocal most
        most = max(most, state.running.get(3, 0))

    stage.run(watch)
    assert most == 2  # the capacity of tier 3, used in full
    assert len(stage.events(ev.TaskCompleted)) == 12


def test_a_checkpoint_holds_until_its_commands_pass_and_somebody_approves(stage: Stage) -> None:
    stage.begin(task("1", "touch ok"), task("2", "true", gates=("c1",)), checkpoints=(GATE,))
    assert stage.run() == Ended(Outcome.WAITING)
    assert stage.kinds("2") == []
    assert stage.events(ev.CriterionPassed)[0].evidence["exit_code"] == 0
    stage.session().execute(Approve(1.0, "c1", "Ada"))
    assert stage.run() == Ended(Outcome.FINISHED)
    assert stage.lines("checks") == ["checked"]  # what has passed is not asked again
    assert stage.kinds("2") == ["AttemptStarted", "TaskCompleted"]


def test_a_criterion_that_fails_stops_the_run_and_is_asked_again_by_the_next(stage: Stage) -> None:
    gate = CheckpointSpec("c1", "Checkpoint 1", after=("1",), criteria=GATE.criteria[:1])
    stage.begin(task("1", "true"), task("2", "true", gates=("c1",)), checkpoints=(gate,))
    assert stage.run() == Ended(Outcome.STUCK)
    (stage.root / "ok").touch()
    assert stage.run() == Ended(Outcome.FINISHED)
    assert stage.lines("checks") == ["checked", "checked"]


def test_tasks_without_a_command_wait_for_people(stage: Stage) -> None:
    stage.begin(TaskSpec("1", "By hand", 2), task("2", "true"))
    assert stage.run() == Ended(Outcome.WAITING)
    assert stage.kinds("2") == ["AttemptStarted", "TaskCompleted"]


def test_the_document_is_brought_up_to_date_at_the_end_and_seldom_before(stage: Stage) -> None:
    stage.begin(*(task(str(number), "true") for number in range(20)))
    counts: list[int] = []
    engine = stage.engine()
    engine.after_change = lambda: counts.append(engine.session.state.open_tasks)
    engine.run()
    assert counts[-1] == 0
    assert len(counts) < 20  # not once for each task


def test_versions_are_dense(stage: Stage) -> None:
    stage.begin(*(task(str(number), "true") for number in range(10)))
    stage.run()
    versions = [row[0] for row in sqlite3.connect(stage.ledger.path).execute("SELECT version FROM event")]
    assert sorted(versions) == list(range(1, len(versions) + 1))


@pytest.mark.parametrize(
    ("one", "two"), [("a/b", "a%2Fb"), (".", "%2E"), ("界" * 200, "界" * 201), ("..", "%2E."), ("x" * 500, "x" * 501)]
)
def test_different_names_have_different_files(one: str, two: str, tmp_path: Path) -> None:
    names = {file_name(one), file_name(two)}
    assert len(names) == 2
    for name in names:
        (tmp_path / name).mkdir()
        assert (tmp_path / name).parent == tmp_path


def test_an_idle_stronger_tier_helps_when_the_policy_says_so(stage: Stage) -> None:
    """Tier 3 takes two at once. All four run together only if tier 2 takes the other two."""
    together = "echo x >> here; until test $(wc -l < here) -ge 4; do sleep 0.01; done"
    stage.begin(*(task(str(number), together) for number in range(4)), help_weaker=True)
    assert stage.run() == Ended(Outcome.FINISHED)
    assert sorted(event.tier for event in stage.events(ev.AttemptStarted)) == [2, 2, 3, 3]


def test_a_task_is_tried_again_after_its_backoff(stage: Stage) -> None:
    tiers = (TierPolicy(3, "Tier 3", 2, attempts=2, backoff=0.05),)
    stage.begin(task("1", "test -e again || { touch again; exit 1; }"), tiers=tiers)
    assert stage.run() == Ended(Outcome.FINISHED)
    failed, (_, second) = stage.events(ev.AttemptFailed)[0], stage.events(ev.AttemptStarted)
    assert failed.retry_at is not None
    assert second.at >= failed.retry_at


def test_an_exhausted_budget_holds_the_run_until_somebody_extends_it(stage: Stage) -> None:
    stage.begin(task("1", "true"), task("2", "true", "1"), budget=Budget(hours=1e-9))
    assert stage.run() == Ended(Outcome.WAITING)
    assert stage.kinds("2") == []
    stage.session().execute(ExtendBudget(1.0, "run", "hours", 1.0, "Ada"))
    assert stage.run() == Ended(Outcome.FINISHED)


def test_a_clock_that_jumps_holds_nothing_up(stage: Stage) -> None:
    """Every look at the wall clock gives another hour, back and forth; no lag is asked for, so nothing waits."""
    hours = itertools.cycle([0.0, 3600.0, -3600.0])
    stage.begin(task("1", "true"), task("2", "true", "1"), task("3", "true", "2"))
    for _ in range(3):
        engine = stage.engine()
        engine.now = lambda: 1e9 + next(hours)
        stage.session().execute(MarkDone(engine.now(), "1", "Ada"))
        assert engine.run() == Ended(Outcome.FINISHED)
