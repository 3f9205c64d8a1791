"""When a plan is expected to end, as things stand: what is left goes on from what has happened."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from milepost.app.baselines import Baseline
    from milepost.app.schedules import ScheduleReport


@dataclass(frozen=True, slots=True)
class ExpectedEnd:
    """The end of the schedule that goes on from what has happened.

    ``finish`` in ISO form; ``left_seconds`` of working time until then, or of real time where the tiers' calendars
    differ (``real``). ``late_seconds`` is how much later than the baseline's end that is (negative: sooner), ``moved``
    how many tasks start at another time than in the schedule before; None where there is nothing to compare with.
    """

    finish: str
    left_seconds: int
    real: bool
    late_seconds: int | None = None
    moved: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The end as JSON can hold it."""
        return asdict(self)


def end_of_schedule(report: ScheduleReport, baseline: Baseline | None) -> ExpectedEnd:
    """The expected end by a schedule with dates, whose tiers share a calendar."""
    assert report.dates is not None
    makespan, replanned = report.leveled.makespan_seconds, report.replanned
    return ExpectedEnd(
        finish=report.dates.finish,
        left_seconds=max(makespan - (replanned.now_seconds if replanned else 0), 0),
        real=False,
        late_seconds=makespan - baseline.makespan_seconds if baseline and replanned and replanned.timed else None,
        moved=len(replanned.moved) if replanned and replanned.timed else None,
    )
