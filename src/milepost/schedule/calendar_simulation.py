"""Simulation where tiers keep different calendars: in plain Python, each activity on the axis of its own calendar."""

from __future__ import annotations

from collections.abc import Sequence

from milepost.schedule.calendar_path import Axes
from milepost.schedule.network import FF, FS, SF
from milepost.schedule.plain_simulation import Drawing, Placed
from milepost.schedule.simulation import Experiment, Tally


def run(experiment: Experiment, samples: int, seed: int) -> Tally:
    """Draw all samples; makespans and finishes are real seconds from the start."""
    return _CalendarDrawing(experiment, seed).run(samples)


class _CalendarDrawing(Drawing):
    def __init__(self, experiment: Experiment, seed: int) -> None:
        super().__init__(experiment, seed)
        assert experiment.axes is not None
        self._axes: Axes = experiment.axes

    def _start_freely(self, times: list[list[int]], width: int) -> list[int]:
        """Makespans when nothing but its predecessors holds an activity back, one sample after the other."""
        makespans = []
        for lane in range(width):
            durations = [row[lane] for row in times]
            placed: list[Placed] = [(0, 0, -1, True)] * self._count
            for here in self._given.order:
                placed[here] = self._freely(here, self._ready(here, placed, durations[here]), durations[here])
            makespans.append(max((one[1] for one in placed), default=0))
            self._mark(placed, durations, makespans[-1])
            for kept, here in zip(self._tally.watched, self._given.watched, strict=True):
                kept.append(placed[here][1])
        return makespans

    def _freely(self, here: int, place: int, time: int) -> Placed:
        axis = self._axes.of[here]
        start = axis.begins(place)
        return start, axis.ends(place + time) if time else start, -1, True

    def _place(self, drawn: list[float], times: list[int]) -> list[Placed]:
        """Serial schedule generation: each activity on the place of its tier that is free first, in real time."""
        model = self._model
        free = [[(0, place, -1) for place in range(capacity)] for capacity in model.capacity]
        placed: list[Placed] = [(0, 0, -1, True)] * self._count
        for here in self._given.order:
            place = self._ready(here, placed, times[here])
            if model.tier[here] < 0 or not times[here]:
                placed[here] = self._freely(here, place, times[here])
                continue
            start, held, linked = -1, -1, True
            at = self._axes.of[here].begins(place)
            for tier, length in self._parts(here, drawn[here], times[here]):
                end, number, holder = min(free[tier])
                axis = self._given.tier_times[tier]
                work = axis.worked(max(at, end))
                if start < 0:
                    start, held = axis.begins(work), holder if end >= at else -1
                elif end > at:
                    held, linked = holder, False
                at = axis.ends(work + length)
                free[tier][free[tier].index((end, number, holder))] = (at, number, here)
            placed[here] = (start, at, held, linked)
        return placed

    def _ready(self, here: int, placed: Sequence[Placed], time: int) -> int:
        """Where an activity may begin on its axis."""
        return max(
            self._given.releases[here], *(self._carried(here, link, placed, time) for link in self._links[here]), 0
        )

    def _carried(self, here: int, link: tuple[int, int, int], placed: Sequence[Placed], time: int) -> int:
        before, kind, lag = link
        moment = placed[before][1 if kind in (FS, FF) else 0]
        axis = self._axes.of[here]
        if axis is self._axes.of[before]:
            return axis.worked(moment) + lag - (time if kind in (FF, SF) else 0)
        return self._axes.carried(here, moment, kind, lag, time)

    def _allowed(self, here: int, link: tuple[int, int, int], placed: Sequence[Placed], time: int) -> int:
        return self._axes.of[here].begins(self._carried(here, link, placed, time))
