"""Small runs on the local engine, with real shells."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import Any, TypeVar

import pytest

from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.adapters.local_engine import Ended, LocalEngine
from milepost.adapters.run_folder import RunFolder, file_name
from milepost.adapters.subprocess_worker import CommandRunner, ShellCommand
from milepost.adapters.surroundings import Surroundings
from milepost.app.runs import RunSession
from milepost.errors import LedgerUnavailable, Refused
from milepost.execution import events as ev
from milepost.execution.commands import Approve, Block, Cancel, Claim, ExtendBudget, MarkDone, Pause, Resume, Start
from milepost.execution.policy import Budget, CheckpointSpec, CriterionSpec, RunSpec, TaskSpec, TierPolicy, Wait
from milepost.execution.queries import Outcome
from milepost.execution.records import TaskStatus
from milepost.execution.state import RunState

RUN = "plan#1"
TIERS = (TierPolicy(1, "Tier 1", 1, 1), TierPolicy(2, "Tier 2", 2, 1), TierPolicy(3, "Tier 3", 2, 2))
E = TypeVar("E", bound=ev.Event)


class Stage:
    """A project folder with a ledger and one run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ledger = SqliteLedger(root / ".milepost" / "ledger.db")

    def session(self) -> RunSession:
        return RunSession(SqliteLedger(self.ledger.path), RUN)

    def begin(self, *tasks: TaskSpec, tiers: tuple[TierPolicy, ...] = TIERS, **more: Any) -> None:
        self.session().execute(Start(0.0, RUN, RunSpec("plan", tasks, tiers=tiers, **more), "tester"))

    def engine(self, on_event: Callable[[ev.Event, RunState], None] | None = None, wait: bool = False) -> LocalEngine:
        engine = LocalEngine(self.session(), self.root, plan_path="plan.md", wait=wait, grace=0.2)
        if on_event is not None:
            engine.on_event = on_event
        return engine

    def run(self, on_event: Callable[[ev.Event, RunState], None] | None = None, wait: bool = False) -> Ended:
        return self.engine(on_event, wait).run()

    def events(self, kind: type[E]) -> list[E]:
        return [event for event in self.ledger.read(RUN) if isinstance(event, kind)]

    def kinds(self, task: str) -> list[str]:
        return [type(event).__name__ for event in self.ledger.read(RUN) if getattr(event, "task", "") == task]

    @property
    def state(self) -> RunState:
        return self.session().state

    def lines(self, name: str) -> list[str]:
        path = self.root / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def task(name: str, command: str, *after: str, tier: int = 3, **more: object) -> TaskSpec:
    waits = tuple(Wait(other) for other in after)
    commands = dict.fromkeys((1, 2, 3), command)
    return TaskSpec(name, f"Task {name}", tier, waits=waits, commands=commands, **more)  # type: ignore[arg-type]


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


GATE = CheckpointSpec(
    "c1",
    "Checkpoint 1",
    after=("1",),
    criteria=(CriterionSpec("tests pass", "echo checked >> checks; test -e ok"), CriterionSpec("someone agrees")),
)


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


def test_what_others_do_meanwhile_is_noticed(stage: Stage) -> None:
    """An approval from another process lets a waiting engine go on."""
    stage.begin(task("1", "touch ok"), task("2", "true", gates=("c1",)), checkpoints=(GATE,))

    def approve(event: ev.Event, state: RunState) -> None:
        if isinstance(event, ev.CriterionPassed) and event.by == "command":
            stage.session().execute(Approve(1.0, "c1", "Ada"))

    seen: list[ev.Event] = []

    def watch(event: ev.Event, state: RunState) -> None:
        seen.append(event)
        approve(event, state)

    assert stage.run(watch, wait=True) == Ended(Outcome.FINISHED)
    joined = next(n for n, event in enumerate(stage.ledger.read(RUN)) if isinstance(event, ev.SupervisorJoined))
    assert seen == stage.ledger.read(RUN)[joined:]  # told of every event once, in order, whoever caused it


@pytest.mark.parametrize("command", [MarkDone(1.0, "1", "Ada"), Block(1.0, "1", "wait", "Ada")])
def test_a_task_taken_from_its_worker_has_its_command_stopped(stage: Stage, command: MarkDone | Block) -> None:
    stage.begin(task("1", "echo $$ > pid; exec sleep 1000"), task("2", "until test -s pid; do sleep 0.01; done"))

    def interfere(event: ev.Event, state: RunState) -> None:
        if isinstance(event, ev.TaskCompleted) and event.task == "2":
            stage.session().execute(command)

    stage.run(interfere)
    assert stage.kinds("1")[-1] in ("TaskCompleted", "TaskBlocked")
    with pytest.raises(ProcessLookupError):
        os.kill(int(stage.lines("pid")[0]), 0)


def test_an_expired_lease_frees_the_task(stage: Stage) -> None:
    stage.begin(task("1", "true"))
    stage.session().execute(Claim(1.0, "1", "Ada", lease=1.0))  # ran out in 1970
    assert stage.run() == Ended(Outcome.FINISHED)
    assert stage.kinds("1") == ["AttemptStarted", "AttemptLost", "AttemptStarted", "TaskCompleted"]


def test_tasks_without_a_command_wait_for_people(stage: Stage) -> None:
    stage.begin(TaskSpec("1", "By hand", 2), task("2", "true"))
    assert stage.run() == Ended(Outcome.WAITING)
    assert stage.kinds("2") == ["AttemptStarted", "TaskCompleted"]


def test_a_signal_stops_cleanly_and_the_next_run_resumes(stage: Stage) -> None:
    stage.begin(
        task("1", "echo 1 >> order"),
        task("2", "echo 2 >> order; test -e go || { echo > ready; exec sleep 1000; }", "1"),
        task("3", "until test -s ready; do sleep 0.01; done", "1"),
    )

    def interrupt(event: ev.Event, state: RunState) -> None:
        if isinstance(event, ev.TaskCompleted) and event.task == "3":
            os.kill(os.getpid(), signal.SIGTERM)

    assert stage.run(interrupt) == Ended(Outcome.ACTIVE, "SIGTERM")
    assert stage.events(ev.SupervisorLeft)[0].reason == "SIGTERM"
    assert stage.kinds("2") == ["AttemptStarted", "AttemptLost"]
    (stage.root / "go").touch()
    assert stage.run() == Ended(Outcome.FINISHED)
    assert stage.lines("order") == ["1", "2", "2"]


@pytest.mark.parametrize("verify", [(), ("echo $$ > pid; exec sleep 1000",)])
def test_a_signal_at_once_stops_also_what_a_former_supervisor_left(stage: Stage, verify: tuple[str, ...]) -> None:
    first = "true" if verify else "echo $$ > pid; exec sleep 1000"
    stage.begin(task("1", first, verify=verify))

    async def leave_behind() -> None:
        """Start the command as a supervisor would, and be gone."""
        folder = RunFolder(stage.root, RUN).attempt("1", 1)
        async with CommandRunner() as runner:
            await runner.run(ShellCommand(folder, "true", stage.root)) if verify else None
            left = ShellCommand(folder / "verify-1" if verify else folder, (*verify, first)[0], stage.root)
            work = asyncio.create_task(runner.run(left))
            while not stage.lines("pid"):
                await asyncio.sleep(0.01)
            work.cancel()

    stage.session().execute(Claim(1.0, "1", "Tier 3"))
    asyncio.run(leave_behind())

    def interrupt(event: ev.Event, state: RunState) -> None:
        if isinstance(event, ev.SupervisorJoined):
            os.kill(os.getpid(), signal.SIGINT)

    assert stage.run(interrupt) == Ended(Outcome.ACTIVE, "SIGINT")
    assert stage.kinds("1") == ["AttemptStarted", "AttemptLost"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(stage.lines("pid")[0]), 0)


def test_a_task_claimed_by_another_process_first_is_left_to_it(stage: Stage) -> None:
    """Two tasks can start; while the engine joins, somebody takes one: the engine's claim of both is refused."""
    stage.begin(task("1", "echo 1 >> order"), task("2", "echo 2 >> order"))
    seen: list[ev.Event] = []

    def watch(event: ev.Event, state: RunState) -> None:
        seen.append(event)
        if isinstance(event, ev.SupervisorJoined):
            stage.session().execute(Claim(1.0, "1", "Ada", lease=1e12))

    assert stage.run(watch) == Ended(Outcome.WAITING)
    assert stage.lines("order") == ["2"]
    assert seen == stage.ledger.read(RUN)[1:]  # all but RunStarted


def test_a_second_supervisor_is_refused(stage: Stage) -> None:
    stage.begin(task("1", "true"))
    with RunFolder(stage.root, RUN).supervised(), pytest.raises(Refused, match=str(os.getpid())):
        stage.run()
    assert stage.run() == Ended(Outcome.FINISHED)


def test_an_attempt_that_never_started_is_started_by_the_next_supervisor(stage: Stage) -> None:
    """The first supervisor died between the claim and the command."""
    stage.begin(task("1", "echo 1 >> order"))
    stage.session().execute(Claim(1.0, "1", "Tier 3"))
    assert stage.run() == Ended(Outcome.FINISHED)
    assert stage.kinds("1") == ["AttemptStarted", "TaskCompleted"]
    assert stage.lines("order") == ["1"]


def test_a_ledger_that_fails_ends_the_stay_and_nothing_finished_is_lost(stage: Stage) -> None:
    stage.begin(task("1", "echo 1 >> order"), task("2", "echo 2 >> order", "1"))
    engine = stage.engine()

    def break_ledger(event: ev.Event, state: RunState) -> None:
        if isinstance(event, ev.AttemptStarted) and event.task == "2":
            raise LedgerUnavailable("the disk is full")

    engine.on_event = break_ledger
    with pytest.raises(LedgerUnavailable):
        engine.run()
    assert stage.run() == Ended(Outcome.FINISHED)
    assert stage.lines("order") == ["1", "2"]


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


@pytest.mark.parametrize("wait", [True, False])
def test_cancelling_a_run_stops_its_commands_and_its_supervisor(stage: Stage, wait: bool) -> None:
    stage.begin(task("1", "echo $$ > pid; exec sleep 1000"), task("2", "until test -s pid; do sleep 0.01; done"))

    def cancel(event: ev.Event, state: RunState) -> None:
        if isinstance(event, ev.TaskCompleted):
            stage.session().execute(Cancel(1.0, "Ada", "enough"))

    assert stage.run(cancel, wait=wait) == Ended(Outcome.CANCELLED)
    assert stage.kinds("1") == ["AttemptStarted", "AttemptLost"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(stage.lines("pid")[0]), 0)


def test_cancelling_a_run_stops_the_criterion_that_is_evaluated(stage: Stage) -> None:
    os.mkfifo(stage.root / "begun")
    endless = CriterionSpec("never", "echo $$ > pid; echo > begun; exec sleep 1000")
    stage.begin(task("1", "true"), checkpoints=(CheckpointSpec("c1", "Checkpoint 1", ("1",), criteria=(endless,)),))

    def cancel() -> None:
        (stage.root / "begun").read_text()
        stage.session().execute(Cancel(1.0, "Ada"))

    with ThreadPoolExecutor() as pool:
        cancelled = pool.submit(cancel)
        assert stage.run() == Ended(Outcome.CANCELLED)
        cancelled.result()
    with pytest.raises(ProcessLookupError):
        os.kill(int(stage.lines("pid")[0]), 0)


def test_a_paused_run_starts_nothing_until_it_is_resumed(stage: Stage) -> None:
    stage.begin(task("1", "true"), task("2", "true", "1"))

    def pause(event: ev.Event, state: RunState) -> None:
        if isinstance(event, ev.AttemptStarted) and event.task == "1":
            stage.session().execute(Pause(1.0, "Ada"))

    assert stage.run(pause) == Ended(Outcome.WAITING)
    assert (stage.kinds("1")[-1], stage.kinds("2")) == ("TaskCompleted", [])  # what ran went on
    stage.session().execute(Resume(2.0, "Ada"))
    assert stage.run() == Ended(Outcome.FINISHED)


def test_commands_left_running_for_a_task_that_was_taken_away_are_stopped_by_the_next_supervisor(stage: Stage) -> None:
    stage.begin(task("1", "echo $$ > pid; exec sleep 1000"), task("2", "true"))

    async def leave_behind() -> None:
        async with CommandRunner() as runner:
            folder = RunFolder(stage.root, RUN).attempt("1", 1)
            work = asyncio.create_task(runner.run(ShellCommand(folder, "echo $$ > pid; exec sleep 1000", stage.root)))
            while not stage.lines("pid"):
                await asyncio.sleep(0.01)
            work.cancel()

    stage.session().execute(Claim(1.0, "1", "Tier 3"))
    asyncio.run(leave_behind())
    stage.session().execute(MarkDone(2.0, "1", "Ada"))
    assert stage.run() == Ended(Outcome.FINISHED)
    with pytest.raises(ProcessLookupError):
        os.kill(int(stage.lines("pid")[0]), 0)


def test_a_second_supervisor_that_waits_takes_over_when_the_first_ends(stage: Stage) -> None:
    stage.begin(task("1", "true"))
    told: Queue[str] = Queue()

    def second() -> Ended:
        engine = stage.engine(wait=True)
        engine.on_notice = told.put
        return engine.run()

    with ThreadPoolExecutor() as pool:
        with RunFolder(stage.root, RUN).supervised():
            ended = pool.submit(second)
            assert told.get() == f"the run is driven by process {os.getpid()}; waiting to take over when it ends"
            assert not ended.done()
        assert ended.result() == Ended(Outcome.FINISHED)


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
