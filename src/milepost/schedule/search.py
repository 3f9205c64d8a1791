"""Genetic search for short schedules of a problem, near the optimum for some hundred activities.

Two or more islands evolve side by side, each a population of activity lists and mode choices, and now and then pass
on their best. With a budget in iterations the same seed gives the same result whatever the machine; a budget in
seconds ends where the clock says. With numba the islands run in threads at full speed; without it the same code
runs some hundred times slower, on one island.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import pairwise, repeat
from math import gcd, sqrt
from typing import TYPE_CHECKING, Any

from milepost.errors import PlanInvalid, UsageError
from milepost.schedule.bounds import early_times, lower_bound
from milepost.schedule.problem import Problem

if TYPE_CHECKING:
    from milepost.schedule.genetic import Population
    from milepost.schedule.kernel import Scratch, Side, Work

_WORD = 62
"""Bits of a word that hold packed capacities; more would meet the sign."""

_GRID = 30
"""The longest mean duration, in units of time, for which a profile by unit of time is quicker than one by change."""

_ROUND = 100_000
"""Activities scheduled by an island between two looks at the clock: some 20 ms."""

_SPEED = 4_000_000
"""Activities scheduled by an island in a second, roughly."""

_EXCHANGE = 25
"""Rounds between two exchanges of the islands' best."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The best schedule found, by activity number, in the problem's unit of time.

    ``start`` times, ``modes`` as positions among each activity's modes, and their ``makespan``. If ``feasible`` is
    False, even the best modes found need more of a non-renewable resource than there is. No schedule is shorter
    than ``lower_bound``. ``iterations`` counts individuals decoded by all islands; ``compiled`` says whether numba
    did it; ``interrupted`` whether Ctrl-C ended it.
    """

    start: tuple[int, ...]
    modes: tuple[int, ...]
    makespan: int
    feasible: bool
    lower_bound: int
    iterations: int
    compiled: bool
    interrupted: bool = False

    @property
    def optimal(self) -> bool:
        """Whether the bound proves that no schedule is shorter."""
        return self.feasible and self.makespan <= self.lower_bound


@cache
def warm_up() -> None:
    """Load the compiled code, half a second's work, or compile it, some ten seconds', if that was never done."""
    improve(Problem.smallest(), iterations=1)


def improve(
    problem: Problem,
    *,
    seed: int = 0,
    seconds: float | None = None,
    patience: float | None = None,
    iterations: int | None = None,
    clock: Callable[[], float] | None = None,
    workers: int = 2,
    population: int = 0,
    start: tuple[Sequence[int], Sequence[int]] | None = None,
    on_best: Callable[[int], None] | None = None,
) -> SearchResult:
    """Search until the budget is spent, the lower bound is reached, or Ctrl-C.

    ``iterations`` counts individuals, three schedules each, of all ``workers`` together. ``seconds`` are measured by
    ``clock`` and begin when the compiled code is ready, which takes half a second, and some ten the first time;
    after ``patience`` seconds without a shorter schedule the search ends.
    ``population`` is the size of an island's (0: by the budget). ``start`` is a schedule to begin with: start times
    and modes. ``on_best`` hears of every better makespan.

    Raises:
        UsageError: no budget, or a budget in seconds without a clock.
        PlanInvalid: the links form a cycle, or a demand is beyond all measure.
    """
    if seconds is None and iterations is None:
        raise UsageError("a search needs a budget: iterations or seconds")
    if seconds is not None and clock is None:
        raise UsageError("a budget in seconds needs a clock")
    encoding = _Encoding(problem)
    size = population or _population(len(problem), seconds, iterations, workers)
    count = workers if encoding.fast else 1
    islands = [_Island(encoding, seed * 1009 + number, size, start) for number in range(count)]
    race = _Race(encoding, islands, on_best)
    race.warm_up()
    if clock is not None and seconds is not None:
        end = clock() + seconds
        race.run(iterations, lambda: race.worthwhile(clock(), end, patience or seconds))
    else:
        race.run(iterations, lambda: True)
    return race.result()


def _population(count: int, seconds: float | None, iterations: int | None, workers: int) -> int:
    """The size that did best in measurements: it grows with the root of the individuals an island can make."""
    budget = _SPEED * seconds / (count + 1) if seconds is not None else (iterations or 0) / workers
    return max(40, min(1000, round(1.1 * sqrt(budget))))


class _Encoding:
    """A problem in flat arrays: activities in topological order, times divided by their greatest common divisor."""

    def __init__(self, problem: Problem) -> None:
        from milepost.schedule import genetic, kernel

        self.genetic, self.kernel = genetic, kernel
        self.fast = kernel.COMPILED
        self.problem = problem
        self.order = problem.order
        self.number = {here: place for place, here in enumerate(self.order)}
        self.unit = self._unit()
        self.bound = lower_bound(problem)
        self.goal = (-(-self.bound // self.unit) + 1) * genetic.STEPS - 1
        self.horizon = self._horizon()
        self.grid = self.horizon <= _GRID * len(problem)
        self.work = self._work()
        self.fore = self._side(problem)
        self.back = self._side(problem.mirrored)
        tails = early_times(problem.mirrored)
        longest = max((finish for _, finish in early_times(problem)), default=0)
        self.urgency = [(longest - tails[here][0]) // self.unit for here in self.order]
        self.urgency.append(longest // self.unit)

    def array(self, values: Sequence[int]) -> Any:
        """Numbers as the kernel takes them: a numpy array if there is numba, else a list."""
        if not self.fast:
            return list(values)
        numpy = import_module("numpy")
        return numpy.array(values, dtype=numpy.int64)

    def zeros(self, count: int) -> Any:
        """So many zeros as the kernel takes them."""
        return self.array([0] * count)

    def _unit(self) -> int:
        times = [mode.duration for modes in self.problem.modes for mode in modes]
        times += [link.lag for link in self.problem.links]
        return gcd(*times, *self.problem.releases) or 1

    def _horizon(self) -> int:
        longest = sum(max(mode.duration for mode in modes) for modes in self.problem.modes)
        lags = sum(max(link.lag, 0) for link in self.problem.links)
        return (longest + lags + max(self.problem.releases, default=0)) // self.unit + 1

    def _work(self) -> Work:
        problem, array = self.problem, self.array
        first, durations, demands, needs = [0], [], [], []
        capacities = [self._capacity(place) for place in problem.renewable]
        lane = max(capacities, default=0).bit_length() + 1
        if lane > _WORD:
            raise PlanInvalid("the demands for a resource are beyond all measure")
        for here in self.order:
            for choice in problem.choices[here]:
                mode = problem.modes[here][choice]
                durations.append(mode.duration // self.unit)
                demands += _packed([mode.demands[place] for place in problem.renewable], lane)
                needs += [mode.demands[place] for place in problem.nonrenewable]
            first.append(len(durations))
        guards = _packed([1 << (lane - 1)] * len(capacities), lane)
        free = [part | guard for part, guard in zip(_packed(capacities, lane), guards, strict=True)]
        limits = [problem.resources[place].capacity for place in problem.nonrenewable]
        numbers = (first, durations, demands, needs, limits, free, guards, [int(self.grid)])
        return self.kernel.Work(*map(array, numbers))

    def _capacity(self, place: int) -> int:
        """The capacity of a resource, or all that is ever needed of it at once if that is less."""
        most = sum(max(mode.demands[place] for mode in modes) for modes in self.problem.modes)
        return min(self.problem.resources[place].capacity, most)

    def _side(self, problem: Problem) -> Side:
        rows: list[list[tuple[int, int, int]]] = [[] for _ in self.order]
        for link in problem.links:
            rows[self.number[link.successor]].append((self.number[link.predecessor], link.kind, link.lag // self.unit))
        starts, flat = [0], []
        for row in rows:
            flat += row
            starts.append(len(flat))
        rising = int(all(kind < 2 and lag >= 0 for _, kind, lag in flat))
        releases = [problem.releases[here] // self.unit for here in self.order] if problem.releases else [0] * len(rows)
        parts = (starts, [link[0] for link in flat], [link[1] for link in flat], [link[2] for link in flat])
        return self.kernel.Side(*map(self.array, (*parts, releases, [rising])))

    def room(self, seed: int) -> Scratch:
        """Room to decode in; ``seed`` starts its random numbers."""
        count, words = len(self.problem), len(self.work.guard)
        span = self.horizon + 1 if self.grid else 2 * count + 2
        sizes = [count] * 8 + [1 if self.grid else span, span * words]
        random = (seed * 0x9E3779B1 + 0x7F4A7C15) & 0xFFFFFFFF or 1
        parts = [self.zeros(size) for size in sizes]
        parts += [self.array([0, span]), self.zeros(len(self.work.limits)), self.array([random])]
        return self.kernel.Scratch(*parts)


def _packed(values: Sequence[int], lane: int) -> list[int]:
    """Numbers in lanes of so many bits, as many lanes a word as it holds."""
    lanes = _WORD // lane
    rows = [values[place : place + lanes] for place in range(0, len(values), lanes)] or [()]
    return [sum(value << (lane * place) for place, value in enumerate(row)) for row in rows]


class _Island:
    """A population, and room to make its offspring in."""

    def __init__(
        self, encoding: _Encoding, seed: int, size: int, start: tuple[Sequence[int], Sequence[int]] | None
    ) -> None:
        self.encoding = encoding
        self.scratch = encoding.room(seed)
        count = len(encoding.problem)
        rows = [encoding.zeros(size * count) for _ in range(3)]
        by_row = [encoding.zeros(size) for _ in range(2)]
        self.population: Population = encoding.genetic.Population(
            *rows, *by_row, encoding.array(encoding.urgency), encoding.zeros(5)
        )
        self.done = 0
        self._prepare(start)

    def _prepare(self, start: tuple[Sequence[int], Sequence[int]] | None) -> None:
        """Put the first individual in the scratch room: the schedule to begin with, or the most urgent first."""
        encoding, scratch = self.encoding, self.scratch
        problem, first = encoding.problem, encoding.work.first
        keys = list(encoding.urgency[:-1])
        for place, here in enumerate(encoding.order):
            scratch.order[place] = place
            scratch.modes[place] = first[place]
            if start is not None:
                keys[place] = start[0][here]
                if start[1][here] in problem.choices[here]:
                    scratch.modes[place] += problem.choices[here].index(start[1][here])
        for place, key in enumerate(keys):
            scratch.keys[place] = key
        for place, (low, high) in enumerate(pairwise(encoding.fore.starts)):
            for link in range(low, high):
                scratch.keys[place] = max(scratch.keys[place], scratch.keys[encoding.fore.nodes[link]])
        encoding.kernel.sort(encoding.fore, scratch.order, scratch.keys)

    def evolve(self, rounds: int) -> int:
        """Make so many individuals, fewer if the bound is reached; give how many."""
        encoding = self.encoding
        made: int = encoding.genetic.evolve(
            encoding.fore, encoding.back, encoding.work, self.scratch, self.population, rounds, encoding.goal, 5
        )
        self.done += made
        return made

    @property
    def best(self) -> int:
        """The row of the best individual."""
        return int(self.population.state[self.encoding.genetic.BEST])

    @property
    def fitness(self) -> int:
        """The best fitness."""
        return int(self.population.fitness[self.best])

    def send_best(self, other: _Island) -> None:
        """Offer the best individual to another island."""
        count, row = len(self.encoding.problem), self.best
        mine, room = self.population, other.scratch
        for place in range(count):
            room.order[place] = mine.lists[row * count + place]
            room.modes[place] = mine.modes[row * count + place]
            room.start[place] = mine.starts[row * count + place]
        self.encoding.genetic.keep(other.population, room, self.fitness)


class _Race:
    """The islands side by side, in rounds of equal work."""

    def __init__(self, encoding: _Encoding, islands: Sequence[_Island], on_best: Callable[[int], None] | None) -> None:
        self._encoding = encoding
        self._islands = islands
        self._on_best = on_best
        self._reported: int | None = None
        self._change: tuple[int | None, float] | None = None
        self._interrupted = False

    def warm_up(self) -> None:
        """Load or compile the code without doing anything."""
        self._islands[0].evolve(0)

    def run(self, iterations: int | None, going: Callable[[], bool]) -> None:
        """Evolve until the iterations are spent, the bound is reached, or it is time."""
        size = _ROUND if self._encoding.fast else _ROUND // 100
        step = max(1, size // (len(self._encoding.problem) + 1))
        left = None if iterations is None else max(1, iterations // len(self._islands))
        rounds = 0
        with ThreadPoolExecutor(len(self._islands)) as threads:
            try:
                while (left is None or left) and (going() or not rounds):
                    now = step if left is None else min(step, left)
                    list(threads.map(_Island.evolve, self._islands, repeat(now)))
                    left = None if left is None else left - now
                    rounds += 1
                    self._report()
                    if self._leader.fitness <= self._encoding.goal:
                        break
                    if rounds % _EXCHANGE == 0:
                        self._exchange()
            except KeyboardInterrupt:
                self._interrupted = True

    def worthwhile(self, now: float, end: float, patience: float) -> bool:
        """Whether the end has not come, and a shorter schedule was noticed no longer ago than ``patience``."""
        if self._change is None or self._change[0] != self._reported:
            self._change = (self._reported, now)
        return now < min(end, self._change[1] + patience)

    def _exchange(self) -> None:
        ring = list(zip(self._islands, [*self._islands[1:], self._islands[0]], strict=True))
        if len(ring) > 1:
            for here, there in ring:
                here.send_best(there)

    @property
    def _leader(self) -> _Island:
        return min(self._islands, key=lambda island: island.fitness)

    def _report(self) -> None:
        fitness, genetic = self._leader.fitness, self._encoding.genetic
        makespan = fitness // genetic.STEPS * self._encoding.unit
        if fitness < genetic.INFEASIBLE and (self._reported is None or makespan < self._reported):
            self._reported = makespan
            if self._on_best is not None:
                self._on_best(makespan)

    def result(self) -> SearchResult:
        """The best schedule of all islands."""
        encoding, leader = self._encoding, self._leader
        problem, count, row = encoding.problem, len(encoding.problem), leader.best
        start, modes = [0] * count, [0] * count
        for place, here in enumerate(encoding.order):
            start[here] = int(leader.population.starts[row * count + place]) * encoding.unit
            mode = int(leader.population.modes[row * count + place]) - int(encoding.work.first[place])
            modes[here] = problem.choices[here][mode]
        return SearchResult(
            start=tuple(start),
            modes=tuple(modes),
            makespan=problem.schedule(start, modes).makespan,
            feasible=leader.fitness < encoding.genetic.INFEASIBLE,
            lower_bound=encoding.bound,
            iterations=sum(island.done for island in self._islands),
            compiled=encoding.fast,
            interrupted=self._interrupted,
        )
