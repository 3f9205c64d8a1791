"""What a forecast says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from milepost.schedule.calibration import Calibration
from milepost.schedule.forecast import Histogram


@dataclass(frozen=True, slots=True)
class Percentile:
    """The makespan that so many percent of the samples keep; ``date`` in ISO form where there are dates."""

    percent: float
    seconds: int
    cost: float
    date: str | None


@dataclass(frozen=True, slots=True)
class Chance:
    """How probable it is to end by a deadline, in working seconds from now."""

    seconds: int
    probability: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Milestone:
    """When a checkpoint will probably be reached: with even odds, and with the confidence asked for.

    Dates in ISO form where there are any.
    """

    id: str
    name: str
    p50_seconds: int
    confident_seconds: int
    p50_date: str | None = None
    confident_date: str | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """How probable it is to keep a task's due date or deadline (``kind``), a moment in ISO form.

    ``confident`` is when the task is finished with the confidence asked for.
    """

    id: str
    kind: str
    at: str
    probability: float
    confident: str


@dataclass(frozen=True, slots=True)
class TaskForecast:
    """What a task does to the plan's end; see :class:`~milepost.schedule.forecast.Simulation` for the figures."""

    id: str
    title: str
    tier: int | None
    mean_seconds: float
    deviation_seconds: float
    criticality: float
    cruciality: float
    sensitivity: float
    escalation: float


@dataclass(frozen=True, slots=True)
class ForecastReport:
    """A forecast of what remains. ``planned`` is the end without any doubt, and the chance to keep it.

    ``matters`` are the tasks that decide the end, the most decisive first. ``guessed`` counts the tasks whose range is
    not the plan's but their tier's. ``promises`` are the dates that tasks state, ``notes`` what of them does not count.
    Times are working seconds from now; ``elapsed``: real ones, because the tiers' calendars differ.
    """

    title: str
    samples: int
    seed: int
    gates: bool
    capacities: bool
    distribution: str
    correlation: float
    escalation_factor: float
    compiled: bool
    tasks: int
    done: int
    guessed: int
    planned: Chance
    mean_seconds: float
    deviation_seconds: float
    mean_cost: float
    confidence: float
    percentiles: tuple[Percentile, ...]
    deadline: Chance | None
    histogram: Histogram
    milestones: tuple[Milestone, ...]
    matters: tuple[TaskForecast, ...]
    calibrations: Mapping[int, Calibration]
    start: str | None = None
    start_from: str | None = None
    planned_date: str | None = None
    elapsed: bool = False
    promises: tuple[Promise, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def confident(self) -> Percentile:
        """The percentile of the confidence asked for."""
        return next(one for one in self.percentiles if one.percent == self.confidence)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON can hold it."""
        return {"version": 1, **asdict(self)}
