"""A choice of tiers made better by trying others, each levelled by whatever calendars and dates there are.

Iterated local search (Lourenço, Martin and Stützle, 2003) in which the cost of a neighbour is known before it is
levelled: only neighbours that could be better are. By a deadline those are the ones that cost less, within a budget
those that can be paid. What is no worse is kept, so that the search moves along plateaus.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from milepost.schedule.tradeoff_choices import Choice, Evaluator

_BARREN = 20_000
"""Neighbours in a row that need not be levelled after which there is nothing left to try."""

_MOST_MOVES = 4


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked: the least cost by ``deadline`` (in the schedules' seconds), else the least makespan.

    Both within ``budget`` if there is one. ``shares`` are those of the budget, or of the whole cost, by rank.
    """

    deadline: int | None = None
    budget: float | None = None
    shares: Mapping[int, float] | None = None

    def worth(self, choice: Choice) -> tuple[float, ...]:
        """What is to be small."""
        over = max(choice.cost - self.budget, 0.0) if self.budget is not None else 0.0
        excess = choice.excess(self.shares, self.budget) if self.shares else 0.0
        if self.deadline is None:
            return round(over + excess, 9), choice.makespan, choice.cost
        return max(choice.makespan - self.deadline, 0), round(over + excess, 9), choice.cost, choice.makespan

    def affordable(self, cost: float, best: Choice) -> bool:
        """Whether a choice of that cost can be no worse than the best that keeps to the target."""
        if self.deadline is not None and best.makespan <= self.deadline and cost > best.cost:
            return False
        return self.budget is None or cost <= self.budget or cost < best.cost


def search_further(
    evaluate: Evaluator,
    allowed: Sequence[Sequence[int]],
    start: Choice,
    target: Target,
    enough: Callable[[], bool],
    *,
    seed: int = 0,
    on_best: Callable[[Choice], None] | None = None,
) -> Choice:
    """Try other choices until it is ``enough``, until there is nothing left to try, or until Ctrl-C.

    The same seed tries the same choices in the same order; how many, depends on what is enough.
    """
    chance = Random(seed)
    best, worth = start, target.worth(start)
    places = [place for place, row in enumerate(allowed) if len(row) > 1]
    barren = 0
    try:
        while places and barren < _BARREN and not enough():
            ranks = [best.tiers[name] for name in evaluate.tasks]
            cost = best.cost
            for place in chance.sample(places, min(len(places), 1 + chance.randrange(_MOST_MOVES))):
                rank = chance.choice(allowed[place])
                cost += evaluate.offer(place, rank).cost - evaluate.offer(place, ranks[place]).cost
                ranks[place] = rank
            barren += 1
            if tuple(ranks) in evaluate.schedules or not target.affordable(cost, best):
                continue
            barren = 0
            found = evaluate(ranks)
            better = target.worth(found)
            if on_best and better < worth:
                on_best(found)
            if better <= worth:
                best, worth = found, better
    except KeyboardInterrupt:
        pass
    return best
