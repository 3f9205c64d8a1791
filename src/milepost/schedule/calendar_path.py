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
        return [
            [
                before
                for before, _, kind, lag in row
                if self.axes.earliest(here, before, self.begins[before], kind, lag) == self.begins[here]
            ]
            for here, row in enumerate(self.axes.before)
        ]


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
    begins = _forward(axes, earliest)
    finish = [axes.finish(here, begins[here]) for here in count]
    makespan = max(finish, default=0)
    late, free = _backward(axes, begins, makespan, deadlines or {})
    return CalendarPath(
        network,
        earliest,
        [axes.start(here, begins[here]) for here in count],
        finish,
        [axes.start(here, late[here]) for here in count],
        [axes.finish(here, late[here]) for here in count],
        [late[here] - begins[here] for here in count],
        free,
        makespan,
        axes,
        begins,
        {network.number(name): place for name, place in (deadlines or {}).items()},
    )


def _forward(axes: Axes, releases: list[int]) -> list[int]:
    begins = list(releases)
    for here in axes.network.order:
        begin = begins[here]
        for before, offset, kind, lag in axes.before[here]:
            bound = begins[before]
            bound = axes.earliest(here, before, bound, kind, lag) if offset is None else bound + offset
            if bound > begin:
                begin = bound
        begins[here] = begin
    return begins


def _backward(
    axes: Axes, begins: list[int], makespan: int, deadlines: Mapping[str, int]
) -> tuple[list[int], list[int]]:
    """Late begins and free floats on the axes."""
    network = axes.network
    ends = {id(axis): axis.worked(makespan) for axis in axes.of}
    late = [ends[id(axis)] - time for axis, time in zip(axes.of, network.durations, strict=True)]
    free = [latest - begin for latest, begin in zip(late, begins, strict=True)]
    for name, deadline in deadlines.items():
        here = network.number(name)
        late[here] = min(late[here], deadline - network.durations[here])
    for here in reversed(network.order):
        latest, room = late[here], free[here]
        for after, offset, kind, lag in axes.after[here]:
            if offset is None:
                bound = axes.latest(here, after, late[after], kind, lag)
                early = axes.latest(here, after, begins[after], kind, lag)
            else:
                bound, early = late[after] - offset, begins[after] - offset
            if bound < latest:
                latest = bound
            if early - begins[here] < room:
                room = early - begins[here]
        late[here], free[here] = latest, room
    return late, free
