"""Instances of the scheduling libraries PSPLIB and MMLIB, scheduled as they are: modes, shared resources, proofs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from milepost.app.optimizations import Prover
    from milepost.schedule.problem import Problem, Schedule

SUFFIXES = (".sm", ".mm")
"""How the libraries' files end."""

_PLANS = (".md", ".markdown", ".json")
_HEADS = re.compile(rb"^\s*PRECEDENCE RELATIONS\b.*^\s*REQUESTS/DURATIONS\b", re.DOTALL | re.MULTILINE)
_ENOUGH = 1 << 20
_QUICK = 100


@dataclass(frozen=True, slots=True)
class Placed:
    """An activity in the schedule, in the instance's unit of time; ``mode`` counts from 1, ``needs`` by resource."""

    id: str
    mode: int
    start: int
    finish: int
    needs: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ResourceUse:
    """What is used of a resource: the most at once of a renewable one, the total of one that is not."""

    name: str
    renewable: bool
    capacity: int
    used: int


@dataclass(frozen=True, slots=True)
class InstanceReport:
    """The best schedule found, and how good it is: no schedule is shorter than ``lower_bound``.

    Without a schedule (``makespan`` None) no choice of modes was found that the non-renewable resources allow, or, if
    ``proven``, there is none. ``gap`` is by what fraction of the bound the schedule is at most too long.
    """

    name: str
    activities: int
    modes: int
    makespan: int | None
    lower_bound: int
    gap: float | None
    proven: bool
    rows: tuple[Placed, ...]
    resources: tuple[ResourceUse, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON can hold it."""
        return {"version": 1, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Effort:
    """What may be spent on a schedule: ``seconds`` of wall time by ``clock`` on search and the proof by ``prove``."""

    seconds: float
    clock: Callable[[], float]
    prove: Prover
    on_progress: Callable[[str], None]


def is_instance(path: str) -> bool:
    """Whether a file is an instance: by how its name ends, else by the headings in it."""
    if path.lower().endswith(SUFFIXES):
        return True
    if path.lower().endswith(_PLANS) or not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            return _HEADS.search(file.read(_ENOUGH)) is not None
    except OSError:
        return False


def load_instance(path: str) -> Problem:
    """Read an instance.

    Raises:
        PlanUnreadable: it is missing, or no instance; the place names the line.
    """
    from milepost.app.documents import read_document
    from milepost.exchange.psplib import read_instance

    return read_instance(read_document(path).text, name=path)


def schedule_instance(problem: Problem, name: str, effort: Effort | None = None) -> InstanceReport:
    """Schedule an instance: at once by a short search, or for as long as is allowed, with a proof if there is one."""
    from milepost.app.optimizations import optimize
    from milepost.schedule.bounds import Bound
    from milepost.schedule.search import improve

    if effort is None:
        found = improve(problem, iterations=_QUICK, workers=1)
        best = problem.schedule(found.start, found.modes) if found.feasible else None
        bound = Bound(found.lower_bound, best, found.optimal)
    else:
        tell = effort.on_progress
        bound = optimize(
            problem,
            effort.prove,
            effort.clock,
            seconds=effort.seconds,
            on_best=lambda makespan: tell(f"found {makespan}"),
            on_bound=lambda lower: tell(f"none is shorter than {lower}"),
            on_wait=tell,
        )
    return _report(problem, name, bound.schedule, bound.lower, bound.proven, bound.note)


def _report(
    problem: Problem, name: str, schedule: Schedule | None, lower: int, proven: bool, note: str
) -> InstanceReport:
    rows = _rows(problem, schedule) if schedule else ()
    return InstanceReport(
        name=os.path.basename(name),
        activities=len(problem),
        modes=sum(map(len, problem.modes)),
        makespan=schedule.makespan if schedule else None,
        lower_bound=lower,
        gap=(schedule.makespan - lower) / max(lower, 1) if schedule else None,
        proven=proven,
        rows=rows,
        resources=_uses(problem, rows),
        notes=(note,) if note else (),
    )


def _rows(problem: Problem, schedule: Schedule) -> tuple[Placed, ...]:
    names = [resource.name for resource in problem.resources]
    return tuple(
        Placed(
            problem.names[here],
            schedule.modes[here] + 1,
            schedule.start[here],
            schedule.start[here] + mode.duration,
            {name: need for name, need in zip(names, mode.demands, strict=True) if need},
        )
        for here, mode in enumerate(problem.selected(schedule.modes))
    )


def _uses(problem: Problem, rows: tuple[Placed, ...]) -> tuple[ResourceUse, ...]:
    uses = []
    for resource in problem.resources:
        taken = [(row, row.needs.get(resource.name, 0)) for row in rows]
        used = _peak(taken) if resource.renewable else sum(need for _, need in taken)
        uses.append(ResourceUse(resource.name, resource.renewable, resource.capacity, used))
    return tuple(uses)


def _peak(taken: list[tuple[Placed, int]]) -> int:
    """The most at once; what ends at a time frees its place for what starts then."""
    changes = sorted(
        change for row, need in taken if row.finish > row.start for change in ((row.start, need), (row.finish, -need))
    )
    most = now = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most
