"""Earned value: what was planned to be done by now, what is done, and what it cost.

The terms are those of the PMI's Practice Standard for Earned Value Management; earned schedule is Lipke's (2003).
Value is money where the tiers have rates, else hours of work. Times are working seconds from the plan's start.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """A task of a baseline: when it was to be done and the value it earns."""

    id: str
    start: int
    finish: int
    budget: float
    tier: int | None = None
    phase: str = ""

    def planned_value(self, at: float) -> float:
        """The value planned to be earned by a time: it grows evenly from start to finish."""
        if at >= self.finish:
            return self.budget
        if at <= self.start:
            return 0.0
        return self.budget * (at - self.start) / (self.finish - self.start)


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """How much of a task is done, from 0 to 1, and what it cost so far."""

    done: float = 0.0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class EarnedValue:
    """The figures at a time. Those that divide by nothing are None.

    ``earned_schedule`` is the time by which the baseline had planned to earn what is earned; ``planned_duration`` is
    the baseline's end.
    """

    at: float
    budget_at_completion: float
    planned_value: float
    earned_value: float
    actual_cost: float
    earned_schedule: float
    planned_duration: int

    @property
    def schedule_variance(self) -> float:
        """SV = EV − PV; below 0: behind."""
        return self.earned_value - self.planned_value

    @property
    def cost_variance(self) -> float:
        """CV = EV − AC; below 0: dearer than planned."""
        return self.earned_value - self.actual_cost

    @property
    def spi(self) -> float | None:
        """Schedule performance index, EV ÷ PV."""
        return _ratio(self.earned_value, self.planned_value)

    @property
    def cpi(self) -> float | None:
        """Cost performance index, EV ÷ AC."""
        return _ratio(self.earned_value, self.actual_cost)

    @property
    def estimate_at_completion(self) -> float | None:
        """EAC = BAC ÷ CPI: the whole cost if what remains costs as much more or less as what is done."""
        return _ratio(self.budget_at_completion, self.cpi)

    @property
    def estimate_to_complete(self) -> float | None:
        """ETC = EAC − AC."""
        whole = self.estimate_at_completion
        return None if whole is None else whole - self.actual_cost

    @property
    def variance_at_completion(self) -> float | None:
        """VAC = BAC − EAC; below 0: over the budget."""
        whole = self.estimate_at_completion
        return None if whole is None else self.budget_at_completion - whole

    @property
    def tcpi(self) -> float | None:
        """To-complete performance index, (BAC − EV) ÷ (BAC − AC): what it takes to still keep the budget."""
        left = self.budget_at_completion - self.actual_cost
        return _ratio(self.budget_at_completion - self.earned_value, left) if left > 0 else None

    @property
    def schedule_variance_time(self) -> float:
        """SV(t) = earned schedule − actual time, in seconds; below 0: late by so much."""
        return self.earned_schedule - self.at

    @property
    def spi_time(self) -> float | None:
        """SPI(t) = earned schedule ÷ actual time."""
        return _ratio(self.earned_schedule, self.at)

    @property
    def duration_at_completion(self) -> float | None:
        """IEAC(t) = planned duration ÷ SPI(t), in seconds."""
        return _ratio(self.planned_duration, self.spi_time)

    def as_dict(self) -> dict[str, Any]:
        """All figures by name; times carry their unit."""
        return {
            "at_seconds": self.at,
            "budget_at_completion": self.budget_at_completion,
            "planned_value": self.planned_value,
            "earned_value": self.earned_value,
            "actual_cost": self.actual_cost,
            "schedule_variance": self.schedule_variance,
            "cost_variance": self.cost_variance,
            "spi": self.spi,
            "cpi": self.cpi,
            "estimate_at_completion": self.estimate_at_completion,
            "estimate_to_complete": self.estimate_to_complete,
            "variance_at_completion": self.variance_at_completion,
            "tcpi": self.tcpi,
            "earned_schedule_seconds": self.earned_schedule,
            "schedule_variance_seconds": self.schedule_variance_time,
            "spi_time": self.spi_time,
            "duration_at_completion_seconds": self.duration_at_completion,
        }


def _ratio(value: float, by: float | None) -> float | None:
    return value / by if by else None


def planned_value(tasks: Iterable[PlannedTask], at: float) -> float:
    """The value planned to be earned by a time."""
    return sum(task.planned_value(at) for task in tasks)


def measure(tasks: Sequence[PlannedTask], progress: Mapping[str, TaskProgress], at: float) -> EarnedValue:
    """The figures of some tasks of a baseline at a time. A task without progress is not begun."""
    known = [progress.get(task.id, TaskProgress()) for task in tasks]
    earned = sum(task.budget * one.done for task, one in zip(tasks, known, strict=True))
    return EarnedValue(
        at=at,
        budget_at_completion=sum(task.budget for task in tasks),
        planned_value=planned_value(tasks, at),
        earned_value=earned,
        actual_cost=sum(one.cost for one in known),
        earned_schedule=earned_schedule(tasks, earned),
        planned_duration=max((task.finish for task in tasks), default=0),
    )


def measure_groups(
    tasks: Iterable[PlannedTask],
    progress: Mapping[str, TaskProgress],
    at: float,
    group: Callable[[PlannedTask], Key],
) -> dict[Key, EarnedValue]:
    """The figures of each group of tasks, such as a tier or a phase, in the order in which groups appear."""
    groups: dict[Key, list[PlannedTask]] = {}
    for task in tasks:
        groups.setdefault(group(task), []).append(task)
    return {key: measure(members, progress, at) for key, members in groups.items()}


def earned_schedule(tasks: Sequence[PlannedTask], earned: float) -> float:
    """The earliest time at which the planned value reaches what is earned, on a straight line between its corners."""
    if earned <= 0:
        return 0.0
    corners = _corners(tasks)
    place = bisect_left(corners, earned * (1 - 1e-12), key=lambda at: planned_value(tasks, at))
    if place == len(corners):
        return float(corners[-1]) if corners else 0.0
    corner, before = corners[place], corners[place - 1] if place else 0
    # Tasks without duration make steps: the line to a corner ends below what is planned at it.
    step = sum(task.budget for task in tasks if task.start == task.finish == corner)
    value = planned_value(tasks, before)
    rise = planned_value(tasks, corner) - step - value
    return before + (corner - before) * min((earned - value) / rise, 1.0) if rise > 0 else float(corner)


def _corners(tasks: Iterable[PlannedTask]) -> list[int]:
    return sorted({time for task in tasks for time in (task.start, task.finish)})


@dataclass(frozen=True, slots=True)
class Achievement:
    """Value earned, or cost incurred, at a time."""

    at: float
    value: float = 0.0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A point of the S-curve: planned value, and where it is known earned value and actual cost, all cumulative."""

    seconds: float
    planned: float
    earned: float | None = None
    actual: float | None = None


def s_curve(
    tasks: Sequence[PlannedTask], achievements: Iterable[Achievement] = (), at: float | None = None, points: int = 60
) -> list[CurvePoint]:
    """Planned value at equal distances, and up to ``at``, which is a point of its own, what was achieved."""
    achieved = sorted(achievements, key=lambda one: one.at)
    end = max([task.finish for task in tasks] + [round(one.at) for one in achieved] + [round(at or 0), 1])
    times = {end * place / points for place in range(points + 1)} | ({float(at)} if at is not None else set())
    curve = []
    for time in sorted(times):
        known = at is not None and time <= at
        upto = [one for one in achieved if one.at <= time] if known else []
        curve.append(
            CurvePoint(
                time,
                planned_value(tasks, time),
                sum(one.value for one in upto) if known else None,
                sum(one.cost for one in upto) if known else None,
            )
        )
    return curve
