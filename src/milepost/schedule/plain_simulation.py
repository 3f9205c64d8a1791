"""Simulation in plain Python: 64 samples at a time, all of one activity's together. For small plans."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from milepost.schedule.network import FF, FS, SF
from milepost.schedule.sampling import bits, draw, keys, segments, tier_keys
from milepost.schedule.simulation import CHUNK, Experiment, Moments, Tally, incoming

_LANES = 64

Placed = tuple[int, int, int, bool]
"""Start and finish of an activity, the one whose place it took over (or −1), and whether its links could hold it."""


def run(experiment: Experiment, samples: int, seed: int) -> Tally:
    """Draw all samples."""
    return Drawing(experiment, seed).run(samples)


class Drawing:
    """Draws samples and sums them up."""

    def __init__(self, experiment: Experiment, seed: int) -> None:
        """Make ready to draw; every random number follows from the seed."""
        self._given = experiment
        self._model = experiment.model
        self._keys = keys(experiment.model, seed)
        self._tier_keys = tier_keys(experiment.model, seed)
        self._links = incoming(experiment.network.predecessors)
        self._count = len(experiment.network)
        none = bytes(8 * self._count)
        self._tally = Tally(
            array("q"), array("d"), [array("q") for _ in experiment.watched], array("q", none), array("q", none), []
        )
        self._moments = Moments.empty(self._count)

    def run(self, samples: int) -> Tally:
        """Draw so many samples."""
        for first in range(0, samples, CHUNK):
            self._moments = Moments.empty(self._count)
            self._tally.moments.append(self._moments)
            last = min(first + CHUNK, samples)
            for lane in range(first, last, _LANES):
                self._draw(range(lane, min(lane + _LANES, last)))
        return self._tally

    def _draw(self, samples: range) -> None:
        shared = [bits(key, samples) for key in self._tier_keys]
        drawn: list[list[float]] = [[]] * self._count
        times: list[list[int]] = [[]] * self._count
        costs = [0.0] * len(samples)
        for here in self._given.order:
            drawn[here] = draw(self._model, here, self._keys[here], shared[self._model.tier[here]], samples)
            times[here] = self._settle(here, drawn[here], costs)
        self._tally.costs.extend(costs)
        if self._given.capacities and self._count:
            makespans = self._place_all(drawn, times)
        else:
            makespans = self._start_freely(times, len(samples))
        self._tally.makespans.extend(makespans)
        self._sum_up(times, makespans)

    def _settle(self, here: int, drawn: list[float], costs: list[float]) -> list[int]:
        """Whole seconds that remain of each duration after escalation, and its cost on top of the others'."""
        model = self._model
        tier, limit, elapsed = model.tier[here], model.limit[here], model.elapsed[here]
        rate = model.rate[tier] if tier >= 0 else 0.0
        times = []
        for lane, duration in enumerate(drawn):
            if duration > limit:
                self._tally.escalated[here] += 1
                parts = segments(model, here, duration)
                cost = -elapsed * rate
                duration = 0.0
                for place, seconds in parts:
                    duration += seconds
                    cost += seconds * model.rate[place]
                costs[lane] += max(cost, 0.0)
            elif rate:
                costs[lane] += max((duration - elapsed) * rate, 0.0)
            times.append(max(int(duration - elapsed + 0.5), 1) if duration else 0)
        return times

    def _start_freely(self, times: list[list[int]], width: int) -> list[int]:
        """Makespans when nothing but its predecessors holds an activity back; count what is critical."""
        start: list[list[int]] = [[]] * self._count
        finish: list[list[int]] = [[]] * self._count
        makespans = [0] * width
        for here in self._given.order:
            begin = [self._given.releases[here]] * width
            for link in self._links[here]:
                begin = list(map(max, begin, _bounds(link, start, finish, times[here])))
            start[here] = begin
            finish[here] = [first + time for first, time in zip(begin, times[here], strict=True)]
            makespans = list(map(max, makespans, finish[here]))
        marked: list[list[bool]] = [[last == end for last, end in zip(row, makespans, strict=True)] for row in finish]
        for here in reversed(self._given.order):
            marks = marked[here]
            self._tally.critical[here] += sum(marks)
            for link in self._links[here] if any(marks) else ():
                bounds = _bounds(link, start, finish, times[here])
                before = marked[link[0]]
                for lane, bound in enumerate(bounds):
                    if marks[lane] and bound == start[here][lane]:
                        before[lane] = True
        for kept, here in zip(self._tally.watched, self._given.watched, strict=True):
            kept.extend(finish[here])
        return makespans

    def _place_all(self, drawn: list[list[float]], times: list[list[int]]) -> list[int]:
        """Makespans within the tiers' capacities, one sample after the other."""
        makespans = []
        for lane in range(len(times[0]) if times else 0):
            placed = self._place([row[lane] for row in drawn], [row[lane] for row in times])
            makespans.append(max(one[1] for one in placed))
            self._mark(placed, [row[lane] for row in times], makespans[-1])
            for kept, here in zip(self._tally.watched, self._given.watched, strict=True):
                kept.append(placed[here][1])
        return makespans

    def _place(self, drawn: list[float], times: list[int]) -> list[Placed]:
        """Serial schedule generation: each activity on the place of its tier that is free first."""
        model = self._model
        free = [[(0, place, -1) for place in range(capacity)] for capacity in model.capacity]
        placed: list[Placed] = [(0, 0, -1, True)] * self._count
        for here in self._given.order:
            ready = self._given.releases[here]
            for link in self._links[here]:
                ready = max(ready, _bound(link, placed, times[here]))
            if model.tier[here] < 0 or not times[here]:
                placed[here] = (ready, ready + times[here], -1, True)
                continue
            start, held, linked = -1, -1, True
            at = ready
            for tier, length in self._parts(here, drawn[here], times[here]):
                end, place, holder = min(free[tier])
                begin = max(at, end)
                if start < 0:
                    start, held = begin, holder if end == begin else -1
                elif end > at:
                    held, linked = holder, False
                at = begin + length
                free[tier][free[tier].index((end, place, holder))] = (at, place, here)
            placed[here] = (start, at, held, linked)
        return placed

    def _parts(self, here: int, drawn: float, time: int) -> list[tuple[int, int]]:
        """Where the remaining seconds of an activity are worked off: (tier, whole seconds)."""
        model = self._model
        if drawn <= model.limit[here]:
            return [(model.tier[here], time)]
        found = []
        total, before = 0.0, 0
        for tier, seconds in segments(model, here, drawn):
            total += seconds
            until = min(max(int(total - model.elapsed[here] + 0.5), 0), time)
            if until > before:
                found.append((tier, until - before))
                before = until
        return found if before == time else [*found, (tier, time - before)]

    def _mark(self, placed: Sequence[Placed], times: Sequence[int], makespan: int) -> None:
        """Count what is critical: what ends last, and what holds back something critical by a link or on its place."""
        marks = [finish == makespan for _, finish, _, _ in placed]
        for here in reversed(self._given.order):
            if not marks[here]:
                continue
            self._tally.critical[here] += 1
            start, _, held, linked = placed[here]
            if held >= 0:
                marks[held] = True
            for link in self._links[here] if linked else ():
                if self._allowed(here, link, placed, times[here]) == start:
                    marks[link[0]] = True

    def _allowed(self, here: int, link: tuple[int, int, int], placed: Sequence[Placed], time: int) -> int:
        """The start a link allows an activity of a duration."""
        return _bound(link, placed, time)

    def _sum_up(self, times: list[list[int]], makespans: list[int]) -> None:
        late = [makespan - self._given.reference for makespan in makespans]
        for here, median in enumerate(self._given.medians):
            if self._model.scale[here]:
                more = [time - median for time in times[here]]
                self._moments.first[here] += sum(more)
                self._moments.second[here] += sum(one * one for one in more)
                self._moments.product[here] += sum(one * other for one, other in zip(more, late, strict=True))


def _bounds(link: tuple[int, int, int], start: list[list[int]], finish: list[list[int]], times: list[int]) -> list[int]:
    """The starts a link allows, by sample."""
    before, kind, lag = link
    base = finish[before] if kind in (FS, FF) else start[before]
    if kind in (FF, SF):
        return [first + lag - time for first, time in zip(base, times, strict=True)]
    return [first + lag for first in base] if lag else base


def _bound(link: tuple[int, int, int], placed: Sequence[Placed], time: int) -> int:
    """The start a link allows."""
    before, kind, lag = link
    base = placed[before][1 if kind in (FS, FF) else 0]
    return base + lag - (time if kind in (FF, SF) else 0)
