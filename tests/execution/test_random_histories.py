"""Random histories of random runs keep the invariants.

The judge below shares nothing with the state machine: it replays the events with a few dictionaries and asks of each
whether it was allowed to happen.
"""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.execution.run_examples import TIERS, Story

from milepost.errors import MilepostError
from milepost.execution import commands as cmd
from milepost.execution import events as ev
from milepost.execution.evolution import fold
from milepost.execution.policy import Budget, CheckpointSpec, CriterionSpec, RunSpec, TaskSpec, TierPolicy, Wait
from milepost.execution.queries import Outcome, claimable, due_checkpoints, outcome, startable
from milepost.execution.records import TaskStatus
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
        cmd.Fail(at, task, number, "no", escalate=draw(st.booleans())),
        cmd.Overrun(at, task, number, 10.0),
        cmd.Lose(at, task, number, "gone"),
        cmd.ExpireLeases(at),
        cmd.Block(at, task, "hm", "a"),
        cmd.Unblock(at, task, "a"),
        cmd.Approve(at, gate, "a"),
        cmd.RecordCriterion(at, gate, draw(st.integers(0, 1)), draw(st.booleans()), "s"),
        cmd.Join(at, "s"),
        cmd.Leave(at, "s", "bye"),
        cmd.MarkDone(at, task, "hand"),
        cmd.Skip(at, task, "a", "not needed"),
        cmd.Reopen(at, task, "a", "again"),
        cmd.Reject(at, gate, "a", "no", (task,) if draw(st.booleans()) else ()),
        cmd.Pause(at, "a"),
        cmd.Resume(at, "a"),
        cmd.ExtendBudget(at, "run", "hours", 1000.0, "a"),
    ]
    return draw(st.sampled_from(choices))


class Judge:
    """Replays events and objects to each that was not allowed."""

    def __init__(self, spec: RunSpec) -> None:
        self.spec = spec
        self.tasks = {task.id: task for task in spec.tasks}
        self.capacity = {tier.rank: tier.capacity for tier in spec.tiers}
        self.done: dict[str, float] = {}
        self.first_start: dict[str, float] = {}
        self.passed: set[str] = set()
        self.held: dict[str, ev.AttemptStarted] = {}
        self.numbers: Counter[str] = Counter()
        self.good: set[tuple[str, int]] = set()
        self.over = False
        self.paused = False
        self.broke = False

    def see(self, event: ev.Event) -> None:
        match event:
            case ev.AttemptStarted():
                self._started(event)
            case ev.AttemptFailed() | ev.AttemptOverran() | ev.AttemptLost() | ev.LeaseExtended():
                assert self.held[event.task].attempt_no == event.attempt_no, "a report by one who does not hold it"
                if not isinstance(event, ev.LeaseExtended):
                    del self.held[event.task]
            case ev.TaskCompleted():
                assert event.task not in self.done, "done twice"
                if event.attempt_no:
                    assert self.held[event.task].attempt_no == event.attempt_no, "completed by one who does not hold it"
                self.held.pop(event.task, None)
                self.done[event.task] = event.at
            case ev.TaskSkipped():
                assert event.task not in self.done
                self.held.pop(event.task, None)
                self.done[event.task] = event.at
            case ev.TaskReopened():
                del self.done[event.task]
                self.over = False
            case ev.CheckpointRejected():
                self.passed.discard(event.checkpoint)
                self.over = False
            case ev.RunPaused():
                self.paused = True
            case ev.RunResumed():
                self.paused = False
            case ev.BudgetExhausted():
                self.broke = True
            case ev.BudgetExtended():
                self.broke = False
            case ev.TaskBlocked():
                assert event.task not in self.done
                self.held.pop(event.task, None)
            case ev.CriterionPassed():
                assert self._due(event.checkpoint)
                self.good.add((event.checkpoint, event.index))
            case ev.CriterionFailed():
                assert self._due(event.checkpoint)
                self.good.discard((event.checkpoint, event.index))
            case ev.CheckpointPassed():
                self._gate_passed(event.checkpoint)
            case ev.RunFinished():
                assert set(self.done) == set(self.tasks), "finished with open tasks"
                assert self.passed == {gate.id for gate in self.spec.checkpoints}, "finished with open gates"
                self.over = True

    def _started(self, event: ev.AttemptStarted) -> None:
        task = self.tasks[event.task]
        assert not self.paused, "started although paused"
        assert not self.broke, "started without a budget"
        for other in self.held:
            mine, theirs = (tuple(path.rstrip("/") for path in self.tasks[name].files) for name in (task.id, other))
            clash = any(a == b or a.startswith(b + "/") or b.startswith(a + "/") for a in mine for b in theirs)
            assert not clash, "two tasks work on one file"
        assert event.task not in self.done, "started although done"
        assert event.task not in self.held, "started twice at once"
        for wait in task.waits:
            since = self.done if wait.on == "finish" else {**self.done, **self.first_start}
            assert wait.task in since, "a dependency was jumped"
            assert event.at >= since[wait.task] + wait.lag, "a lag was jumped"
        assert set(task.gates) <= self.passed, "a gate was jumped"
        self.numbers[event.task] += 1
        assert event.attempt_no == self.numbers[event.task], "attempt numbers have a gap"
        self.first_start.setdefault(event.task, event.at)
        self.held[event.task] = event
        busy = Counter(held.tier for held in self.held.values())
        assert all(busy[tier] <= self.capacity[tier] for tier in busy), "a tier is over its capacity"

    def _gate(self, name: str) -> CheckpointSpec:
        return next(gate for gate in self.spec.checkpoints if gate.id == name)

    def _due(self, name: str) -> bool:
        gate = self._gate(name)
        return set(gate.after) <= set(self.done) and set(gate.gates) <= self.passed

    def _gate_passed(self, name: str) -> None:
        assert name not in self.passed, "passed twice"
        assert self._due(name), "passed too early"
        assert all((name, index) in self.good for index in range(len(self._gate(name).criteria))), "unjudged criterion"
        self.passed.add(name)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), run_spec=run_specs())
def test_no_history_breaks_the_rules(data: st.DataObject, run_spec: RunSpec) -> None:
    story = Story(run_spec)
    judge = Judge(run_spec)
    for event in story.events:
        judge.see(event)
    for moment in range(1, data.draw(st.integers(0, 40)) + 1):
        try:
            events = story.tell(data.draw(commands(run_spec, float(moment))))
        except MilepostError:
            continue
        for event in events:
            judge.see(event)
    _agrees_with_a_fresh_fold(story.state, fold(story.events))
    _finish(story, judge)


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
