"""A judge of histories that shares nothing with the state machine.

It replays the events with a few dictionaries and asks of each whether it was allowed to happen.
"""

from __future__ import annotations

import copy
from collections import Counter
from typing import Self

from milepost.execution import events as ev
from milepost.execution.policy import CheckpointSpec, RunSpec, TaskSpec


class Judge:
    """Replays events and objects to each that was not allowed."""

    def __init__(self, spec: RunSpec) -> None:
        self.tasks: dict[str, TaskSpec] = {}
        self.texts: dict[str, str] = {}
        self.done: dict[str, float] = {}
        self.first_start: dict[str, float] = {}
        self.passed: set[str] = set()
        self.held: dict[str, ev.AttemptStarted] = {}
        self.numbers: Counter[str] = Counter()
        self.good: set[tuple[str, int]] = set()
        self.tier: dict[str, int] = {}
        self.broke: set[str] = set()
        self.over = False
        self.paused = False
        self.cancelled = False
        self._obey(spec)

    def _obey(self, spec: RunSpec) -> None:
        for task in spec.tasks:
            if (
                task.id in self.texts
                and task.id not in (*self.tasks, *self.held)
                and self.texts[task.id] != task.digest
            ):
                for known in (self.done, self.first_start, self.tier):  # another task that has taken the name
                    known.pop(task.id, None)
            self.texts[task.id] = task.digest
            self.tier.setdefault(task.id, task.tier)
        self.spec = spec
        self.tasks = {task.id: task for task in spec.tasks}
        self.capacity = {tier.rank: tier.capacity for tier in spec.tiers}
        self.gates = {gate.id: gate for gate in spec.checkpoints}

    def clone(self) -> Self:
        """Another judge who has seen the same."""
        other = copy.copy(self)
        for name in ("texts", "done", "first_start", "passed", "held", "numbers", "good", "tier", "broke"):
            setattr(other, name, getattr(self, name).copy())
        return other

    def see(self, event: ev.Event) -> None:
        assert not self.cancelled or isinstance(event, (ev.SupervisorJoined, ev.SupervisorLeft)), "after the end"
        match event:
            case ev.PlanRevised():
                self._obey(RunSpec.from_payload(event.spec))
                self.over &= set(self.done) >= set(self.tasks) and self.passed >= set(self.gates)
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
            case ev.TaskEscalated():
                assert event.task not in self.held, "escalated while somebody works on it"
                assert event.to_tier < event.from_tier, "escalated to no stronger tier"
                assert event.from_tier == self.tier[event.task]
                self.tier[event.task] = event.to_tier
            case ev.CheckpointRejected():
                self.passed.discard(event.checkpoint)
                self.over = False
            case ev.RunPaused():
                self.paused = True
            case ev.RunResumed():
                self.paused = False
            case ev.BudgetExhausted():
                self.broke.add(event.scope)
            case ev.BudgetExtended():
                self.broke.discard(event.scope)
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
            case ev.RunCancelled():
                assert not self.held, "cancelled while somebody works"
                self.cancelled = True
            case ev.RunFinished():
                assert set(self.done) >= set(self.tasks), "finished with open tasks"
                assert self.passed >= set(self.gates), "finished with open gates"
                self.over = True

    def _started(self, event: ev.AttemptStarted) -> None:
        task = self.tasks[event.task]
        assert not self.paused, "started although paused"
        assert not self.broke & {"run", f"tier {event.tier}"}, "started without a budget"
        for other in self.held:
            if other not in self.tasks:
                continue  # it was removed from the plan while it ran
            mine, theirs = (tuple(path.rstrip("/") for path in self.tasks[name].files) for name in (task.id, other))
            clash = any(a == b or a.startswith(b + "/") or b.startswith(a + "/") for a in mine for b in theirs)
            assert not clash, "two tasks work on one file"
            assert not set(task.resources) & set(self.tasks[other].resources), "two tasks use one resource"
        assert event.task not in self.done, "started although done"
        assert event.task not in self.held, "started twice at once"
        for wait in task.waits:
            if wait.task not in self.tasks:
                continue
            since = self.done if wait.on == "finish" else {**self.done, **self.first_start}
            assert wait.task in since, "a dependency was jumped"
            assert event.at >= since[wait.task] + wait.lag, "a lag was jumped"
        assert set(task.gates) <= self.passed, "a gate was jumped"
        self.numbers[event.task] += 1
        assert event.attempt_no == self.numbers[event.task], "attempt numbers have a gap"
        assert event.tier <= self.tier[event.task], "a weaker tier works on it"
        self.first_start.setdefault(event.task, event.at)
        self.held[event.task] = event
        busy = Counter(held.tier for held in self.held.values())
        assert busy[event.tier] <= self.capacity[event.tier], "a tier is over its capacity"

    def _due(self, name: str) -> bool:
        gate = self._gate(name)
        tasks = {task for task in gate.after if task in self.tasks}
        return tasks <= set(self.done) and {gate for gate in gate.gates if gate in self.gates} <= self.passed

    def _gate(self, name: str) -> CheckpointSpec:
        return self.gates[name]

    def _gate_passed(self, name: str) -> None:
        assert name not in self.passed, "passed twice"
        assert self._due(name), "passed too early"
        assert all((name, index) in self.good for index in range(len(self._gate(name).criteria))), "unjudged criterion"
        self.passed.add(name)
