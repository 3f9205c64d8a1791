"""Search that learns from its conflicts: assume, follow what is entailed, learn a clause, go back, at times start anew.

The question is whether some activities can be done within a makespan (lazy clause generation: Ohrimenko, Stuckey and
Codish, 2009; for these problems Schutt, Feydy, Stuckey and Wallace, 2011).
"""

from __future__ import annotations

from milepost.schedule.branching_kernel import FOUND, OPEN, REFUTED
from milepost.schedule.clause_conflicts import analyze
from milepost.schedule.clause_queue import fade, restore, take
from milepost.schedule.clause_rules import propagate
from milepost.schedule.clause_state import (
    ASSUMED,
    ASSUMPTIONS,
    BACK,
    BEGIN,
    CLAUSE,
    CLAUSES,
    CLEAN,
    CONFLICTS,
    DONE,
    FACT,
    FILLED,
    GLUE,
    GLUED,
    LAST,
    LEARNED,
    LOW,
    OWNER,
    PATIENCE,
    QUEUED,
    RECEIVED,
    RESTARTS,
    ROOT,
    SENT,
    SHARED,
    SIDE,
    SIZE,
    STEP,
    STEPS,
    TAKEN,
    USED,
    VALUE,
    WHOSE,
    Clauses,
    Mail,
    Model,
    Queue,
    Room,
    State,
    most,
    rise,
    undo,
)
from milepost.schedule.compiling import lean

_RESTART = 100
"""Conflicts until a restart, times a number of Luby's sequence."""

_CLEAN = 2000
"""Conflicts between two cleanings."""

_KEPT = 6000
"""A clause goes that has not helped for so many conflicts, unless it ties few assumptions together."""

_GLUE = 3
"""Few assumptions."""


@lean
def search(model: Model, state: State, clauses: Clauses, room: Room, queue: Queue, mail: Mail, conflicts: int) -> int:
    """Go on for so many conflicts: ``REFUTED``, ``FOUND``, where each start is its side's least, or ``OPEN``.

    It assumes of a fact about a start what the queue's ``guess`` says.
    """
    now = state.now
    while True:
        if not propagate(model, state, clauses):
            if not now[ASSUMPTIONS]:
                return REFUTED
            size = analyze(model, state, clauses, room, queue)
            retreat(model, state, queue, now[BACK])
            _learn(model, state, clauses, room, size)
            _send(state, room, mail, size)
            fade(queue)
            now[PATIENCE] = 0 if _is_full(state, clauses) else now[PATIENCE] - 1
            conflicts -= 1
            if conflicts <= 0:
                return OPEN
            continue
        if not now[ASSUMPTIONS]:
            _settle(state)
            if now[CONFLICTS] >= now[CLEAN] or _is_full(state, clauses):
                now[CLEAN] = now[CONFLICTS] + _CLEAN
                _clean(model, state, clauses)
            if now[RECEIVED]:
                if not _receive(model, state, clauses, mail):
                    return REFUTED
                continue
        if now[PATIENCE] <= 0:
            now[PATIENCE] = _luby(now[RESTARTS]) * _RESTART
            now[RESTARTS] += 1
            retreat(model, state, queue, 0)
        elif not _assume(model, state, queue):
            return FOUND


@lean
def retreat(model: Model, state: State, queue: Queue, assumptions: int) -> None:
    """Take back all that came after so many assumptions."""
    now = state.now
    if now[ASSUMPTIONS] > assumptions:
        mark = 2 * (assumptions + 1)
        while now[STEPS] > state.marks[mark]:
            undo(model, state)
        restore(state, queue, state.marks[mark + 1])
        now[ASSUMPTIONS] = assumptions


@lean
def _learn(model: Model, state: State, clauses: Clauses, room: Room, size: int) -> None:
    """Keep a new clause, of which the first fact now follows."""
    now, fact = state.now, room.facts[0] * FACT
    number, begin = now[CLAUSES], now[FILLED]
    if size > 1:
        for place in range(size):
            clauses.facts[begin + place] = room.facts[place]
        _keep(state, clauses, size, now[GLUED])
    kind = LEARNED if size > 1 else ASSUMED
    rise(model, state, model.facts[fact + OWNER], model.facts[fact + VALUE], kind, 2 * number)


@lean
def _keep(state: State, clauses: Clauses, size: int, glue: int) -> None:
    """Make a clause of the facts after those of the last one."""
    now, row = state.now, state.now[CLAUSES] * CLAUSE
    clauses.rows[row + BEGIN], clauses.rows[row + SIZE] = now[FILLED], size
    clauses.rows[row + GLUE], clauses.rows[row + USED] = glue, now[CONFLICTS]
    now[FILLED] += size
    now[CLAUSES] += 1
    _watch(clauses, now[CLAUSES] - 1)


@lean
def _send(state: State, room: Room, mail: Mail, size: int) -> None:
    """Have others know a clause that ties few assumptions, if there is room."""
    now, out = state.now, mail.outgoing
    sent = now[SENT]
    if now[GLUED] <= now[SHARED] and sent + size + 2 <= len(out):
        out[sent], out[sent + 1] = size, now[GLUED]
        for place in range(size):
            out[sent + 2 + place] = room.facts[place]
        now[SENT] = sent + size + 2


@lean
def _receive(model: Model, state: State, clauses: Clauses, mail: Mail) -> bool:
    """Take over clauses, while nothing is assumed; False if one cannot hold."""
    now, letter, possible = state.now, 0, True
    while letter < now[RECEIVED] and possible:
        size, begin = mail.incoming[letter], now[FILLED]
        filled, holds = begin, False
        for place in range(letter + 2, letter + 2 + size):
            fact = mail.incoming[place]
            owner, value = model.facts[fact * FACT + OWNER], model.facts[fact * FACT + VALUE]
            holds = holds or value <= state.sides[owner * SIDE + LOW]
            if value <= most(model, state, owner):
                clauses.facts[filled] = fact
                filled += 1
        if not holds and filled > begin + 1:
            _keep(state, clauses, filled - begin, mail.incoming[letter + 1])
        elif not holds:
            fact = clauses.facts[begin] * FACT
            possible = filled > begin and rise(
                model, state, model.facts[fact + OWNER], model.facts[fact + VALUE], ASSUMED, 0
            )
        letter += size + 2
    now[RECEIVED] = 0
    return possible


@lean
def _is_full(state: State, clauses: Clauses) -> bool:
    """Whether so many facts are in clauses that some must go; there is room for as many again until that is done."""
    return bool(2 * state.now[FILLED] > len(clauses.facts))


@lean
def _watch(clauses: Clauses, number: int) -> None:
    for place in range(2):
        fact = clauses.facts[clauses.rows[number * CLAUSE + BEGIN] + place]
        clauses.following[2 * number + place] = clauses.first[fact]
        clauses.first[fact] = 2 * number + place


@lean
def _settle(state: State) -> None:
    """What holds without assumptions holds for good."""
    now, sides = state.now, state.sides
    for number in range(now[STEPS]):
        row = state.trail[number * STEP + WHOSE] * SIDE
        sides[row + ROOT], sides[row + LAST] = sides[row + LOW], -1
    now[STEPS] = now[DONE] = 0


@lean
def _clean(model: Model, state: State, clauses: Clauses) -> None:
    """Drop clauses that have not helped lately or that always hold, and facts that cannot hold any more."""
    now, rows, facts = state.now, clauses.rows, clauses.facts
    # If they fill the room, patience is shorter.
    oldest = now[CONFLICTS] - (_KEPT // 8 if _is_full(state, clauses) else _KEPT)
    for fact in range(len(clauses.first)):
        clauses.first[fact] = -1
    number = filled = 0
    for other in range(now[CLAUSES]):
        row, begin = other * CLAUSE, filled
        if rows[row + GLUE] > _GLUE and rows[row + USED] < oldest:
            continue
        holds = False
        for place in range(rows[row + BEGIN], rows[row + BEGIN] + rows[row + SIZE]):
            owner, value = model.facts[facts[place] * FACT + OWNER], model.facts[facts[place] * FACT + VALUE]
            holds = holds or value <= state.sides[owner * SIDE + LOW]
            if value <= most(model, state, owner):
                facts[filled] = facts[place]
                filled += 1
        if holds:
            filled = begin
            continue
        kept = number * CLAUSE
        rows[kept + BEGIN], rows[kept + SIZE] = begin, filled - begin
        rows[kept + GLUE], rows[kept + USED] = rows[row + GLUE], rows[row + USED]
        _watch(clauses, number)
        number += 1
    now[CLAUSES], now[FILLED] = number, filled


@lean
def _assume(model: Model, state: State, queue: Queue) -> bool:
    """Assume what conflicts needed most, or else that who can start first does; False if all starts are known."""
    now = state.now
    mark = 2 * (now[ASSUMPTIONS] + 1)
    state.marks[mark], state.marks[mark + 1] = now[STEPS], now[TAKEN]
    now[ASSUMPTIONS] += 1
    while now[QUEUED]:
        fact = take(state, queue) * FACT
        side, value = model.facts[fact + OWNER], model.facts[fact + VALUE]
        if state.sides[side * SIDE + LOW] < value <= most(model, state, side):
            if value <= queue.guess[side >> 1]:
                return rise(model, state, side, value, ASSUMED, 0)
            return rise(model, state, side ^ 1, 1 - value - model.durations[side >> 1], ASSUMED, 0)
    first, best = -1, (0, 0)
    for here in range(len(model.durations)):
        start, last = state.sides[2 * here * SIDE + LOW], most(model, state, 2 * here)
        if start < last and (first < 0 or (start, last) < best):
            first, best = here, (start, last)
    if first < 0:
        now[ASSUMPTIONS] -= 1
        return False
    return rise(model, state, 2 * first + 1, -best[0] - model.durations[first], ASSUMED, 0)


@lean
def _luby(number: int) -> int:
    """Luby's sequence: 1 1 2 1 1 2 4 1 1 2 1 1 2 4 8 ..."""
    while True:
        size = 1
        while size < number + 1:
            size = 2 * size + 1
        if size == number + 1:
            return (size + 1) // 2
        number -= size // 2
