"""Simulation within the tiers' capacities, compiled by numba: see :mod:`milepost.schedule.simulation_kernels`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from milepost.schedule.compiling import compiled
from milepost.schedule.network import FF, FS, SF
from milepost.schedule.simulation_kernels import (
    ELAPSED,
    KIND,
    LAG,
    LIMIT,
    MEDIAN,
    NODE,
    RELEASE,
    SCALE,
    TIER,
    Inputs,
    Sums,
    add_moments,
    draw_row,
    escalate,
    settle_row,
    share_luck,
)

if TYPE_CHECKING:
    np: Any = None
else:
    import numpy as np

START, FINISH, HELD, LINKED = range(4)
"""Columns of what was placed: from, to, whose place it took over (or −1), whether its links could hold it."""

FREE, HOLDER = range(2)
"""Columns of the places: from when on it is free, and who was on it last (or −1)."""


@compiled
def placed_chunk(inputs: Inputs, first: int, sums: Sums) -> None:
    """Draw a chunk of samples, one after the other."""
    order, starts, links, watched, numbers, integers, keys, tables, tiers, tier_keys, capacity, share, reference = (
        inputs
    )
    makespans, costs, watched_finishes, critical, escalated, moments = sums
    times, placed = np.zeros((len(order), 1), dtype=np.int64), np.zeros((len(order), 4), dtype=np.int64)
    raw, late, marks = np.zeros(1), np.zeros(1), np.zeros(len(order), dtype=np.uint8)
    shared, parts = np.zeros((len(tier_keys), 1), dtype=np.uint64), np.zeros((len(tiers) + 1, 2))
    bounds = np.zeros(len(capacity) + 1, dtype=np.int64)
    bounds[1:] = np.cumsum(capacity)
    places = np.zeros((bounds[-1], 2), dtype=np.int64)
    for lane in range(len(makespans)):
        share_luck(tier_keys, shared, first + lane)
        places[:, FREE] = 0
        places[:, HOLDER] = -1
        for here in order:
            draw_row(numbers, integers, keys, tables, share, shared, here, first + lane, raw)
            settle_row(numbers, integers, tiers, here, raw, times[here], costs[lane:], escalated, parts)
            time, ready = times[here, 0], integers[here, RELEASE]
            for place in range(starts[here], starts[here + 1]):
                ready = max(ready, bound(links, place, placed, time))
            pieces = split(numbers, integers, tiers, here, raw[0], time, parts)
            place_one(numbers[here, ELAPSED], here, time, ready, pieces, parts, bounds, places, placed)
            makespans[lane] = max(makespans[lane], placed[here, FINISH])
        mark(order, starts, links, times, placed, marks, makespans[lane], critical)
        for row in range(len(watched)):
            watched_finishes[row, lane] = placed[watched[row], FINISH]
        late[0] = makespans[lane] - reference
        for here in range(len(order)):
            if numbers[here, SCALE] != 0.0:
                add_moments(moments, here, times[here], numbers[here, MEDIAN], late)


@compiled
def bound(links: Any, place: int, placed: Any, time: int) -> Any:
    """The start a link allows."""
    before, kind = links[place, NODE], links[place, KIND]
    base = placed[before, FINISH] if kind in (FS, FF) else placed[before, START]
    return base + links[place, LAG] - (time if kind in (FF, SF) else 0)


@compiled
def split(numbers: Any, integers: Any, tiers: Any, here: int, drawn: float, time: int, parts: Any) -> int:
    """Fill rows of (tier, seconds) with where an activity is worked on; give their number, 0 if nowhere."""
    if integers[here, TIER] < 0 or time == 0:
        return 0
    if drawn > numbers[here, LIMIT]:
        return escalate(numbers, integers, tiers, here, drawn, parts)
    parts[0, 0], parts[0, 1] = integers[here, TIER], drawn
    return 1


@compiled
def place_one(
    elapsed: float, here: int, time: int, ready: int, pieces: int, parts: Any, bounds: Any, places: Any, placed: Any
) -> None:
    """Put an activity, piece by piece, on the place of its tier that is free first."""
    start, held, linked = -1, -1, 1
    total, before, at = 0.0, 0, ready
    for piece in range(pieces):
        total += parts[piece, 1]
        until = min(max(np.int64(total - elapsed + 0.5), 0), time)
        if piece == pieces - 1:
            until = time
        if until <= before:
            continue
        tier = np.int64(parts[piece, 0])
        place = bounds[tier]
        for other in range(place + 1, bounds[tier + 1]):
            if places[other, FREE] < places[place, FREE]:
                place = other
        free = places[place, FREE]
        begin = max(at, free)
        if start < 0:
            start, held = begin, places[place, HOLDER] if free == begin else -1
        elif free > at:
            held, linked = places[place, HOLDER], 0
        at = begin + until - before
        before = until
        places[place, FREE], places[place, HOLDER] = at, here
    placed[here, START] = start if start >= 0 else ready
    placed[here, FINISH] = at if start >= 0 else ready + time
    placed[here, HELD], placed[here, LINKED] = held, linked


@compiled
def mark(
    order: Any, starts: Any, links: Any, times: Any, placed: Any, marks: Any, makespan: int, critical: Any
) -> None:
    """Count what is critical: what ends last, and what holds back something critical by a link or on its place."""
    for here in range(len(order)):
        marks[here] = placed[here, FINISH] == makespan
    for here in order[::-1]:
        if marks[here] == 0:
            continue
        critical[here] += 1
        if placed[here, HELD] >= 0:
            marks[placed[here, HELD]] = 1
        if placed[here, LINKED] != 0:
            for place in range(starts[here], starts[here + 1]):
                if bound(links, place, placed, times[here, 0]) == placed[here, START]:
                    marks[links[place, NODE]] = 1
