"""The state of a run, and the indexes that tell at once what is ready.

Only :mod:`milepost.execution.evolution` changes a state, one event at a time. What is ready is kept up to date on
the way, so that asking costs no walk over the plan.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from functools import cached_property
from math import inf
from typing import NamedTuple

from milepost.execution.policy import Budget, CheckpointSpec, RunSpec, TaskSpec, TierPolicy, Wait
from milepost.execution.records import CheckpointRecord, CriterionRecord, TaskRecord, TaskStatus


class Followers(NamedTuple):
    """Who has to hear what of whom, by id: of a task's end, its start, a checkpoint's passing; and the checkpoints
    that wait for a task's end, and for another checkpoint.
    """

    finish: dict[str, list[tuple[str, Wait]]]
    start: dict[str, list[tuple[str, Wait]]]
    gated: dict[str, list[str]]
    checkpoints_after: dict[str, list[str]]
    checkpoints_gated: dict[str, list[str]]


class RunState:
    """Everything known of one run."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self.run = ""
        self.spec = RunSpec("", ())
        self.tasks: dict[str, TaskRecord] = {}
        self.checkpoints: dict[str, CheckpointRecord] = {}
        self.former_tasks: dict[str, TaskRecord] = {}
        self.former_checkpoints: dict[str, CheckpointRecord] = {}
        self.tiers: dict[int, TierPolicy] = {}
        self.started_at: float | None = None
        self.finished_at: float | None = None
        self.supervisor = ""
        self.paused_by = ""
        self.cancelled_by = ""
        self.version = 0
        self.open_tasks = 0
        self.open_checkpoints = 0
        self.active: dict[str, TaskRecord] = {}
        self.running: dict[int, int] = {}
        self.spent: dict[tuple[str, str], float] = {}
        self.limits: dict[tuple[str, str], float] = {}
        self.warned: set[tuple[str, str]] = set()
        self.exhausted: set[tuple[str, str]] = set()
        self.ready: dict[int, list[tuple[int, str]]] = {}
        self.claims_hold_until = -inf

    @property
    def finished(self) -> bool:
        """Whether the run is over."""
        return self.finished_at is not None

    def attempt_limit(self, record: TaskRecord) -> float | None:
        """Seconds after which the task's attempt overruns at its present tier."""
        current = record.current
        tier = self.tiers.get(current.tier if current else record.tier)
        if not record.spec.effort or tier is None:
            return None
        return record.spec.effort / tier.speed * self.spec.factor

    def claim_ends_at(self, record: TaskRecord) -> float | None:
        """When somebody's claim ends by itself: with its lease, or at the limit of the task unless it is for people
        alone; never while a process stands behind it.
        """
        current = record.current
        if current is None or current.lease_until is None:
            return None
        limit = None if record.spec.human else self.attempt_limit(record)
        return current.lease_until if limit is None else min(current.lease_until, current.started_at + limit)

    def ended_claims(self, now: float) -> list[TaskRecord]:
        """The tasks whose claims have ended by ``now``. As long as none can have, nobody is looked at."""
        if now < self.claims_hold_until:
            return []
        ends = [(record, self.claim_ends_at(record)) for record in self.active.values()]
        self.claims_hold_until = min((end for _, end in ends if end is not None), default=inf)
        return [record for record, end in ends if end is not None and end <= now]

    def note_claim(self, record: TaskRecord) -> None:
        """Note when a claim that is new, or goes on, may end."""
        end = self.claim_ends_at(record)
        if end is not None:
            self.claims_hold_until = min(self.claims_hold_until, end)

    @property
    def has_budget(self) -> bool:
        """Whether anything limits what may be spent."""
        return bool(self.spec.budget or self.limits or any(tier.budget for tier in self.tiers.values()))

    def limit(self, scope: str, measure: str) -> float | None:
        """How much may be spent in a scope (``run``, ``tier N``), as configured or extended since."""
        if (scope, measure) in self.limits:
            return self.limits[scope, measure]
        budget = self.budget(scope)
        found: float | None = getattr(budget, measure) if budget else None
        return found

    def budget(self, scope: str) -> Budget | None:
        """The configured budget of a scope."""
        if scope == "run":
            return self.spec.budget
        tier = self.tiers.get(int(scope.removeprefix("tier ")))
        return tier.budget if tier else None

    def out_of_budget(self, tier: int) -> tuple[str, str] | None:
        """The exhausted budget, as scope and measure, that keeps a tier from starting anything."""
        return next((key for key in sorted(self.exhausted) if key[0] in ("run", f"tier {tier}")), None)

    def overflowing(self) -> list[tuple[TaskRecord, int, str]]:
        """Tasks that wait for a tier whose spent budget sends them on, each with the rank to go to and the measure."""
        found = []
        for scope, measure in sorted(self.exhausted):
            budget = self.budget(scope)
            if scope == "run" or budget is None or not budget.escalate:
                continue
            rank = int(scope.removeprefix("tier "))
            stronger = max((other for other in self.tiers if other < rank), default=None)
            waiting = [r for r in self.tasks.values() if r.tier == rank and r.status is TaskStatus.PENDING]
            found += [(record, stronger, measure) for record in waiting if stronger is not None]
        return found

    def mark_ready(self, record: TaskRecord) -> None:
        """Enter a task in the queue of its tier."""
        insort(self.ready.setdefault(record.tier, []), (record.spec.order, record.spec.id))

    def unmark_ready(self, record: TaskRecord) -> None:
        """Take a task out of the queue of its tier."""
        queue = self.ready.get(record.tier, [])
        entry = (record.spec.order, record.spec.id)
        index = bisect_left(queue, entry)
        if index < len(queue) and queue[index] == entry:
            del queue[index]

    def release(self, task: str, at: float = 0.0) -> None:
        """One thing less holds a task back, from ``at`` on."""
        record = self.tasks[task]
        record.unmet -= 1
        record.ready_at = max(record.ready_at, at)
        if record.unmet == 0 and record.status is TaskStatus.PENDING:
            self.mark_ready(record)

    def adopt(self, spec: RunSpec) -> None:
        """Take on a specification, keeping what is known of tasks and checkpoints that stay or come back."""
        known, gates = self.tasks, self.checkpoints
        former, former_gates = self.former_tasks, self.former_checkpoints
        self.spec = spec
        self.tiers = {tier.rank: tier for tier in spec.tiers}
        self.tasks = {
            task.id: _carried(known[task.id], task) if task.id in known else _returned(former.pop(task.id, None), task)
            for task in spec.tasks
        }
        for task_id, record in known.items():
            if task_id in self.tasks:
                continue
            if record.status is TaskStatus.RUNNING:
                record.retired = True
                self.tasks[task_id] = record
            else:
                former[task_id] = record
        self.checkpoints = {
            item.id: _carried_checkpoint(gates[item.id], item)
            if item.id in gates
            else _returned_checkpoint(former_gates.pop(item.id, None), item)
            for item in spec.checkpoints
        }
        former_gates.update({name: gate for name, gate in gates.items() if name not in self.checkpoints})
        self.rebuild()

    def take_out(self, record: TaskRecord) -> None:
        """Forget a task that the plan no longer has, until it comes back."""
        record.retired = False
        self.former_tasks[record.spec.id] = self.tasks.pop(record.spec.id)

    def rebuild(self) -> None:
        """Compute what holds tasks and checkpoints back, and every index, from the records."""
        for record in self.tasks.values():
            if not record.retired:
                self._count_waits(record)
        for checkpoint in self.checkpoints.values():
            self._count_open(checkpoint)
        self.active = {name: record for name, record in self.tasks.items() if record.status is TaskStatus.RUNNING}
        self.take_stock()

    def take_stock(self) -> None:
        """Compute the indexes from the records, and from who is active."""
        self.__dict__.pop("followers", None)
        self.open_tasks = sum(1 for record in self.tasks.values() if not (record.retired or record.over))
        self.open_checkpoints = sum(1 for checkpoint in self.checkpoints.values() if not checkpoint.passed)
        self.running, self.ready, self.claims_hold_until = {}, {}, -inf
        for record in self.active.values():
            rank = record.attempts[-1].tier
            self.running[rank] = self.running.get(rank, 0) + 1
        for record in self.tasks.values():
            if record.unmet == 0 and record.status is TaskStatus.PENDING:
                self.ready.setdefault(record.tier, []).append((record.spec.order, record.spec.id))
        for queue in self.ready.values():
            queue.sort()

    @cached_property
    def followers(self) -> Followers:
        """Who waits for whom. It is made when somebody has to hear, which most who look at a run never do."""
        found = Followers({}, {}, {}, {}, {})
        for record in self.tasks.values():
            if record.retired:
                continue
            for wait in record.spec.waits:
                other = self.tasks.get(wait.task)
                if other is not None and not other.retired:
                    index = found.finish if wait.on == "finish" else found.start
                    index.setdefault(wait.task, []).append((record.spec.id, wait))
            for gate in record.spec.gates:
                found.gated.setdefault(gate, []).append(record.spec.id)
        for name, checkpoint in self.checkpoints.items():
            for task in checkpoint.spec.after:
                found.checkpoints_after.setdefault(task, []).append(name)
            for gate in checkpoint.spec.gates:
                found.checkpoints_gated.setdefault(gate, []).append(name)
        return found

    def _count_open(self, checkpoint: CheckpointRecord) -> None:
        tasks = sum(name in self.tasks and not self.tasks[name].over for name in checkpoint.spec.after)
        gates = sum(name in self.checkpoints and not self.checkpoints[name].passed for name in checkpoint.spec.gates)
        checkpoint.unmet = tasks + gates

    def _count_waits(self, record: TaskRecord) -> None:
        record.unmet = 0
        record.ready_at = max(record.spec.not_before or 0.0, record.retry_at)
        for wait in record.spec.waits:
            other = self.tasks.get(wait.task)
            if other is None or other.retired:
                continue
            met = other.over if wait.on == "finish" else other.started
            if not met:
                record.unmet += 1
                continue
            since = other.finished_at if wait.on == "finish" or not other.attempts else other.attempts[0].started_at
            record.ready_at = max(record.ready_at, after_lag(wait, since or 0.0))
        for gate in record.spec.gates:
            if gate in self.checkpoints and not self.checkpoints[gate].passed:
                record.unmet += 1


def after_lag(wait: Wait, at: float) -> float:
    """When a wait that was met ``at`` some moment is over: at once, whatever the clock says, unless it has a lag."""
    return at + wait.lag if wait.lag > 0 else 0.0


def _carried(known: TaskRecord, spec: TaskSpec) -> TaskRecord:
    if known.spec.tier != spec.tier and known.status is not TaskStatus.RUNNING:
        known.tier = spec.tier
        known.tries = 0
    known.spec = spec
    known.retired = False
    return known


def _returned(former: TaskRecord | None, spec: TaskSpec) -> TaskRecord:
    """A new task, or one that the plan had before: the same one, or another one of its name."""
    if former is None:
        return TaskRecord(spec, spec.tier)
    if former.spec.digest == spec.digest:
        former.tries = 0
        return _carried(former, spec)
    return TaskRecord(spec, spec.tier, earlier=former.next_attempt_no - 1)


def _returned_checkpoint(former: CheckpointRecord | None, spec: CheckpointSpec) -> CheckpointRecord:
    if former is None or former.spec.criteria != spec.criteria:
        return CheckpointRecord(spec, [CriterionRecord(item) for item in spec.criteria])
    return _carried_checkpoint(former, spec)


def _carried_checkpoint(known: CheckpointRecord, spec: CheckpointSpec) -> CheckpointRecord:
    judged = {record.spec: record for record in known.criteria}
    criteria = [judged.pop(item) if item in judged else CriterionRecord(item) for item in spec.criteria]
    return CheckpointRecord(spec, criteria, known.passed, known.passed_at, rejected=known.rejected)
