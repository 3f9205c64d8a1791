"""The genetic search's operators, compiled like the decoder they use.

Individuals live in the rows of a population; parents are mixed in the scratch room, decoded there, and kept if they
are new and no worse than the worst (steady state).
"""

from __future__ import annotations

from typing import NamedTuple

from milepost.schedule.compiling import compiled
from milepost.schedule.kernel import Ints, Scratch, Side, Work, change, decode, sort

DECODER = 0x3393DC7F
"""Checksum of the decoder's file. numba's cache on disk notices only changes of the file it compiles: this is one."""

STEPS = 1024
"""Fitnesses of the same makespan: so many that a search sees which schedules are near a shorter one."""

INFEASIBLE = 1 << 61
"""The fitness of an individual that needs too much of a non-renewable resource is this and what is missing."""

FILLED, BEST, WORST, TRIES, ROUNDS = range(5)
"""Places in :attr:`Population.state`."""


class Population(NamedTuple):
    """Individuals in rows: list, modes and starts by activity, fitness and hash; ``state`` says what there is.

    ``urgency`` is each activity's latest finish without regard to resources, and after these that of them all.
    """

    lists: Ints
    modes: Ints
    starts: Ints
    fitness: Ints
    hashes: Ints
    urgency: Ints
    state: Ints


@compiled
def draw(random: Ints, below: int) -> int:
    """Draw from 0 to ``below`` - 1 (Marsaglia's xorshift of 32 bits)."""
    bits: int = random[0]
    bits ^= (bits << 13) & 0xFFFFFFFF
    bits ^= bits >> 17
    bits ^= (bits << 5) & 0xFFFFFFFF
    random[0] = bits
    return (bits * below) >> 32


@compiled
def excess(limits: Ints, needed: Ints) -> int:
    """How many units of the non-renewable resources are needed beyond what there is."""
    total = 0
    for what in range(len(limits)):
        if needed[what] > limits[what]:
            total += needed[what] - limits[what]
    return total


@compiled
def repair(work: Work, scratch: Scratch) -> None:
    """Count what the modes need, and change some at random while too much of a non-renewable resource is needed."""
    first, needs, limits, needed = work.first, work.needs, work.limits, scratch.needed
    modes, random = scratch.modes, scratch.random
    count = len(modes)
    for what in range(len(limits)):
        needed[what] = 0
        for here in range(count):
            needed[what] += needs[modes[here] * len(limits) + what]
    missing = excess(limits, needed)
    tries = 0
    while missing > 0 and tries < 20 * count:
        tries += 1
        here = draw(random, count)
        old = modes[here]
        change(needs, needed, modes, here, first[here] + draw(random, first[here + 1] - first[here]))
        after = excess(limits, needed)
        if after > missing:
            change(needs, needed, modes, here, old)
        else:
            missing = after


@compiled
def invent(fore: Side, work: Work, scratch: Scratch, urgency: Ints, spread: int) -> None:
    """Make an individual: the most urgent first, give or take up to ``spread`` units of time; modes at random."""
    order, keys, modes, random = scratch.order, scratch.keys, scratch.modes, scratch.random
    starts, nodes, first = fore.starts, fore.nodes, work.first
    for here in range(len(order)):
        order[here] = here
        keys[here] = urgency[here] + draw(random, spread)
        for link in range(starts[here], starts[here + 1]):
            if keys[nodes[link]] > keys[here]:
                keys[here] = keys[nodes[link]]
        modes[here] = first[here] + draw(random, first[here + 1] - first[here])
    sort(fore, order, keys)


@compiled
def select(population: Population, random: Ints) -> int:
    """The better of two individuals drawn at random."""
    one, other = draw(random, population.state[FILLED]), draw(random, population.state[FILLED])
    return one if population.fitness[one] <= population.fitness[other] else other


@compiled
def cross(population: Population, scratch: Scratch, mother: int, father: int) -> None:
    """Two-point crossover (Hartmann, 1998): the middle in the father's order and modes, the rest in the mother's."""
    order, modes, taken, random = scratch.order, scratch.modes, scratch.places, scratch.random
    lists, all_modes = population.lists, population.modes
    count = len(order)
    one, other = draw(random, count), draw(random, count)
    left, right = min(one, other), max(one, other) + 1
    hers, his = mother * count, father * count
    for here in range(count):
        taken[here] = 0
    for at in range(left):
        order[at] = lists[hers + at]
        taken[order[at]] = 1
    at, place = left, his
    while at < right:
        here = lists[place]
        place += 1
        if not taken[here]:
            taken[here] = 2
            order[at] = here
            at += 1
    place = hers + left
    while at < count:
        here = lists[place]
        place += 1
        if not taken[here]:
            order[at] = here
            at += 1
    for here in range(count):
        modes[here] = all_modes[his + here] if taken[here] == 2 else all_modes[hers + here]


@compiled
def mutate(fore: Side, back: Side, work: Work, scratch: Scratch, times: int) -> None:
    """Move activities to other places between their predecessors and successors; give some another mode."""
    order, places, modes, random, first = scratch.order, scratch.places, scratch.modes, scratch.random, work.first
    starts, nodes, ends, others = fore.starts, fore.nodes, back.starts, back.nodes
    count = len(order)
    for at in range(count):
        places[order[at]] = at
    for _ in range(times):
        here = draw(random, count)
        low, high = 0, count - 1
        for link in range(starts[here], starts[here + 1]):
            low = max(low, places[nodes[link]] + 1)
        for link in range(ends[here], ends[here + 1]):
            high = min(high, places[others[link]] - 1)
        at, goal = places[here], low + draw(random, high - low + 1)
        step = 1 if goal > at else -1
        while at != goal:
            order[at] = order[at + step]
            places[order[at]] = at
            at += step
        order[at] = here
        places[here] = at
        other = draw(random, count)
        modes[other] = first[other] + draw(random, first[other + 1] - first[other])


@compiled
def evaluate(fore: Side, back: Side, work: Work, scratch: Scratch, urgency: Ints) -> int:
    """Decode an individual and give its fitness: its makespan counts, then how much of it is late; less is better.

    Every second one keeps its modes: choosing the quickest for whoever comes first may miss the best.
    """
    repair(work, scratch)
    several = len(work.durations) > len(scratch.order)
    makespan = decode(fore, back, work, scratch, scratch.until[1], several and draw(scratch.random, 2) == 1)
    scratch.until[1] = makespan
    missing = excess(work.limits, scratch.needed)
    if missing:
        return INFEASIBLE + missing
    return makespan * STEPS + late(scratch.finish, urgency, makespan)


@compiled
def late(finish: Ints, urgency: Ints, makespan: int) -> int:
    """How many activities end too late for any makespan that is shorter, as far as ``STEPS`` can tell."""
    count = len(finish)
    slack = urgency[count] - makespan
    found = 0
    for here in range(count):
        if finish[here] + slack >= urgency[here]:
            found += 1
    return min(found, STEPS - 1)


@compiled
def keep(population: Population, scratch: Scratch, fitness: int) -> None:
    """Put an individual in the place of the worst, unless it is worse still or its schedule is there already."""
    order, modes, start, state = scratch.order, scratch.modes, scratch.start, population.state
    fitnesses, hashes = population.fitness, population.hashes
    filled, worst, count = state[FILLED], state[WORST], len(order)
    if filled == len(fitnesses) and fitness > fitnesses[worst]:
        return
    code = 0
    for here in range(count):
        code = (code * 1000003 + start[here] * 31 + modes[here]) & 0xFFFFFFFFFF
    for row in range(filled):
        if hashes[row] == code:
            return
    row = worst
    if filled < len(fitnesses):
        row = filled
        filled += 1
        state[FILLED] = filled
    fitnesses[row] = fitness
    hashes[row] = code
    lists, all_modes, starts = population.lists, population.modes, population.starts
    for at in range(count):
        lists[row * count + at] = order[at]
        all_modes[row * count + at] = modes[at]
        starts[row * count + at] = start[at]
    if fitness < fitnesses[state[BEST]]:
        state[BEST] = row
    worst = draw(scratch.random, filled)
    for row in range(filled):
        if fitnesses[row] > fitnesses[worst]:
            worst = row
    state[WORST] = worst


@compiled
def evolve(
    fore: Side, back: Side, work: Work, scratch: Scratch, population: Population, rounds: int, goal: int, moves: int
) -> int:
    """Make up to ``rounds`` individuals, until one is as good as ``goal``; give how many were made.

    ``goal`` is a fitness. The very first is what the scratch room holds. The population fills up with invented ones,
    then offspring mutated up to ``moves`` times take the places of the worst.
    """
    state, random, size = population.state, scratch.random, len(population.fitness)
    done = 0
    while done < rounds and not (state[FILLED] and population.fitness[state[BEST]] <= goal):
        done += 1
        if state[TRIES] < 2 * size and state[FILLED] < size:
            if state[TRIES]:
                invent(fore, work, scratch, population.urgency, 1 + population.urgency[len(scratch.order)] // 2)
            state[TRIES] += 1
        else:
            cross(population, scratch, select(population, random), select(population, random))
            mutate(fore, back, work, scratch, 1 + draw(random, moves))
        keep(population, scratch, evaluate(fore, back, work, scratch, population.urgency))
    return done
