"""The quality of a plan's schedule, point by point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from milepost.app.baselines import Baseline
from milepost.app.settings import Settings
from milepost.plan.model import Plan
from milepost.schedule.critical_path import compute
from milepost.schedule.network import Network
from milepost.schedule.quality import AGENT, BaselineStatus, Point, Subject, Thresholds, assess

if TYPE_CHECKING:
    from milepost.app.dates import PlanDates


@dataclass(frozen=True, slots=True)
class Audit:
    """The 14 points and the preset of thresholds they were held against."""

    preset: str
    points: tuple[Point, ...]

    @property
    def failed(self) -> tuple[Point, ...]:
        """The points that do not pass; those that cannot be told are not among them."""
        return tuple(point for point in self.points if point.passed is False)

    def as_dict(self) -> dict[str, Any]:
        """The audit as JSON can hold it."""
        return {"version": 1, "preset": self.preset, "points": [point.as_dict() for point in self.points]}


def audit_plan(
    plan: Plan,
    settings: Settings,
    *,
    gates: bool = True,
    thresholds: Thresholds = AGENT,
    baseline: Baseline | None = None,
    at: float = 0.0,
    dates: PlanDates | None = None,
    now: float | None = None,
) -> Audit:
    """Assess a plan's schedule. ``at`` is now, in working seconds from the baseline's start.

    With ``dates`` what the tasks say of dates counts: their deadlines may give negative float, and those that are over
    ``now`` (seconds since 1970) are missed by tasks that are not done.

    Raises:
        PlanInvalid: the dependencies form a cycle, or an estimate is impossible.
    """
    speeds = {rank: tier.speed for rank, tier in settings.tiers.items()}
    network = Network.from_plan(plan, gates=gates, speeds=speeds, default_effort=settings.default_effort)
    status = None
    if baseline:
        finishes = {task.id: task.finish_seconds for task in baseline.tasks}
        status = BaselineStatus(finishes, baseline.makespan_seconds, at)
    if dates is None:
        return Audit(thresholds.name, assess(Subject(compute(network), baseline=status, thresholds=thresholds)))
    from milepost.app.schedule_dates import Dating

    dating = Dating(plan, network, dates)
    stated = [*dating.limits.due.items(), *dating.limits.deadline.items()]
    over = frozenset(name for name, moment in stated if now is not None and moment.timestamp() <= now)
    overdue = over if stated and now is not None else None
    subject = Subject(dating.path(), dating.deadlines, status, thresholds, overdue)
    return Audit(thresholds.name, assess(subject))
