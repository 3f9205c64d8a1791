"""The inner loops of branch and bound, compiled by numba where it is installed and plain Python where it is not.

The question is whether some activities can be done within a makespan. The search runs through time (Demeulemeester
and Herroelen, 1992): at a point of time it starts activities one after the other, in every combination, and then goes
on to the next finish. Where it gives up it remembers what was started and when that ends; a later state that has
started the same and ends no sooner is given up at once (their cutset rule, 1997).

A set of activities is the bits of an integer, so there are at most ``MOST``. Frames of the search lie in rows.
"""

from __future__ import annotations

from typing import NamedTuple

from milepost.schedule.compiling import compiled
from milepost.schedule.kernel import Ints

MOST = 62
"""Activities that a set in an integer with a sign can hold, with a bit to spare."""

REFUTED, FOUND, OPEN = range(3)
"""What a search says: no schedule, one in ``finish``, not known yet."""

DEPTH, FILLED, NODES = range(3)
"""Places in :attr:`Memory.state`."""

_BITS, _PARTS = 10, 6
"""A finish is remembered in so many bits after its state's time, so many finishes a word, in two words."""


class Tasks(NamedTuple):
    """The activities: ``demands`` by activity and resource, the set that comes ``before`` each, its ``latest`` start.

    ``first`` gives the activities in the order to try them; ``horizon`` has one number, the makespan to keep.
    """

    durations: Ints
    demands: Ints
    capacities: Ints
    before: Ints
    latest: Ints
    first: Ints
    horizon: Ints


class Frames(NamedTuple):
    """The path from the root of the search: time, started, active and done activities, and the next to try.

    ``task`` is what the frame started, -1 if it went on in time; ``closed``: 1 if a rule gave it up. ``free`` units by
    frame and resource. ``finish`` by activity. ``work`` is what the activities that have not started must have of a
    resource up to a time however late they start, by resource and time.
    """

    time: Ints
    started: Ints
    active: Ints
    done: Ints
    place: Ints
    task: Ints
    closed: Ints
    free: Ints
    finish: Ints
    work: Ints


class Memory(NamedTuple):
    """States given up: chains from ``heads`` through ``links``; started and active sets, time, finishes packed."""

    heads: Ints
    links: Ints
    started: Ints
    active: Ints
    time: Ints
    finishes: Ints
    others: Ints
    state: Ints


@compiled
def position(bit: int) -> int:
    """Which bit is set."""
    place = 0
    for width in (32, 16, 8, 4, 2, 1):
        if bit >> width:
            bit >>= width
            place += width
    return place


@compiled
def bucket(started: int, size: int) -> int:
    """The chain of a set; ``size`` is a power of two."""
    code = (started ^ (started >> 29)) & 0xFFFFFFFF
    code = (code * 0x45D9F3B) & 0xFFFFFFFF
    return (code ^ (code >> 15)) & (size - 1)


@compiled
def spread(tasks: Tasks, frames: Frames, task: int, sign: int) -> None:
    """Add an activity's work to what must be done up to each time, or take it away."""
    count, horizon, latest = len(tasks.capacities), tasks.horizon[0], tasks.latest[task]
    duration, work = tasks.durations[task], frames.work
    for what in range(count):
        need = sign * tasks.demands[task * count + what]
        if need:
            row = what * (horizon + 1)
            for until in range(latest + 1, min(latest + duration, horizon + 1)):
                work[row + until] += need * (until - latest)
            for until in range(latest + duration, horizon + 1):
                work[row + until] += need * duration


@compiled
def begin(tasks: Tasks, frames: Frames, memory: Memory) -> None:
    """Put the root into the first frame."""
    count = len(tasks.capacities)
    frames.time[0] = frames.started[0] = frames.active[0] = frames.done[0] = 0
    frames.place[0] = frames.closed[0] = 0
    frames.task[0] = -1
    for what in range(count):
        frames.free[what] = tasks.capacities[what]
    for place in range(len(frames.work)):
        frames.work[place] = 0
    for task in range(len(tasks.durations)):
        spread(tasks, frames, task, 1)
    for place in range(len(memory.heads)):
        memory.heads[place] = -1
    memory.state[DEPTH] = memory.state[FILLED] = memory.state[NODES] = 0


@compiled
def overloaded(tasks: Tasks, frames: Frames, depth: int) -> bool:
    """Whether more must be done up to some time than the resources allow, or an activity must have started."""
    time, started, active, horizon = frames.time[depth], frames.started[depth], frames.active[depth], tasks.horizon[0]
    for task in range(len(tasks.durations)):
        if not (started >> task) & 1 and tasks.latest[task] < time:
            return True
    count = len(tasks.capacities)
    for what in range(count):
        row, capacity = what * (horizon + 1), tasks.capacities[what]
        used = capacity - frames.free[depth * count + what]
        for until in range(time + 1, horizon + 1):
            spare = capacity * (until - time) - frames.work[row + until]
            # Most times are far from full even if all that is active went on till then.
            if spare >= used * (until - time):
                continue
            left = active
            while left:
                bit = left & -left
                left ^= bit
                task = position(bit)
                spare -= tasks.demands[task * count + what] * (min(frames.finish[task], until) - time)
            if spare < 0:
                return True
    return False


@compiled
def known(frames: Frames, memory: Memory, depth: int) -> bool:
    """Whether a state was given up that started the same and was no worse at any time."""
    time, started = frames.time[depth], frames.started[depth]
    entry = memory.heads[bucket(started, len(memory.heads))]
    while entry >= 0:
        if memory.started[entry] == started and memory.time[entry] <= time:
            left, packed, shift = memory.active[entry], memory.finishes[entry], 0
            while left:
                bit = left & -left
                then = memory.time[entry] + ((packed >> shift) & ((1 << _BITS) - 1))
                if then > max(time, frames.finish[position(bit)]):
                    break
                left ^= bit
                shift += _BITS
                if shift == _BITS * _PARTS:
                    packed, shift = memory.others[entry], 0
            if not left:
                return True
        entry = memory.links[entry]
    return False


@compiled
def remember(frames: Frames, memory: Memory, depth: int) -> None:
    """Keep a state that was given up, if there is room for it."""
    entry, time, started, left = memory.state[FILLED], frames.time[depth], frames.started[depth], frames.active[depth]
    if entry == len(memory.links):
        return
    finishes = others = count = 0
    memory.active[entry] = left
    while left:
        bit = left & -left
        left ^= bit
        later = frames.finish[position(bit)] - time
        if later >> _BITS or count == 2 * _PARTS:
            return
        if count < _PARTS:
            finishes |= later << (_BITS * count)
        else:
            others |= later << (_BITS * (count - _PARTS))
        count += 1
    place = bucket(started, len(memory.heads))
    memory.started[entry], memory.time[entry] = started, time
    memory.finishes[entry], memory.others[entry] = finishes, others
    memory.links[entry] = memory.heads[place]
    memory.heads[place] = entry
    memory.state[FILLED] = entry + 1


@compiled
def possible(tasks: Tasks, frames: Frames, depth: int, task: int) -> bool:
    """Whether an activity can start now."""
    if (frames.started[depth] >> task) & 1 or tasks.before[task] & ~frames.done[depth]:
        return False
    count = len(tasks.capacities)
    fits = True
    for what in range(count):
        fits = fits and tasks.demands[task * count + what] <= frames.free[depth * count + what]
    return fits


@compiled
def start(tasks: Tasks, frames: Frames, depth: int, task: int) -> None:
    """Open the frame in which an activity starts."""
    count, deeper = len(tasks.capacities), depth + 1
    frames.time[deeper], frames.place[deeper] = frames.time[depth], frames.place[depth]
    frames.started[deeper] = frames.started[depth] | (1 << task)
    frames.active[deeper] = frames.active[depth] | (1 << task)
    frames.done[deeper] = frames.done[depth]
    frames.task[deeper], frames.closed[deeper] = task, 0
    frames.finish[task] = frames.time[depth] + tasks.durations[task]
    for what in range(count):
        frames.free[deeper * count + what] = frames.free[depth * count + what] - tasks.demands[task * count + what]
    spread(tasks, frames, task, -1)


@compiled
def wait(tasks: Tasks, frames: Frames, depth: int) -> bool:
    """Open the frame of the next finish, unless something that could be over by then, or must start, would wait."""
    count, deeper, time = len(tasks.capacities), depth + 1, frames.time[depth]
    then = tasks.horizon[0] + 1
    left = frames.active[depth]
    if not left:
        return False
    while left:
        bit = left & -left
        left ^= bit
        then = min(then, frames.finish[position(bit)])
    for task in range(len(tasks.durations)):
        if tasks.durations[task] <= then - time and possible(tasks, frames, depth, task):
            return False
    frames.time[deeper], frames.place[deeper], frames.task[deeper], frames.closed[deeper] = then, 0, -1, 0
    frames.started[deeper] = frames.started[depth]
    active, done = frames.active[depth], frames.done[depth]
    for what in range(count):
        frames.free[deeper * count + what] = frames.free[depth * count + what]
    left = active
    while left:
        bit = left & -left
        left ^= bit
        task = position(bit)
        if frames.finish[task] <= then:
            active ^= bit
            done |= bit
            for what in range(count):
                frames.free[deeper * count + what] += tasks.demands[task * count + what]
    frames.active[deeper], frames.done[deeper] = active, done
    return True


@compiled
def branch(tasks: Tasks, frames: Frames, depth: int) -> bool:
    """Open the next frame below this one, if there is another."""
    count = len(tasks.durations)
    while frames.place[depth] < count:
        task = tasks.first[frames.place[depth]]
        frames.place[depth] += 1
        if tasks.latest[task] >= frames.time[depth] and possible(tasks, frames, depth, task):
            start(tasks, frames, depth, task)
            return True
    if frames.place[depth] > count:
        return False
    frames.place[depth] += 1
    return wait(tasks, frames, depth)


@compiled
def search(tasks: Tasks, frames: Frames, memory: Memory, nodes: int) -> int:
    """Go on for so many nodes: ``REFUTED``, ``FOUND`` or ``OPEN``."""
    count, depth = len(tasks.durations), memory.state[DEPTH]
    everything = (1 << count) - 1
    opened = True
    while nodes > 0:
        if opened:
            nodes -= 1
            memory.state[NODES] += 1
            if frames.started[depth] == everything:
                return FOUND
            if overloaded(tasks, frames, depth) or (frames.task[depth] < 0 and known(frames, memory, depth)):
                frames.closed[depth] = 1
        opened = not frames.closed[depth] and branch(tasks, frames, depth)
        if opened:
            depth += 1
            continue
        if frames.task[depth] >= 0:
            spread(tasks, frames, frames.task[depth], 1)
        elif not frames.closed[depth]:
            remember(frames, memory, depth)
        depth -= 1
        if depth < 0:
            return REFUTED
    memory.state[DEPTH] = depth
    return OPEN
