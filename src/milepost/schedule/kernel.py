"""The inner loops of the search, compiled by numba where it is installed and plain Python where it is not.

Importing this module imports numba (about half a second), so only the search does. Everything is integers in flat
arrays, and the functions only index them, so that they run alike on numpy arrays and on lists.

Renewable capacity is packed: the free units of several resources at one time share a 62-bit word, each in a lane
with a guard bit on top. A demand fits if subtracting it leaves every guard bit set: one subtraction for all lanes.

An individual is a list of activities, predecessors first, and a mode for each. Decoding makes it a schedule and puts
the list in the order of the schedule's starts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from milepost.schedule.compiling import can_compile, compiled

COMPILED = can_compile()
"""Whether numba compiles what is here."""

Ints = Any
"""Any flat array of integers."""


class Side(NamedTuple):
    """Incoming links in one direction of time, by activity, and the earliest starts in that direction.

    ``rising``: 1 if no link lets an activity start before its predecessor does, so that starts order them.
    """

    starts: Ints
    nodes: Ints
    kinds: Ints
    lags: Ints
    releases: Ints
    rising: Ints


class Work(NamedTuple):
    """The modes of all activities in one row; those of activity *i* are at ``first[i]`` up to ``first[i + 1]``.

    ``durations`` in units of time; ``demands`` packed, one or more words a mode; ``needs`` of the non-renewable
    resources, of which there are ``limits``; ``free`` and ``guard`` the packed capacities with guard bits and these
    bits alone; ``grid``: 1 if the profile has a place for each unit of time, 0 if for each change only.
    """

    first: Ints
    durations: Ints
    demands: Ints
    needs: Ints
    limits: Ints
    free: Ints
    guard: Ints
    grid: Ints


class Scratch(NamedTuple):
    """Room to decode in, by activity, except ``times``, ``profile``, ``needed`` and ``random``.

    ``order`` and ``modes`` are the individual, ``start`` and ``finish`` its schedule; ``until`` holds how much of
    the profile is in use.
    """

    order: Ints
    modes: Ints
    start: Ints
    finish: Ints
    back_start: Ints
    back_finish: Ints
    keys: Ints
    places: Ints
    times: Ints
    profile: Ints
    until: Ints
    needed: Ints
    random: Ints


@compiled
def fits(profile: Ints, at: int, demands: Ints, need: int, guard: Ints) -> bool:
    """Whether the demand from ``need`` on is free at a place of the profile, word by word."""
    span = len(profile) // len(guard)
    for word in range(len(guard)):
        if (profile[word * span + at] - demands[need + word]) & guard[word] != guard[word]:
            return False
    return True


@compiled
def earliest_on_grid(profile: Ints, demands: Ints, need: int, guard: Ints, begin: int, duration: int) -> int:
    """The earliest time from ``begin`` on at which a demand is free for its duration."""
    words = len(guard)
    checked = begin
    while True:
        place = begin + duration - 1
        if words == 1:
            while place >= checked and (profile[place] - demands[need]) & guard[0] == guard[0]:
                place -= 1
        else:
            while place >= checked and fits(profile, place, demands, need, guard):
                place -= 1
        if place < checked:
            return begin
        # All between the obstacle and the end is free: only what follows the end needs a look.
        checked = begin + duration
        begin = place + 1


@compiled
def earliest_by_change(
    profile: Ints, times: Ints, count: int, demands: Ints, need: int, guard: Ints, begin: int, duration: int
) -> int:
    """The same where the profile has ``count`` stretches that begin at ``times``; the last is free without end."""
    place = stretch(times, count, begin)
    while place < count and times[place] < begin + duration:
        if not fits(profile, place, demands, need, guard):
            begin = times[place + 1]
        place += 1
    return begin


@compiled
def stretch(times: Ints, count: int, time: int) -> int:
    """The last stretch of the profile that begins no later than a time."""
    low, high = 0, count
    while high - low > 1:
        middle = (low + high) // 2
        if times[middle] <= time:
            low = middle
        else:
            high = middle
    return low


@compiled
def cut(profile: Ints, words: int, times: Ints, until: Ints, time: int) -> int:
    """Make a stretch of the profile begin at a time; give its place."""
    place = stretch(times, until[0], time)
    if times[place] == time:
        return place
    place += 1
    for other in range(until[0], place, -1):
        times[other] = times[other - 1]
    span = len(profile) // words
    for word in range(words):
        for other in range(word * span + until[0], word * span + place, -1):
            profile[other] = profile[other - 1]
        profile[word * span + place] = profile[word * span + place - 1]
    times[place] = time
    until[0] += 1
    return place


@compiled
def allowed(needs: Ints, limits: Ints, needed: Ints, old: int, new: int) -> bool:
    """Whether changing a mode keeps within the non-renewable resources, or at least needs no more of them."""
    count = len(limits)
    for what in range(count):
        more = needs[new * count + what] - needs[old * count + what]
        if more > 0 and needed[what] + more > limits[what]:
            return False
    return True


@compiled
def change(needs: Ints, needed: Ints, modes: Ints, here: int, mode: int) -> None:
    """Give an activity another mode, and count what it needs."""
    count, old = len(needed), modes[here]
    for what in range(count):
        needed[what] += needs[mode * count + what] - needs[old * count + what]
    modes[here] = mode


@compiled
def generate(side: Side, work: Work, scratch: Scratch, start: Ints, finish: Ints, until: int, choose: bool) -> int:
    """Schedule the list serially, each activity as early as it can be; give the makespan.

    The profile is in use up to time ``until``. With ``choose`` an activity takes the mode in which it finishes first
    (the multi-mode improvement of Lova, Tormos, Cervantes and Barber, 2009).
    """
    order, modes, profile, times, ends = scratch.order, scratch.modes, scratch.profile, scratch.times, scratch.until
    first, durations, demands, guard, free = work.first, work.durations, work.demands, work.guard, work.free
    needs, limits, needed = work.needs, work.limits, scratch.needed
    starts, nodes, kinds, lags, releases = side.starts, side.nodes, side.kinds, side.lags, side.releases
    grid = work.grid[0] == 1
    words = len(guard)
    ends[0] = times[0] = 0
    if not grid:
        ends[0] = until = 1
    span = len(profile) // words
    for word in range(words):
        capacity = free[word]
        for place in range(word * span, word * span + until):
            profile[place] = capacity
    makespan = 0
    for at in range(len(order)):
        here = order[at]
        mode = -1
        begin = duration = 0
        low, high = (first[here], first[here + 1]) if choose else (modes[here], modes[here] + 1)
        for other in range(low, high):
            if high - low > 1 and not allowed(needs, limits, needed, modes[here], other):
                continue
            time = releases[here]
            for link in range(starts[here], starts[here + 1]):
                before, kind = nodes[link], kinds[link]
                ready = lags[link] + (finish[before] if kind == 0 or kind == 2 else start[before])
                if kind >= 2:
                    ready -= durations[other]
                if ready > time:
                    time = ready
            if durations[other] == 0:
                pass
            elif grid:
                time = earliest_on_grid(profile, demands, other * words, guard, time, durations[other])
            else:
                time = earliest_by_change(
                    profile, times, ends[0], demands, other * words, guard, time, durations[other]
                )
            end = time + durations[other]
            if mode < 0 or end < begin + duration or (end == begin + duration and other == modes[here]):
                mode, begin, duration = other, time, durations[other]
        if mode != modes[here]:
            change(needs, needed, modes, here, mode)
        if duration:
            left, right = begin, begin + duration
            if not grid:
                left = cut(profile, words, times, ends, left)
                right = cut(profile, words, times, ends, right)
            for word in range(words):
                need = demands[mode * words + word]
                if need:
                    for place in range(word * span + left, word * span + right):
                        profile[place] -= need
        start[here] = begin
        finish[here] = begin + duration
        if begin + duration > makespan:
            makespan = begin + duration
    return makespan


@compiled
def sort(side: Side, order: Ints, keys: Ints) -> None:
    """Sort a list by rising keys, predecessors first; ties stay. The list changes little, so insertion is quick."""
    if not side.rising[0]:
        starts, nodes = side.starts, side.nodes
        for here in order:
            for link in range(starts[here], starts[here + 1]):
                if keys[nodes[link]] > keys[here]:
                    keys[here] = keys[nodes[link]]
    for at in range(1, len(order)):
        here = order[at]
        key = keys[here]
        while at > 0 and keys[order[at - 1]] > key:
            order[at] = order[at - 1]
            at -= 1
        order[at] = here


@compiled
def reverse(order: Ints) -> None:
    """Turn a list round."""
    last = len(order) - 1
    for at in range(len(order) // 2):
        order[at], order[last - at] = order[last - at], order[at]


@compiled
def decode(fore: Side, back: Side, work: Work, scratch: Scratch, until: int, choose: bool) -> int:
    """Schedule the list, then forward-backward improvement (Tormos and Lova, 2001), of the modes too if one may
    ``choose``; give the makespan.
    """
    order, keys = scratch.order, scratch.keys
    start, finish, back_start, back_finish = scratch.start, scratch.finish, scratch.back_start, scratch.back_finish
    makespan = generate(fore, work, scratch, start, finish, until, False)
    for here in order:
        keys[here] = makespan - finish[here]
    reverse(order)
    sort(back, order, keys)
    length = generate(back, work, scratch, back_start, back_finish, max(until, makespan), choose)
    for here in order:
        keys[here] = length - back_finish[here]
    reverse(order)
    sort(fore, order, keys)
    makespan = generate(fore, work, scratch, start, finish, max(until, makespan, length), choose)
    for here in order:
        keys[here] = start[here]
    sort(fore, order, keys)
    return makespan
