"""A choice of tiers made better by search and proof: tiers, modes and money as one scheduling problem."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import gcd

from milepost.schedule.bounds import Bound
from milepost.schedule.critical_path import compute
from milepost.schedule.leveling import level
from milepost.schedule.network import Link, Network
from milepost.schedule.problem import Mode, Problem, Resource
from milepost.schedule.tradeoff_choices import Choice, Evaluator
from milepost.schedule.tradeoff_relaxation import Offer
from milepost.schedule.tradeoff_search import Target, search_further

Start = tuple[Sequence[int], Sequence[int]]
"""A schedule to begin with: start times and modes."""

Solve = Callable[[Problem, float, Start | None], Bound]
"""Spends so many seconds of wall time on a problem."""

_UNITS = 36_000_000
"""Units of money in one: costs are whole numbers of them if rates for an hour have at most four decimals."""

_NO_SOLVER = "several calendars or deadlines of tasks count: a simpler search, and no proof"

_STEPS = 6
_NEAR = 1e-4


@dataclass(frozen=True)
class Menu:
    """Which tiers may do the tasks, a network's first activities, at what cost; ``shares`` are those of a budget.

    ``releases`` are the earliest starts, in working seconds, by id.
    """

    network: Network
    offers: Sequence[Sequence[Offer]]
    capacities: Mapping[int, int]
    shares: Mapping[int, float]
    releases: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def _unit(self) -> int:
        return gcd(*(_units(offer.cost) for row in self.offers for offer in row)) or 1

    @property
    def least_cost(self) -> float:
        """What all tasks cost where each is cheapest."""
        return sum(min(offer.cost for offer in row) for row in self.offers)

    def problem(self, budget: float) -> Problem:
        """Do everything within a budget: each tier a resource, money one that is used up."""
        ranks = sorted(self.capacities)
        money = [
            ("money", 1.0, ranks),
            *((f"money of tier {rank}", part, [rank]) for rank, part in self.shares.items()),
        ]
        resources = [Resource(f"tier {rank}", self.capacities[rank]) for rank in ranks]
        for name, part, _ in money:
            resources.append(Resource(name, _units(budget * part) // self._unit, renewable=False))
        modes = [
            tuple(
                Mode(
                    offer.duration,
                    (
                        *(int(rank == offer.rank and offer.duration > 0) for rank in ranks),
                        *(_units(offer.cost) // self._unit if offer.rank in whose else 0 for _, _, whose in money),
                    ),
                )
                for offer in row
            )
            for row in self.offers
        ]
        nothing = (Mode(0, (0,) * len(resources)),)
        modes += [nothing] * (len(self.network) - len(modes))
        releases = tuple(self.releases.get(name, 0) for name in self.network.ids) if self.releases else ()
        return Problem(self.network.ids, tuple(modes), tuple(self._links()), tuple(resources), releases)

    def _links(self) -> Iterator[Link]:
        rows = self.network.predecessors
        for here in range(len(self.network)):
            for place in range(rows.starts[here], rows.starts[here + 1]):
                yield Link(rows.nodes[place], here, rows.kinds[place], rows.lags[place])

    def start(self, chosen: Choice) -> Start:
        """A choice as a schedule to begin with."""
        names = self.network.ids
        modes = [
            next(place for place, offer in enumerate(row) if offer.rank == chosen.tiers[name])
            for name, row in zip(names, self.offers, strict=False)
        ]
        durations = [row[mode].duration for row, mode in zip(self.offers, modes, strict=True)]
        rest = len(self.network) - len(modes)
        activities = tuple(replace(one, tier=chosen.tiers.get(one.id)) for one in self.network.activities)
        network = replace(self.network, activities=activities, durations=array("q", durations + [0] * rest))
        leveled = level(compute(network, releases=self.releases), self.capacities)
        return leveled.start, modes + [0] * rest

    def choice(self, bound: Bound) -> Choice | None:
        """The choice in a schedule that was found."""
        if bound.schedule is None:
            return None
        tiers, costs = {}, dict[int, float]()
        for name, row, mode in zip(self.network.ids, self.offers, bound.schedule.modes, strict=False):
            tiers[name] = row[mode].rank
            costs[row[mode].rank] = costs.get(row[mode].rank, 0.0) + row[mode].cost
        return Choice(tiers, bound.schedule.makespan, sum(costs.values()), costs)


def _units(money: float) -> int:
    return round(money * _UNITS)


@dataclass(frozen=True, slots=True)
class Found:
    """A choice, and what none undercuts: a makespan in seconds within a budget, or a cost by a deadline.

    ``how`` says how it was searched for, ``note`` what the search had to do without.
    """

    choice: Choice
    least: float
    note: str = ""
    how: str = "found by a search over tiers and order together"


@dataclass(frozen=True)
class AssignmentSearch:
    """Searches for ``seconds`` of wall time in all; ``clock`` counts them."""

    solve: Solve
    seconds: float
    clock: Callable[[], float] = lambda: 0.0

    def by_trying(
        self, evaluate: Evaluator, allowed: Sequence[Sequence[int]], chosen: Choice, target: Target, least: float
    ) -> Found:
        """A better choice where a solver cannot count: each that is tried is levelled by its calendars and dates.

        ``least`` is what none undercuts.
        """
        end = self.clock() + self.seconds
        found = search_further(evaluate, allowed, chosen, target, lambda: self.clock() >= end)
        value = found.makespan if target.deadline is None else found.cost
        how = f"the best of {len(evaluate.schedules):,} more assignments, tried by calendars and dates"
        return Found(found, min(least, value), _NO_SOLVER, how)

    def fastest(self, menu: Menu, chosen: Choice, budget: float, least: float) -> Found:
        """The fastest choice within a budget; ``least`` is a makespan that none undercuts."""
        bound = self.solve(menu.problem(budget), self.seconds, menu.start(chosen))
        found = menu.choice(bound)
        best = found if found is not None and found.makespan < chosen.makespan else chosen
        return Found(best, min(max(least, bound.lower), best.makespan), bound.note)

    def cheapest(self, menu: Menu, chosen: Choice, deadline: int, least: float) -> Found:
        """The cheapest choice by a deadline, found by halving the budget; ``least`` is a cost that none undercuts.

        A budget within which nothing can end in time raises it.
        """
        least = max(least, menu.least_cost)
        best, low, note = chosen, least, ""
        for step in range(_STEPS):
            if best.cost - low <= _NEAR * best.cost:
                break
            last = step == _STEPS - 1
            budget = best.cost * (1 - _NEAR) if last else (best.cost + low) / 2
            bound = self.solve(menu.problem(budget), self.seconds / _STEPS, None)
            note, found = bound.note or note, menu.choice(bound)
            if found is not None and found.makespan <= deadline and found.cost < best.cost:
                best = found
                continue
            low = budget
            if bound.lower > deadline or (bound.proven and bound.schedule is None):
                least = max(least, budget)
        return Found(best, min(least, best.cost), note)
