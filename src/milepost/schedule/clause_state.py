"""What clause learning works on: facts about bounds, the trail of what was inferred, and learned clauses.

Each activity has two *sides*: its start, and its finish with the sign turned. Only the least value of a side is kept;
the least value of the other side bounds it from above. So each rule is written once, and holds in both directions of
time. A *fact* says that a side is at least so much; its opposite is a fact of the other side. A clause is a set of
facts of which one must hold. Facts have numbers, so that there is a list of the clauses that watch each.

All is integers in flat arrays. Rows of several numbers lie one after the other; the places in a row are named here.
"""

from __future__ import annotations

from typing import NamedTuple

from milepost.schedule.compiling import lean
from milepost.schedule.kernel import Ints

FREE = -(1 << 40)
"""No value is needed of a side: less than any."""

LOW, SEEN, LAST, ROOT, NEED, GROUND, STAMP, LISTED, FIRST, LEAST = range(10)
"""A side's row: its least value; the one that is in the profile; the last step that raised it; its least value without
assumptions; what the conflict needs; the value before the last assumption, if the stamp is the conflict's; the conflict
that has listed it; the number of its first fact, and the value beyond which that begins."""

SIDE = 10

WHOSE, FROM, TO, BEFORE, KIND, SOURCE, DEPTH = range(7)
"""A step's row: the side it raised, from where, to where, by which step that side was raised before; why (see
:data:`ASSUMED` and those after it), by what, and under how many assumptions."""

STEP = 7

ASSUMED, LINKED, LEARNED, ORDERED, CROWDED = range(5)
"""Why a side was raised: an assumption, or known from the beginning; an arc; a clause (twice its number, plus the place
of the fact); a rival that must come before (its side); a cell of the profile without room."""

OWNER, VALUE, OPPOSITE = range(3)
"""A fact's row: its side, the least value, and the number of the opposite fact."""

FACT = 3

BEGIN, SIZE, GLUE, USED = range(4)
"""A clause's row: its first place in the facts, their count, how many assumptions it ties, when it last helped."""

CLAUSE = 4

(
    STEPS,
    DONE,
    ASSUMPTIONS,
    CLAUSES,
    FILLED,
    QUEUED,
    TAKEN,
    NEEDS,
    RECENT,
    CELL,
    BACK,
    GLUED,
    CONFLICTS,
    PATIENCE,
    RESTARTS,
    CLEAN,
    SENT,
    RECEIVED,
    SHARED,
) = range(19)
"""Places in :attr:`State.now`: lengths of the trail, of its done part, of assumptions, clauses, their facts, the queue,
and what was taken from it; needs of a conflict, those since the last assumption, its cell (-1: a side beyond its
bound), how many assumptions remain and its clause ties; conflicts so far, until the next restart, how many restarts
there were, and when to clean; how much of :class:`Mail` is filled, and what a clause that is sent may tie."""

NUMBERS = 19


class Model(NamedTuple):
    """The question. ``durations``; ``demands`` by activity and resource; ``capacities``; ``span``: the makespan plus 1.

    ``arcs`` by the side they leave, rows of from, to and least distance, those of side *v* from ``leaving[v]``.
    ``rivals`` by activity, who cannot run beside it and is not linked, from ``meeting[i]``. ``users`` by resource, the
    greatest demand first, from ``using[r]``. ``facts``: see :data:`OWNER`.
    """

    durations: Ints
    demands: Ints
    capacities: Ints
    span: Ints
    leaving: Ints
    arcs: Ints
    meeting: Ints
    rivals: Ints
    using: Ints
    users: Ints
    facts: Ints


class State(NamedTuple):
    """What holds now: rows of ``sides``, units in ``use`` by resource and time, the ``trail`` of steps, numbers.

    ``marks`` are the lengths of the trail and of what was taken from the queue at each assumption.
    """

    sides: Ints
    use: Ints
    trail: Ints
    marks: Ints
    now: Ints


class Clauses(NamedTuple):
    """Clauses: ``rows`` and their ``facts``, of which the first two are watched.

    A watch is twice the clause's number, plus the place of the fact; those of a fact are a list from ``first``.
    """

    rows: Ints
    facts: Ints
    first: Ints
    following: Ints


class Queue(NamedTuple):
    """Facts of starts by how often conflicts needed them lately: a heap, each fact's place (-1: never in, -2: taken).

    The last of ``weights`` is what the next conflict adds. ``guess``: starts by activity, to assume.
    """

    heap: Ints
    places: Ints
    taken: Ints
    weights: Ints
    guess: Ints


class Room(NamedTuple):
    """Room to think in: sides listed, facts of a new clause, the last conflict by depth, activities chosen."""

    listed: Ints
    facts: Ints
    depths: Ints
    chosen: Ints


class Mail(NamedTuple):
    """Clauses for another search with the same facts, and from it, each as its size, what it ties, and its facts."""

    outgoing: Ints
    incoming: Ints


@lean
def most(model: Model, state: State, side: int) -> int:
    """The greatest value of a side."""
    return int(-state.sides[(side ^ 1) * SIDE + LOW] - model.durations[side >> 1])


@lean
def fact_of(state: State, side: int, value: int) -> int:
    """The number of the fact that a side is at least so much."""
    return int(state.sides[side * SIDE + FIRST] + value - state.sides[side * SIDE + LEAST] - 1)


@lean
def rise(model: Model, state: State, side: int, value: int, kind: int, source: int) -> bool:
    """Raise a side; False if that is beyond its greatest value."""
    step, row, sides = state.now[STEPS] * STEP, side * SIDE, state.sides
    state.trail[step + WHOSE] = side
    state.trail[step + FROM] = sides[row + LOW]
    state.trail[step + TO] = value
    state.trail[step + BEFORE] = sides[row + LAST]
    state.trail[step + KIND] = kind
    state.trail[step + SOURCE] = source
    state.trail[step + DEPTH] = state.now[ASSUMPTIONS]
    sides[row + LAST] = state.now[STEPS]
    sides[row + LOW] = value
    state.now[STEPS] += 1
    return value <= most(model, state, side)


@lean
def cells(model: Model, state: State, side: int, low: int, new: int) -> tuple[int, int]:
    """The times at which an activity surely runs when its side is ``new``, and did not when it was ``low``."""
    duration = model.durations[side >> 1]
    begin = max(-state.sides[(side ^ 1) * SIDE + SEEN] - duration, low + duration)
    end = new + duration
    if begin >= end:
        return 0, 0
    return (-end, -begin) if side & 1 else (begin, end)


@lean
def fill(model: Model, state: State, side: int, begin: int, end: int, sign: int) -> int:
    """Add an activity to the profile at these times, or take it away; a cell beyond the capacity, or -1."""
    here, count, over = side >> 1, len(model.capacities), -1
    for resource in range(count):
        need = model.demands[here * count + resource]
        if need:
            row = resource * model.span[0]
            for cell in range(row + begin, row + end):
                state.use[cell] += sign * need
                if state.use[cell] > model.capacities[resource]:
                    over = cell
    return over


@lean
def undo(model: Model, state: State) -> None:
    """Take back the last step."""
    now, sides = state.now, state.sides
    number = now[STEPS] - 1
    step = number * STEP
    side, low = state.trail[step + WHOSE], state.trail[step + FROM]
    if now[DONE] > number:
        begin, end = cells(model, state, side, low, state.trail[step + TO])
        fill(model, state, side, begin, end, -1)
        sides[side * SIDE + SEEN] = low
        now[DONE] = number
    sides[side * SIDE + LOW] = low
    sides[side * SIDE + LAST] = state.trail[step + BEFORE]
    now[STEPS] = number


@lean
def step_of(state: State, side: int, value: int) -> int:
    """The step that made a fact hold."""
    step = state.sides[side * SIDE + LAST]
    while step >= 0 and state.trail[step * STEP + FROM] >= value:
        step = state.trail[step * STEP + BEFORE]
    return int(step)
