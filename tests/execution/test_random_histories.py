"""Random histories of random runs keep the invariants, as an independent judge sees them."""

import dataclasses
import json
from math import inf

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.execution.judge import Judge
from tests.execution.run_examples import TIERS, Story

from milepost.errors import MilepostError
from milepost.execution import commands as cmd
from milepost.execution.evolution import fold
from milepost.execution.policy import Budget, CheckpointSpec, CriterionSpec, RunSpec, TaskSpec, TierPolicy, Wait
from milepost.execution.queries import Outcome, claimable, due_checkpoints, outcome, startable
from milepost.execution.records import TaskStatus
from milepost.execution.snapshots import restored, snapshot
from milepost.execution.state import RunState

COMMANDS = {1: "true", 2: "true", 3: "true"}


@st.composite
def run_specs(draw: st.DrawFn) -> RunSpec:
    """Up to six tasks, each waiting for some before it, and up to two gates between them."""
    size = draw(st.integers(1, 6))
    walls = sorted(draw(st.sets(st.integers(1, size), max_size=2)))
    tasks = []
    for number in range(size):
        waits = tuple(
            Wait(str(other), draw(st.sampled_from(["finish", "finish", "start"])), draw(st.sampled_from([0, 0, 3])))
            for other in sorted(draw(st.sets(st.integers(0, number - 1), max_size=2)) if number else ())
        )
        gates = tuple(f"g{wall}" for wall in walls if number >= wall)
        tier = draw(st.integers(1, 3))
        files = draw(st.sampled_from([(), (), ("src/",), ("src/a.py",), ("docs/",)]))
        tasks.append(TaskSpec(str(number), "t", tier, 5, number, waits, gates, COMMANDS, files=files))
    checkpoints = tuple(
        CheckpointSpec(
            f"g{wall}",
            f"Gate {wall}",
            tuple(str(number) for number in range(wall)),
            tuple(f"g{other}" for other in walls if other < wall),
            tuple(CriterionSpec(f"c{i}", draw(st.sampled_from(["", "true"]))) for i in range(draw(st.integers(0, 2)))),
        )
        for wall in walls
    )
    tiers = tuple(
        TierPolicy(
            tier.rank,
            tier.name,
            draw(st.integers(1, 2)),
            draw(st.integers(1, 2)),
            backoff=draw(st.sampled_from([0.0, 2.0])),
        )
        for tier in TIERS
    )
    budget = draw(st.sampled_from([None, Budget(hours=5 / 3600)]))  # five seconds of work
    return RunSpec("p", tuple(tasks), checkpoints, tiers, budget=budget, help_weaker=draw(st.booleans()))


@st.composite
def commands(draw: st.DrawFn, spec: RunSpec, at: float) -> cmd.Command:
    """Any command at all, sensible or not."""
    task = draw(st.sampled_from([task.id for task in spec.tasks]))
    number = draw(st.integers(1, 4))
    gate = draw(st.sampled_from([gate.id for gate in spec.checkpoints] or ["none"]))
    choices: list[cmd.Command] = [
        cmd.Claim(at, task, draw(st.sampled_from("ab")), draw(st.sampled_from([None, 1, 2, 3]))),
        cmd.Claim(at, task, "leased", None, 4.0),
        cmd.Heartbeat(at, task, number, 4.0),
        cmd.Complete(at, task, number, "a"),
        cmd.RefuseCompletion(at, task, number, "a", "no"),
        cmd.Fail(at, task, number, "no", escalate=draw(st.booleans())),
        cmd.Overrun(at, task, number, 10.0),
        cmd.Lose(at, task, number, "gone"),
        cmd.ExpireLeases(at),
        cmd.Block(at, task, "hm", "a"),
        cmd.Unblock(at, task, "a"),
        cmd.Approve(at, gate, "a"),
        cmd.RecordCriterion(at, gate, draw(st.integers(0, 1)), draw(st.booleans()), "s"),
        cmd.Recheck(at, gate, "a"),
        cmd.Join(at, "s"),
        cmd.Leave(at, "s", "bye"),
        cmd.MarkDone(at, task, "hand"),
        cmd.Skip(at, task, "a", "not needed"),
        cmd.Reopen(at, task, "a", "again"),
        cmd.Reject(at, gate, "a", "no", (task,) if draw(st.booleans()) else ()),
        cmd.Pause(at, "a"),
        cmd.Resume(at, "a"),
        cmd.ExtendBudget(at, "run", "hours", 1000.0, "a"),
        cmd.Revise(at, draw(edits(spec))),
        cmd.Settle(at),
        cmd.Start(at, "again", spec),
    ]
    if draw(st.integers(0, 60)) == 0:
        choices = [cmd.Cancel(at, "a")]
    return draw(st.sampled_from(choices))


@st.composite
def edits(draw: st.DrawFn, spec: RunSpec) -> RunSpec:
    """The plan with some of its tasks taken out, and others written anew."""
    kept = tuple(
        dataclasses.replace(task, digest=draw(st.sampled_from(["", "", "written anew"])))
        for task in spec.tasks
        if draw(st.integers(0, 4))
    )
    return dataclasses.replace(spec, tasks=kept or spec.tasks)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), run_spec=run_specs())
def test_no_history_breaks_the_rules(data: st.DataObject, run_spec: RunSpec) -> None:
    story = Story(run_spec)
    judge = Judge(run_spec)
    for event in story.events:
        judge.see(event)
    for moment in range(1, data.draw(st.integers(0, 40)) + 1):
        command = data.draw(commands(run_spec, float(moment)))
        settling = [cmd.Settle(command.at)] if isinstance(command, cmd.Revise) else []
        try:
            events = story.tell(command, *settling)
        except MilepostError:
            continue
        for event in events:
            judge.see(event)
    _agrees_with_its_snapshot(story.state)
    _agrees_with_a_fresh_fold(story.state, fold(story.events))
    if story.state.cancelled_by:
        assert outcome(story.state, 1000.0) is Outcome.CANCELLED
    else:
        _finish(story, judge)


def _agrees_with_its_snapshot(state: RunState) -> None:
    """What is restored from a snapshot, by way of JSON, is the state, but for tiers on which nothing runs."""
    found = restored(json.loads(json.dumps(snapshot(state))), state.spec)
    for name, value in vars(state).items():
        if name in ("running", "ready"):
            assert {key: v for key, v in value.items() if v} == getattr(found, name)
        elif name == "claims_hold_until":
            ends = [state.claim_ends_at(record) for record in state.active.values()]
            assert value <= min((end for end in ends if end is not None), default=inf), name
        elif name != "followers":
            assert getattr(found, name) == value, name
    assert list(found.tasks) == list(state.tasks)
    assert list(found.active) == list(state.active)


def _agrees_with_a_fresh_fold(told: RunState, folded: RunState) -> None:
    """What was kept up to date on the way is what the events say, and what computing it anew says."""
    folded.rebuild()
    assert {name: (r.status, r.tier, r.unmet) for name, r in told.tasks.items()} == {
        name: (r.status, r.tier, r.unmet) for name, r in folded.tasks.items()
    }
    for index in ("ready", "running"):
        one, other = getattr(told, index), getattr(folded, index)
        assert {key: value for key, value in one.items() if value} == {key: v for key, v in other.items() if v}
    assert (told.open_tasks, told.open_checkpoints, told.version) == (
        folded.open_tasks,
        folded.open_checkpoints,
        folded.version,
    )
    assert {n: c.unmet for n, c in told.checkpoints.items()} == {n: c.unmet for n, c in folded.checkpoints.items()}


def _finish(story: Story, judge: Judge) -> None:
    """From wherever it stands, a willing worker and a willing approver bring every run to its end."""
    now = 1000.0
    while outcome(story.state, now) is not Outcome.FINISHED:
        now += 1000.0
        before = story.state.version
        _tell(story, judge, cmd.Resume(now, "me"))
        if story.state.exhausted:
            _tell(story, judge, cmd.ExtendBudget(now, "run", "hours", now, "me"))
        for record in list(story.state.tasks.values()):
            if record.status is TaskStatus.BLOCKED:
                _tell(story, judge, cmd.Unblock(now, record.spec.id, "me"))
            if record.current:
                _tell(story, judge, cmd.Complete(now, record.spec.id, record.current.no, "me"))
        for record in startable(story.state, now):
            _tell(story, judge, cmd.Claim(now, record.spec.id, "me"))
        for gate in due_checkpoints(story.state):
            for index in range(len(gate.criteria)):
                if not gate.passed:
                    _tell(story, judge, cmd.RecordCriterion(now, gate.spec.id, index, True, "me"))
            if not gate.passed:
                _tell(story, judge, cmd.Approve(now, gate.spec.id, "me"))
        assert story.state.version > before, "the run hangs"
    assert judge.over
    assert claimable(story.state, now) == []


def _tell(story: Story, judge: Judge, command: cmd.Command) -> None:
    for event in story.tell(command):
        judge.see(event)
