"""The rules by which bounds follow from bounds: links, rivals, a full profile, and learned clauses.

Resources are kept by time-tabling: an activity is in the profile where it runs whatever its start, and no other
may run where that leaves too little. Each step notes its reason, from which :mod:`milepost.schedule.clause_conflicts`
explains it by facts at one point of time (Schutt, Feydy, Stuckey and Wallace, 2011).
"""

from __future__ import annotations

from milepost.schedule.clause_state import (
    BEGIN,
    CELL,
    CLAUSE,
    CROWDED,
    DONE,
    FACT,
    FROM,
    LEARNED,
    LINKED,
    LOW,
    ORDERED,
    OWNER,
    SEEN,
    SIDE,
    SIZE,
    STEP,
    STEPS,
    TO,
    VALUE,
    WHOSE,
    Clauses,
    Model,
    State,
    cells,
    fact_of,
    fill,
    most,
    rise,
)
from milepost.schedule.compiling import lean

_EVER = 1 << 40


@lean
def propagate(model: Model, state: State, clauses: Clauses) -> bool:
    """Follow all that the steps on the trail entail.

    False at a conflict: of the activities in the cell of the profile that it notes, or, if that is -1, of the last
    step with what bounds its side from above.
    """
    now = state.now
    now[CELL] = -1
    while now[DONE] < now[STEPS]:
        step = now[DONE] * STEP
        now[DONE] += 1
        side, low, new = state.trail[step + WHOSE], state.trail[step + FROM], state.trail[step + TO]
        begin, end = cells(model, state, side, low, new)
        state.sides[side * SIDE + SEEN] = new
        over = fill(model, state, side, begin, end, 1)
        if over >= 0:
            now[CELL] = over
            return False
        if not (
            _watches(model, state, clauses, side, low, new)
            and _links(model, state, side)
            and _rivals(model, state, side)
            and _room(model, state, side)
            and (begin == end or _crowd(model, state, side >> 1, begin, end))
        ):
            return False
    return True


@lean
def _watches(model: Model, state: State, clauses: Clauses, side: int, low: int, new: int) -> bool:
    """Visit the clauses that watch a fact which the rise of a side made false: what of each is left to hold?"""
    other, duration = side ^ 1, model.durations[side >> 1]
    lowest = fact_of(state, other, 1 - new - duration)
    for false in range(lowest, lowest + new - low):
        previous, watch = -1, clauses.first[false]
        while watch >= 0:
            following, place = clauses.following[watch], watch & 1
            row = (watch >> 1) * CLAUSE
            begin = clauses.rows[row + BEGIN]
            partner = clauses.facts[begin + 1 - place] * FACT
            owner, value = model.facts[partner + OWNER], model.facts[partner + VALUE]
            if state.sides[owner * SIDE + LOW] >= value:
                previous, watch = watch, following
                continue
            moved = False
            for where in range(begin + 2, begin + clauses.rows[row + SIZE]):
                fact = clauses.facts[where]
                if model.facts[fact * FACT + VALUE] <= most(model, state, model.facts[fact * FACT + OWNER]):
                    clauses.facts[begin + place], clauses.facts[where] = fact, false
                    if previous < 0:
                        clauses.first[false] = following
                    else:
                        clauses.following[previous] = following
                    clauses.following[watch] = clauses.first[fact]
                    clauses.first[fact] = watch
                    moved = True
                    break
            if not moved:
                previous = watch
                if not rise(model, state, owner, value, LEARNED, watch ^ 1):
                    return False
            watch = following
    return True


@lean
def _links(model: Model, state: State, side: int) -> bool:
    low = state.sides[side * SIDE + LOW]
    for arc in range(model.leaving[side], model.leaving[side + 1]):
        other, value = model.arcs[arc * 3 + 1], low + model.arcs[arc * 3 + 2]
        if value > state.sides[other * SIDE + LOW] and not rise(model, state, other, value, LINKED, arc):
            return False
    return True


@lean
def _rivals(model: Model, state: State, side: int) -> bool:
    """Of two that cannot overlap, one that can no longer come before the other comes after it."""
    here, way = side >> 1, side & 1
    duration, low = model.durations[here], state.sides[side * SIDE + LOW]
    for place in range(model.meeting[here], model.meeting[here + 1]):
        rival = model.rivals[place]
        other, time = 2 * rival | way, model.durations[rival]
        if low + duration > most(model, state, other):
            value = state.sides[other * SIDE + LOW] + time
            if value > low:
                if not rise(model, state, side, value, ORDERED, other):
                    return False
                low = value
            value = state.sides[(side ^ 1) * SIDE + LOW] + duration
            if value > state.sides[(other ^ 1) * SIDE + LOW] and not rise(
                model, state, other ^ 1, value, ORDERED, side ^ 1
            ):
                return False
        if state.sides[other * SIDE + LOW] + time > most(model, state, side):
            value = low + duration
            if value > state.sides[other * SIDE + LOW] and not rise(model, state, other, value, ORDERED, side):
                return False
    return True


@lean
def _full(model: Model, state: State, side: int, resource: int, begin: int, end: int) -> int:
    """The last time from begin to end, on the side's axis, at which an early activity finds no room; _EVER if none."""
    here, count, span = side >> 1, len(model.capacities), model.span[0]
    need = model.demands[here * count + resource]
    if not need:
        return _EVER
    low, most_used = state.sides[side * SIDE + LOW], model.capacities[resource] - need
    # From its greatest value on it is in the profile itself.
    end = min(end, low + model.durations[here], most(model, state, side))
    for time in range(end - 1, max(low, begin) - 1, -1):
        if state.use[resource * span + (-time - 1 if side & 1 else time)] > most_used:
            return time
    return _EVER


@lean
def _start_after(model: Model, state: State, side: int, resource: int, begin: int, end: int) -> bool:
    time = _full(model, state, side, resource, begin, end)
    if time == _EVER:
        return True
    cell = resource * model.span[0] + (-time - 1 if side & 1 else time)
    return rise(model, state, side, time + 1, CROWDED, cell)


@lean
def _room(model: Model, state: State, side: int) -> bool:
    """Raise a side beyond where the others leave it too little."""
    for resource in range(len(model.capacities)):  # noqa: SIM110 - the compiler knows no generators
        if not _start_after(model, state, side, resource, -_EVER, _EVER):
            return False
    return True


@lean
def _crowd(model: Model, state: State, here: int, begin: int, end: int) -> bool:
    """Raise the sides of others beyond where an activity that now surely runs leaves them too little."""
    count, span = len(model.capacities), model.span[0]
    for resource in range(count):
        if not model.demands[here * count + resource]:
            continue
        used = 0
        for cell in range(resource * span + begin, resource * span + end):
            used = max(used, state.use[cell])
        for place in range(model.using[resource], model.using[resource + 1]):
            other = model.users[place]
            if model.demands[other * count + resource] <= model.capacities[resource] - used:
                break
            if other != here and not (
                _start_after(model, state, 2 * other, resource, begin, end)
                and _start_after(model, state, 2 * other + 1, resource, -end, -begin)
            ):
                return False
    return True
