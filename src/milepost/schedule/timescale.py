"""Real time under a network: which calendar each activity keeps, and what its schedule's seconds mean as dates.

Where all tasks keep one calendar, the network is scheduled in its working seconds, as without any calendar, and the
result is carried over to dates. Where they differ it is scheduled on the activities' own axes, in real seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cached_property

from milepost.schedule.calendar import ALWAYS, Calendar, WorkingTime
from milepost.schedule.calendar_leveling import level_on_axes
from milepost.schedule.calendar_path import Axes, CalendarPath, compute_on_axes
from milepost.schedule.chains import MissedDeadline, driving_chain
from milepost.schedule.critical_path import CriticalPath, compute
from milepost.schedule.leveling import LeveledSchedule, level
from milepost.schedule.network import Network


@dataclass(frozen=True)
class Calendars:
    """The moment a plan starts, the calendar of each tier by rank, and the calendar of tiers without one.

    Dates are shown in ``zone``. What is counted of each calendar is remembered.
    """

    start: datetime
    zone: tzinfo
    usual: Calendar = ALWAYS
    tiers: Mapping[int, Calendar] = field(default_factory=dict)
    _counted: dict[int, WorkingTime] = field(default_factory=dict, repr=False, compare=False)

    def of(self, rank: int) -> Calendar:
        """The calendar of a tier."""
        return self.tiers.get(rank, self.usual)

    def working_time(self, calendar: Calendar) -> WorkingTime:
        """What a calendar counts from the start."""
        key = id(calendar)
        if key not in self._counted:
            self._counted[key] = calendar.working_time(self.start)
        return self._counted[key]

    def timescale(self, network: Network) -> Timescale:
        """The timescale of a network whose unassigned tasks go to the weakest tier."""
        weakest = max(self.tiers, default=1)
        kept = [
            self.of(weakest if one.tier is None else one.tier) if time and not one.checkpoint else None
            for one, time in zip(network.activities, network.durations, strict=True)
        ]
        used = list({id(calendar): calendar for calendar in kept if calendar}.values()) or [self.of(weakest)]
        if len(used) == 1:
            shared = self.working_time(used[0])
            return Timescale(network, self.zone, shared, [shared] * len(network), differ=False)
        times = [self.working_time(calendar or ALWAYS) for calendar in kept]
        return Timescale(network, self.zone, self.working_time(ALWAYS), times, differ=True)


@dataclass(frozen=True)
class Timescale:
    """What seconds mean in the schedules of a network. ``main`` is the axis of the schedules' dates.

    Without ``differ`` that is the working time of the one calendar; else it is real time, and ``times`` are the axes of
    the activities, on which their floats, releases and deadlines are counted.
    """

    network: Network
    zone: tzinfo
    main: WorkingTime
    times: list[WorkingTime]
    differ: bool
    _texts: dict[int, str] = field(default_factory=dict, repr=False, compare=False)

    def place(self, name: str, moment: datetime) -> int:
        """Where a moment lies on the axis of an activity; negative: so many real seconds before the start."""
        time = self.times[self.network.number(name)]
        return time.worked(time.elapsed(moment))

    def position(self, moment: datetime) -> int:
        """Where a moment lies on the axis of dates."""
        return self.main.worked(self.main.elapsed(moment))

    def compute(self, releases: Mapping[str, int], deadlines: Mapping[str, int]) -> CriticalPath:
        """Find the dates and floats of all activities; see :func:`milepost.schedule.critical_path.compute`.

        Raises:
            PlanInvalid: the dependencies form a cycle, or a calendar holds too little working time.
        """
        if self.differ:
            return compute_on_axes(self.axes, releases=releases, deadlines=deadlines)
        return compute(self.network, releases=releases, deadlines=deadlines)

    @cached_property
    def axes(self) -> Axes:
        """The axes of all activities."""
        return Axes(self.network, self.times)

    def level(self, path: CriticalPath, capacities: Mapping[int, int], deadlines: Mapping[str, int]) -> LeveledSchedule:
        """Find a schedule within capacity; see :func:`milepost.schedule.leveling.level`.

        Raises:
            PlanInvalid: a task needs a tier that is not there or takes on nothing.
        """
        if isinstance(path, CalendarPath):
            return level_on_axes(path, capacities)
        return level(path, capacities, deadlines)

    def missed(self, path: CriticalPath, deadlines: Mapping[str, int]) -> tuple[MissedDeadline, ...]:
        """Explain the deadlines that the early dates break, the worst first; times on the activity's axis.

        ``begins`` of a chain is on the axis of dates.
        """
        found = []
        for name, deadline in deadlines.items():
            here = self.network.number(name)
            begin = path.begins[here] if isinstance(path, CalendarPath) else path.early_start[here]
            finish = begin + self.network.durations[here]
            if finish > deadline:
                chain = driving_chain(path, name)
                begins = path.early_start[self.network.number(chain[0])]
                found.append(MissedDeadline(name, deadline, finish, chain, begins))
        return tuple(sorted(found, key=lambda one: (-one.late, self.network.number(one.id))))

    def starting(self, seconds: int) -> datetime:
        """The moment at which what starts at a place of the axis of dates does start."""
        return self._moment(self.main.begins(seconds))

    def finishing(self, seconds: int) -> datetime:
        """The moment at which what finishes at a place of the axis of dates has finished."""
        return self._moment(self.main.ends(seconds))

    def starting_text(self, seconds: int) -> str:
        """The same as :meth:`starting` in ISO form, to the second."""
        return self._text(self.main.begins(seconds))

    def finishing_text(self, seconds: int) -> str:
        """The same as :meth:`finishing` in ISO form, to the second."""
        return self._text(self.main.ends(seconds))

    def _moment(self, elapsed: int) -> datetime:
        return self.main.moment(elapsed, self.zone)

    def _text(self, elapsed: int) -> str:
        # Many dates of a schedule are the same, and turning them into texts takes longer than finding them.
        found = self._texts.get(elapsed)
        if found is None:
            found = self._texts[elapsed] = self._moment(elapsed).isoformat(timespec="seconds")
        return found
