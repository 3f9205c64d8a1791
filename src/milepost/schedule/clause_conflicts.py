"""Why a conflict came about: facts are traced back to a clause that would have prevented it.

Steps are taken back one by one. A step that made a needed fact hold is replaced by the facts it followed from, until
only one needed fact is younger than the last assumption (the first unique implication point of Marques-Silva and
Sakallah, 1999): the needed facts cannot all hold. Of one side only the strongest is needed.
"""

from __future__ import annotations

from milepost.schedule.clause_queue import favour
from milepost.schedule.clause_state import (
    ASSUMPTIONS,
    BACK,
    BEGIN,
    CELL,
    CLAUSE,
    CONFLICTS,
    CROWDED,
    DEPTH,
    FACT,
    FREE,
    FROM,
    GLUED,
    GROUND,
    KIND,
    LEARNED,
    LINKED,
    LISTED,
    LOW,
    NEED,
    NEEDS,
    OPPOSITE,
    ORDERED,
    OWNER,
    RECENT,
    ROOT,
    SIDE,
    SIZE,
    SOURCE,
    STAMP,
    STEP,
    STEPS,
    TO,
    USED,
    VALUE,
    WHOSE,
    Clauses,
    Model,
    Queue,
    Room,
    State,
    fact_of,
    step_of,
    undo,
)
from milepost.schedule.compiling import lean


@lean
def analyze(model: Model, state: State, clauses: Clauses, room: Room, queue: Queue) -> int:
    """Put the facts of a new clause in ``room`` and give their count; how many assumptions stay is ``BACK``.

    The first fact follows when the steps after those assumptions are taken back; the second watches with it.
    """
    now, sides, trail = state.now, state.sides, state.trail
    now[CONFLICTS] += 1
    now[NEEDS] = now[RECENT] = 0
    for number in range(now[STEPS] - 1, state.marks[2 * now[ASSUMPTIONS]] - 1, -1):
        row = trail[number * STEP + WHOSE] * SIDE
        sides[row + STAMP], sides[row + GROUND] = now[CONFLICTS], trail[number * STEP + FROM]
    if now[CELL] >= 0:
        _explain_crowd(model, state, room, queue, now[CELL], -1)
    else:
        step = (now[STEPS] - 1) * STEP
        side, value = trail[step + WHOSE], trail[step + TO]
        undo(model, state)
        _need(model, state, room, queue, side ^ 1, 1 - value - model.durations[side >> 1])
        _explain(model, state, clauses, room, queue, step, value)
    while True:
        step = (now[STEPS] - 1) * STEP
        side = trail[step + WHOSE]
        value = sides[side * SIDE + NEED]
        undo(model, state)
        if value > trail[step + FROM]:
            if now[RECENT] == 1:
                return _collect(model, state, clauses, room, side, value)
            sides[side * SIDE + NEED] = FREE
            now[RECENT] -= 1
            _explain(model, state, clauses, room, queue, step, value)


@lean
def _need(model: Model, state: State, room: Room, queue: Queue, side: int, value: int) -> None:
    """A fact that the conflict follows from, unless it always holds or is needed already."""
    now, row, sides = state.now, side * SIDE, state.sides
    if _granted(state, side, value):
        return
    if sides[row + LISTED] != now[CONFLICTS]:
        sides[row + LISTED] = now[CONFLICTS]
        room.listed[now[NEEDS]] = side
        now[NEEDS] += 1
    if _is_recent(state, side, value) and sides[row + NEED] <= sides[row + GROUND]:
        now[RECENT] += 1
    sides[row + NEED] = value
    fact = fact_of(state, side, value)
    favour(state, queue, model.facts[fact * FACT + OPPOSITE] if side & 1 else fact)


@lean
def _granted(state: State, side: int, value: int) -> bool:
    row = side * SIDE
    return bool(value <= state.sides[row + ROOT] or value <= state.sides[row + NEED])


@lean
def _is_recent(state: State, side: int, value: int) -> bool:
    """Whether a fact holds only since the last assumption."""
    row = side * SIDE
    return bool(state.sides[row + STAMP] == state.now[CONFLICTS] and value > state.sides[row + GROUND])


@lean
def _explain(model: Model, state: State, clauses: Clauses, room: Room, queue: Queue, step: int, value: int) -> None:
    """Need what the rise of a side to ``value`` followed from; the step and all later ones are taken back."""
    side, kind, source = state.trail[step + WHOSE], state.trail[step + KIND], state.trail[step + SOURCE]
    if kind == LINKED:
        _need(model, state, room, queue, model.arcs[source * 3], value - model.arcs[source * 3 + 2])
    elif kind == LEARNED:
        row = (source >> 1) * CLAUSE
        begin = clauses.rows[row + BEGIN]
        clauses.rows[row + USED] = state.now[CONFLICTS]
        for place in range(clauses.rows[row + SIZE]):
            if place != source & 1:
                fact = model.facts[clauses.facts[begin + place] * FACT + OPPOSITE] * FACT
                _need(model, state, room, queue, model.facts[fact + OWNER], model.facts[fact + VALUE])
    elif kind == ORDERED:
        time = model.durations[source >> 1]
        _need(model, state, room, queue, source, value - time)
        # It could not come before its rival: that much of both bounds together.
        enough = 1 - model.durations[side >> 1] - time
        own = state.sides[side * SIDE + LOW]
        if not _granted(state, source ^ 1, enough - own):
            own = enough - state.sides[(source ^ 1) * SIDE + LOW]
        _need(model, state, room, queue, side, own)
        _need(model, state, room, queue, source ^ 1, enough - own)
    elif kind == CROWDED:
        time = source % model.span[0]
        if side & 1:
            time = -time - 1
        _need(model, state, room, queue, side, time - model.durations[side >> 1] + 1)
        _explain_crowd(model, state, room, queue, source, side >> 1)


@lean
def _explain_crowd(model: Model, state: State, room: Room, queue: Queue, cell: int, without: int) -> None:
    """Need that enough activities surely run in a cell to leave too little for one more, or for themselves (-1)."""
    count, resource, time = len(model.capacities), cell // model.span[0], cell % model.span[0]
    spare, chosen = -model.capacities[resource] - 1, 0
    if without >= 0:
        spare += model.demands[without * count + resource]
    for place in range(model.using[resource], model.using[resource + 1]):
        here = model.users[place]
        start, finish = time - model.durations[here] + 1, -time - model.durations[here]
        runs = state.sides[2 * here * SIDE + LOW] >= start and state.sides[(2 * here + 1) * SIDE + LOW] >= finish
        if runs and here != without:
            spare += model.demands[here * count + resource]
            room.chosen[chosen] = here
            chosen += 1
    # Whoever can be spared is: first of those that run since the last assumption, then of those not needed anyway.
    for turn in range(2):
        for place in range(chosen):
            here = room.chosen[place]
            if here < 0 or model.demands[here * count + resource] > spare:
                continue
            start, finish = time - model.durations[here] + 1, -time - model.durations[here]
            if _granted(state, 2 * here, start) and _granted(state, 2 * here + 1, finish):
                continue
            if turn or _is_recent(state, 2 * here, start) or _is_recent(state, 2 * here + 1, finish):
                spare -= model.demands[here * count + resource]
                room.chosen[place] = -1
    for place in range(chosen):
        here = room.chosen[place]
        if here >= 0:
            _need(model, state, room, queue, 2 * here, time - model.durations[here] + 1)
            _need(model, state, room, queue, 2 * here + 1, -time - model.durations[here])


@lean
def _collect(model: Model, state: State, clauses: Clauses, room: Room, point: int, least: int) -> int:
    """The clause of the opposites of what is needed, without what follows from the rest."""
    now, sides, size = state.now, state.sides, 1
    room.facts[0] = model.facts[fact_of(state, point, least) * FACT + OPPOSITE]
    now[BACK], now[GLUED] = 0, 1
    for place in range(now[NEEDS]):
        side = room.listed[place]
        value = sides[side * SIDE + NEED]
        if side == point or value == FREE:
            continue
        step = step_of(state, side, value) * STEP
        sides[side * SIDE + NEED] = FREE
        if _follows(model, state, clauses, step, value):
            continue
        sides[side * SIDE + NEED] = value
        room.facts[size] = model.facts[fact_of(state, side, value) * FACT + OPPOSITE]
        depth = state.trail[step + DEPTH]
        if room.depths[depth] != now[CONFLICTS]:
            room.depths[depth] = now[CONFLICTS]
            now[GLUED] += 1
        if depth > now[BACK]:
            now[BACK] = depth
            room.facts[1], room.facts[size] = room.facts[size], room.facts[1]
        size += 1
    for place in range(now[NEEDS]):
        sides[room.listed[place] * SIDE + NEED] = FREE
    return size


@lean
def _follows(model: Model, state: State, clauses: Clauses, step: int, value: int) -> bool:
    """Whether what a step raised to ``value`` follows from what else is needed, by its link or clause."""
    kind, source = state.trail[step + KIND], state.trail[step + SOURCE]
    if kind == LINKED:
        return _granted(state, model.arcs[source * 3], value - model.arcs[source * 3 + 2])
    if kind != LEARNED:
        return False
    row = (source >> 1) * CLAUSE
    for place in range(clauses.rows[row + SIZE]):
        if place != source & 1:
            fact = model.facts[clauses.facts[clauses.rows[row + BEGIN] + place] * FACT + OPPOSITE] * FACT
            if not _granted(state, model.facts[fact + OWNER], model.facts[fact + VALUE]):
                return False
    return True
