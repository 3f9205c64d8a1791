"""The critical path where activities keep different calendars.

Every activity has an *axis* of its own: the working seconds of its tier's calendar from the start of the plan. Its
duration and the lags of the links that arrive at it are counted there; between activities of different calendars a
link is carried over in real time. What takes no time, a checkpoint above all, lives in real time itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from milepost.schedule.calendar import WorkingTime
from milepost.schedule.critical_path import CriticalPath
from milepost.schedule.network import FF, FS, SF, Network

AxisLink = tuple[int, int | None, int, int]
"""The other end, the least distance between the begins where both ends keep one calendar, kind, lag."""


@dataclass(frozen=True)
class Axes:
    """The axis of every activity of a network, by number. Activities of one calendar share one object."""

    network: Network
    of: Sequence[WorkingTime]

    def start(self, here: int, begin: int) -> int:
        """The real second at which an activity starts that begins at a place of its axis."""
        return self.of[here].begins(begin)

    def finish(self, here: int, begin: int) -> int:
        """The real second at which it finishes."""
        return self.of[here].ends(begin + self.network.durations[here])

    @cached_property
    def before(self) -> list[list[AxisLink]]:
        """For each activity the links to its predecessors."""
        rows, of = self.network.predecessors, self.of
        found: list[list[AxisLink]] = []
        links = list(zip(rows.nodes, self.network.start_offsets, rows.kinds, rows.lags, strict=True))
        for here, own in enumerate(of):
            found.append(
                [
                    (before, offset if of[before] is own else None, kind, lag)
                    for before, offset, kind, lag in links[rows.starts[here] : rows.starts[here + 1]]
                ]
            )
        return found

    @cached_property
    def after(self) -> list[list[AxisLink]]:
        """For each activity the links to its successors."""
        found: list[list[AxisLink]] = [[] for _ in range(len(self.network))]
        for here, row in enumerate(self.before):
            for before, offset, kind, lag in row:
                found[before].append((here, offset, kind, lag))
        return found

    def bounds(self, here: int, begins: Sequence[int], start: Sequence[int], finish: Sequence[int]) -> list[int]:
        """Where each predecessor lets an activity begin, given where they begin, and their real seconds."""
        axis, found = self.of[here], []
        for before, offset, kind, lag in self.before[here]:
            if offset is not None:
                found.append(begins[before] + offset)
            elif kind == FS:
                found.append(axis.worked(finish[before]) + lag)
            else:
                moment = finish[before] if kind == FF else start[before]
                found.append(self.carried(here, moment, kind, lag, self.network.durations[here]))
        return found

    def last(self, here: int, begin: int, begins: Sequence[int], start: Sequence[int]) -> int:
        """Where an activity has to begin at the latest, given where its successors begin; at ``begin`` anyway."""
        axis, time = self.of[here], self.network.durations[here]
        for after, offset, kind, lag in self.after[here]:
            if offset is not None:
                bound = begins[after] - offset
            elif kind == FS and not lag:
                bound = axis.worked(start[after]) - time
            else:
                bound = self.latest(here, after, begins[after], kind, lag)
            if bound < begin:
                begin = bound
        return begin

    def earliest(self, here: int, before: int, begin: int, kind: int, lag: int) -> int:
        """Where an activity may begin at the earliest, given where a predecessor begins."""
        own = self.network.durations[here]
        if self.of[here] is self.of[before]:
            time = self.network.durations[before] if kind in (FS, FF) else 0
            return begin + time + lag - (own if kind in (FF, SF) else 0)
        moment = self.finish(before, begin) if kind in (FS, FF) else self.start(before, begin)
        return self.carried(here, moment, kind, lag, own)

    def carried(self, here: int, moment: int, kind: int, lag: int, own: int) -> int:
        """Where an activity of a duration may begin that waits for a real second of one with another calendar."""
        place = self.of[here].worked(moment)
        if kind not in (FF, SF):
            return place + lag
        if own and not lag and self.of[here].ends(place) < moment:
            place += 1  # it is to finish no earlier than in a pause of its own: a second of work beyond
        return place + lag - own

    def latest(self, here: int, after: int, begin: int, kind: int, lag: int) -> int:
        """Where an activity has to begin at the latest, given where a successor begins: the inverse of `earliest`."""
        time = self.network.durations[here] if kind in (FS, FF) else 0
        own = self.network.durations[after] if kind in (FF, SF) else 0
        if self.of[here] is self.of[after]:
            return begin + own - lag - time
        place = begin + own - lag
        moment = self.of[after].ends(place) if own and not lag else self.of[after].begins(place)
        found = self.of[here].worked(moment)
        if kind not in (FS, FF) and self.of[here].begins(found) > moment:
            found -= 1
        return found - time


@dataclass(frozen=True)
class CalendarPath(CriticalPath):
    """Dates and floats of activities that keep different calendars.

    Dates are real seconds from the start of the plan, floats working seconds of the activity's own calendar.
    ``releases``, ``begins`` (the early starts) and ``deadlines`` (latest finishes by activity number) are places on the
    axes.
    """

    axes: Axes
    begins: list[int]
    deadlines: Mapping[int, int]

    @cached_property
    def critical(self) -> tuple[str, ...]:
        """Ids of all activities that hold up the end, or come too late, in plan order.

        A pause between two of them gives the first some float, though it holds up the second: so what counts is the
        longest chains.
        """
        longest = self.longest_successors
        ids = self.network.ids
        return tuple(ids[here] for here, room in enumerate(self.total_float) if room <= 0 or here in longest)

    @cached_property
    def driving_predecessors(self) -> list[list[int]]:
        """For each activity the predecessors whose dates alone would let it start no earlier."""
        begins, found = self.begins, []
        for here, row in enumerate(self.axes.before):
            bounds = self.axes.bounds(here, begins, self.early_start, self.early_finish)
            found.append([link[0] for link, bound in zip(row, bounds, strict=True) if bound == begins[here]])
        return found


def compute_on_axes(
    axes: Axes, *, releases: Mapping[str, int] | None = None, deadlines: Mapping[str, int] | None = None
) -> CalendarPath:
    """Find the dates and floats of all activities.

    ``releases`` are the earliest allowed starts, ``deadlines`` the latest allowed finishes, by activity id: places on
    the activities' axes.

    Raises:
        PlanInvalid: the dependencies form a cycle, or a calendar holds too little working time.
        UnknownName: a release or a deadline is for an activity the network does not have.
    """
    network = axes.network
    count = range(len(network))
    earliest = [0] * len(network)
    for name, release in (releases or {}).items():
        earliest[network.number(name)] = max(release, 0)
    begins, start, finish = _forward(axes, earliest)
    makespan = max(finish, default=0)
    free = _free(axes, begins, start, makespan)
    late, late_start = _backward(axes, makespan, deadlines or {})
    return CalendarPath(
        network,
        earliest,
        start,
        finish,
        late_start,
        [axes.finish(here, late[here]) for here in count],
        [late[here] - begins[here] for here in count],
        free,
        makespan,
        axes,
        begins,
        {network.number(name): place for name, place in (deadlines or {}).items()},
    )


def _forward(axes: Axes, releases: list[int]) -> tuple[list[int], list[int], list[int]]:
    """Early begins on the axes, and starts and finishes in real seconds."""
    times = axes.network.durations
    begins, start, finish = ([0] * len(times) for _ in range(3))
    for here in axes.network.order:
        axis = axes.of[here]
        begins[here] = begin = max([releases[here], *axes.bounds(here, begins, start, finish)])
        start[here], finish[here] = axis.begins(begin), axis.ends(begin + times[here])
    return begins, start, finish


def _ends(axes: Axes, makespan: int) -> list[int]:
    """Where on its axis an activity has to begin to finish with the plan."""
    ends = {axis: axis.worked(makespan) for axis in set(axes.of)}
    return [ends[axis] - time for axis, time in zip(axes.of, axes.network.durations, strict=True)]


def _free(axes: Axes, begins: list[int], start: list[int], makespan: int) -> list[int]:
    """Free floats on the axes."""
    return [axes.last(here, end, begins, start) - begins[here] for here, end in enumerate(_ends(axes, makespan))]


def _backward(axes: Axes, makespan: int, deadlines: Mapping[str, int]) -> tuple[list[int], list[int]]:
    """Late begins on the axes, and late starts in real seconds."""
    network = axes.network
    late, start = _ends(axes, makespan), [0] * len(network)
    for name, deadline in deadlines.items():
        here = network.number(name)
        late[here] = min(late[here], deadline - network.durations[here])
    for here in reversed(network.order):
        late[here] = axes.last(here, late[here], late, start)
        start[here] = axes.of[here].begins(late[here])
    return late, start
