"""A schedule's dates: when everything happens, and whether what the plan says of dates is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from milepost.app.dates import DateLimits, PlanDates, limits_of
from milepost.plan.model import Plan
from milepost.schedule import CriticalPath, LeveledSchedule, Network, level
from milepost.schedule.calendar_path import CalendarPath
from milepost.schedule.timescale import Timescale

Leveler = Callable[[CriticalPath, Mapping[int, int]], LeveledSchedule]


@dataclass(frozen=True, slots=True)
class RowDates:
    """A task's dates in ISO form; a late date before the plan's start is None, as is what the plan does not state."""

    start: str
    finish: str
    early_start: str
    early_finish: str
    late_start: str | None
    late_finish: str | None
    not_before: str | None = None
    due: str | None = None
    deadline: str | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """A due date or a deadline (``kind``), and the finish within capacity, in ISO form.

    ``late_seconds`` is how much working time the finish comes after it (negative: before it). ``missed_seconds`` says
    by how much it is missed even without limits of capacity: by the ``chain``, which begins at ``chain_begins``.
    """

    id: str
    kind: str
    at: str
    finish: str
    late_seconds: int
    missed_seconds: int = 0
    chain: tuple[str, ...] = ()
    chain_begins: str | None = None


@dataclass(frozen=True)
class ScheduleDates:
    """When a schedule starts and ends, in ISO form, and where the start comes from: ``--start``, ``settings``, ``now``.

    ``calendars`` are those of the tiers by rank; with ``axis`` ``working`` a schedule's dates in seconds are working
    seconds of their one calendar, with ``elapsed`` real ones, because they differ. ``notes`` say what does not count.
    """

    start: str
    finish: str
    stated: str
    zone: str
    axis: str
    calendars: Mapping[int, str]
    promises: tuple[Promise, ...]
    notes: tuple[str, ...]
    scale: Timescale = field(repr=False, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """The dates as JSON can hold them."""
        return {
            "start": self.start,
            "finish": self.finish,
            "start_from": self.stated,
            "zone": self.zone,
            "axis": self.axis,
            "calendars": {str(rank): name for rank, name in self.calendars.items()},
            "promises": [asdict(one) for one in self.promises],
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Dating:
    """A network of a plan with its dates; no activity starts before its ``releases``, in working seconds, either."""

    plan: Plan
    network: Network
    dates: PlanDates
    releases: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def scale(self) -> Timescale:
        """What the seconds of the network's schedules mean."""
        return self.dates.timescale(self.network)

    @cached_property
    def limits(self) -> DateLimits:
        """What the plan says of dates."""
        return limits_of(self.plan, self.network, self.dates)

    @cached_property
    def deadlines(self) -> dict[str, int]:
        """The deadlines as places on the activities' axes."""
        return self.limits.deadlines(self.scale)

    def path(self) -> CriticalPath:
        """The critical path that keeps what the plan says of dates.

        Raises:
            PlanInvalid: the dependencies form a cycle, or a calendar holds too little working time.
        """
        releases = self.limits.releases(self.scale)
        for name, begin in self.releases.items():
            releases[name] = max(begin, releases.get(name, 0))
        return self.scale.compute(releases, self.deadlines)

    def level(self, path: CriticalPath, capacities: Mapping[int, int], leveler: Leveler = level) -> LeveledSchedule:
        """A schedule within capacity: the one that breaks deadlines least, of those the shortest.

        Raises:
            PlanInvalid: a task needs a tier that is not there or takes on nothing.
        """
        if leveler is level:
            return self.scale.level(path, capacities, self.deadlines)
        found = leveler(path, capacities)
        if isinstance(path, CalendarPath) or not self.deadlines:
            return found
        plain = self.scale.level(path, capacities, self.deadlines)  # a search over one calendar knows no deadlines
        bound = max(found.lower_bound, plain.lower_bound)
        return replace(min(found, plain, key=lambda one: (self._late(one), one.makespan)), lower_bound=bound)

    def _late(self, leveled: LeveledSchedule) -> int:
        return sum(max(leveled.finish[self.network.number(name)] - place, 0) for name, place in self.deadlines.items())

    def worked(self, rank: int, makespan: int) -> int:
        """The working seconds of a tier within a makespan."""
        calendars = self.dates.calendars
        return calendars.working_time(calendars.of(rank)).worked(makespan) if self.scale.differ else makespan

    def row(self, here: int, path: CriticalPath, leveled: LeveledSchedule) -> RowDates:
        """The dates of an activity."""
        name = self.network.ids[here]
        ends = self.scale.finishing_text
        begins = self.scale.starting_text if self.network.durations[here] else ends
        late_start, late_finish = path.late_start[here], path.late_finish[here]
        limits = self.limits
        return RowDates(
            begins(leveled.start[here]),
            ends(leveled.finish[here]),
            begins(path.early_start[here]),
            ends(path.early_finish[here]),
            begins(late_start) if late_start >= 0 else None,
            ends(late_finish) if late_finish >= 0 else None,
            _iso_of(limits.not_before, name) if limits.not_before else None,
            _iso_of(limits.due, name) if limits.due else None,
            _iso_of(limits.deadline, name) if limits.deadline else None,
        )

    def summary(self, path: CriticalPath, leveled: LeveledSchedule) -> ScheduleDates:
        """The dates of the whole schedule."""
        return ScheduleDates(
            start=iso(self.scale.finishing(0)),
            finish=iso(self.scale.finishing(leveled.makespan)),
            stated=self.dates.stated,
            zone=str(self.scale.zone),
            axis="elapsed" if self.scale.differ else "working",
            calendars=self.dates.named_calendars(),
            promises=self._promises(path, leveled),
            notes=self.limits.notes,
            scale=self.scale,
        )

    def _promises(self, path: CriticalPath, leveled: LeveledSchedule) -> tuple[Promise, ...]:
        """Deadlines before due dates, in plan order."""
        found = []
        for kind, moments in (("deadline", self.limits.deadline), ("due", self.limits.due)):
            places = {name: self.scale.place(name, at) for name, at in moments.items()}
            missed = {one.id: one for one in self.scale.missed(path, places)}
            for name, at in moments.items():
                here = self.network.number(name)
                finish = leveled.finish[here]
                own = self.scale.times[here].worked(finish) if self.scale.differ else finish
                promise = Promise(name, kind, iso(at), iso(self.scale.finishing(finish)), own - places[name])
                if name in missed:
                    begins = iso(self.scale.starting(missed[name].begins))
                    late, chain = missed[name].late, missed[name].chain
                    promise = replace(promise, missed_seconds=late, chain=chain, chain_begins=begins)
                found.append(promise)
        return tuple(found)


def iso(moment: datetime) -> str:
    """A moment in ISO form, to the second."""
    return moment.isoformat(timespec="seconds")


def _iso_of(moments: Mapping[str, datetime], name: str) -> str | None:
    return iso(moments[name]) if name in moments else None
