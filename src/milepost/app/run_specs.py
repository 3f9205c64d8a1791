"""What a plan and its settings ask a run to do."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Mapping

from milepost.app.settings import Settings, TierSettings
from milepost.execution.policy import CheckpointSpec, CriterionSpec, RunSpec, TaskSpec, TierPolicy, Wait
from milepost.plan.model import Dependency, DependencyKind, Plan, Task
from milepost.schedule.critical_path import compute
from milepost.schedule.dependencies import unite
from milepost.schedule.network import Network

DEFAULT_FACTOR = 2.0
_PLACE = re.compile(r"\{(?:id|title|run)\}")
_BOX = re.compile(r"\[[^\]\r\n]\]")


def build_run_spec(plan: Plan, settings: Settings, identity: str) -> RunSpec:
    """Give what a run of the plan obeys: its required leaf tasks, most urgent first, its gates and its tiers.

    Optional tasks take no part; what waits for one waits for what it would have waited for. Only finish-to-start
    and start-to-start dependencies can hold a start back, and a lead is waited for as if it were none. A date that
    cannot be read holds nothing back.

    Raises:
        PlanInvalid: the dependencies form a cycle.
        SettingsInvalid: a task is assigned to a tier that is not configured, or the time zone of dates is none.
    """
    network = Network.from_plan(plan, gates=True, default_effort=settings.default_effort)
    order = _urgency(network)
    tasks = list({task.id: task for task in reversed(plan.required)}.values())[::-1]
    waits = _waits(plan, network.order, network.ids, {task.id for task in tasks})
    gates = {checkpoint.id for checkpoint in plan.checkpoints}
    earliest = _earliest(plan, settings, network)
    factor = settings.escalation_factor or (plan.escalation.factor if plan.escalation else DEFAULT_FACTOR)
    return RunSpec(
        plan=identity,
        tasks=tuple(
            _task(plan, task, settings, waits[task.id], gates, order[task.id], earliest.get(task.id)) for task in tasks
        ),
        checkpoints=tuple(
            CheckpointSpec(
                item.id,
                item.name,
                tuple(wait.task for wait in waits[item.id] if wait.task not in gates),
                tuple(wait.task for wait in waits[item.id] if wait.task in gates),
                tuple(CriterionSpec(c.text, c.command.text if c.command else "") for c in item.criteria),
            )
            for item in plan.checkpoints
        ),
        tiers=tuple(_tier(tier) for _, tier in sorted(settings.tiers.items())),
        factor=factor,
        budget=settings.budget,
        help_weaker=settings.help_weaker,
    )


def _urgency(network: Network) -> dict[str, int]:
    """Rank of each activity in the dispatch queue: by late start, so that the critical path goes first."""
    dates = compute(network)
    numbers = sorted(range(len(network)), key=lambda n: (dates.late_start[n], dates.early_start[n], n))
    return {network.ids[number]: rank for rank, number in enumerate(numbers)}


def _earliest(plan: Plan, settings: Settings, network: Network) -> dict[str, float]:
    """The moments before which tasks may not start, in seconds since 1970, by id."""
    if not any(task.not_before for task in plan.tasks):
        return {}
    from milepost.app.dates import limits_of, make_dates

    limits = limits_of(plan, network, make_dates(settings, None, lambda: 0.0))
    return {name: at.timestamp() for name, at in limits.not_before.items()}


def _waits(plan: Plan, order: list[int], ids: tuple[str, ...], taking_part: set[str]) -> dict[str, list[Wait]]:
    """What each activity waits for, tasks that take no part replaced by what they wait for themselves."""
    incoming: dict[str, list[Dependency]] = {}
    for dependency in unite(plan):
        incoming.setdefault(dependency.successor, []).append(dependency)
    part = taking_part | {checkpoint.id for checkpoint in plan.checkpoints}
    waits: dict[str, list[Wait]] = {}
    for number in order:
        found: dict[Wait, None] = {}
        for dependency in incoming.get(ids[number], ()):
            if dependency.predecessor in part:
                found.update(dict.fromkeys(_wait(dependency)))
            else:
                found.update(dict.fromkeys(waits.get(dependency.predecessor, ())))
        waits[ids[number]] = list(found)
    return waits


def _wait(dependency: Dependency) -> list[Wait]:
    lag = max(dependency.lag, 0)
    if dependency.kind is DependencyKind.FINISH_TO_START:
        return [Wait(dependency.predecessor, "finish", lag)]
    if dependency.kind is DependencyKind.START_TO_START:
        return [Wait(dependency.predecessor, "start", lag)]
    return []


def _task(
    plan: Plan,
    task: Task,
    settings: Settings,
    waits: list[Wait],
    gates: set[str],
    order: int,
    not_before: float | None,
) -> TaskSpec:
    rank = plan.tiers.get(task.id, max(settings.tiers))
    settings.tier(rank, wanted_by=f"task {task.id}")
    return TaskSpec(
        id=task.id,
        title=task.title,
        tier=rank,
        effort=task.effort.likely if task.effort else None,
        order=order,
        waits=tuple(wait for wait in waits if wait.task not in gates),
        gates=tuple(wait.task for wait in waits if wait.task in gates),
        commands={} if task.human else _commands(task, settings.tiers),
        verify=tuple(command.text for command in task.verify),
        files=task.files,
        resources=_resources(task),
        human=task.human,
        digest=_digest(plan, task),
        not_before=not_before,
    )


def _resources(task: Task) -> tuple[str, ...]:
    """What a task needs for itself alone: the names in its ``_Resources:_`` fields."""
    values = [field.value for field in task.fields if field.key.casefold() in ("resources", "resource")]
    return tuple(dict.fromkeys(name.strip() for value in values for name in value.split(",") if name.strip()))


def _digest(plan: Plan, task: Task) -> str:
    """What tells one text of a task from another; the state it shows, in boxes or in words, changes nothing."""
    text = plan.source.text[task.span.start : task.span.end]
    written = task.written
    if written and task.span.start <= written.span.start <= written.span.end <= task.span.end:
        text = text[: written.span.start - task.span.start] + text[written.span.end - task.span.start :]
    text = _BOX.sub("[ ]", text)
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def _commands(task: Task, tiers: Mapping[int, TierSettings]) -> dict[int, str]:
    """What each tier's worker runs for a task; tiers on which it has to be claimed are left out."""
    run = task.run.text if task.run else ""
    found = {}
    for rank, tier in tiers.items():
        if tier.driver == "manual":
            continue
        command = _filled(tier.command, task, run) if tier.command else run
        if command:
            found[rank] = command
    return found


def _filled(template: str, task: Task, run: str) -> str:
    """A tier's command for a task; none where it is made of the task's own and the task states none."""
    if "{run}" in template and not run:
        return ""
    values = {"{id}": shlex.quote(task.id), "{title}": shlex.quote(task.title), "{run}": run}
    return _PLACE.sub(lambda place: values[place.group()], template)


def _tier(tier: TierSettings) -> TierPolicy:
    return TierPolicy(
        rank=tier.rank,
        name=tier.name,
        capacity=tier.capacity,
        attempts=tier.attempts,
        speed=tier.speed,
        cost_per_hour=tier.cost_per_hour,
        backoff=tier.backoff_seconds,
        budget=tier.budget,
    )
