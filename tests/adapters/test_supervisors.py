"""Supervisors of runs among others: people who act meanwhile, signals, supervisors before, beside and after them."""

from __future__ import annotations

import asyncio
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from queue import Queue

import pytest
from tests.adapters.stage import GATE, RUN, Stage, task

from milepost.adapters.local_engine import Ended
from milepost.adapters.run_folder import RunFolder
from milepost.adapters.subprocess_worker import CommandRunner, ShellCommand
from milepost.errors import LedgerUnavailable, Refused
from milepost.execution import events as ev
from milepost.execution.commands import Approve, Block, Cancel, Claim, MarkDone, Pause, Resume
from milepost.execution.policy import CheckpointSpec, CriterionSpec
from milepost.execution.queries import Outcome
from milepost.execution.state import RunState


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
