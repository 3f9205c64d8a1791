"""Which tier does which task: time against cost, with each tier's capacity respected.

A task may be done by its lowest admissible tier or a stronger one, at another duration and cost (a *mode*). Small
plans are enumerated, so their front is exact for the schedules the levelling finds. Larger ones start from a relaxation
(:mod:`milepost.schedule.tradeoff_relaxation`), whose assignments are levelled and whose bounds say how good they are.
Up to a hundred tasks they are searched further the way Kelley and Walker crashed networks (1959), on levelled
schedules: the move among the tasks that hold up the end which buys the most time for its money is taken, until nothing
helps; then back, saving the most money for the least time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import prod

from milepost.errors import PlanInvalid
from milepost.schedule.leveling import LeveledSchedule
from milepost.schedule.network import Network
from milepost.schedule.tradeoff_choices import SHARE_TOLERANCE, Choice, Evaluator, Scheduler, TierOffer
from milepost.schedule.tradeoff_relaxation import Offer, Relaxation, Support, within_shares

EXHAUSTIVE = 2000
"""Up to this many assignments all are tried."""

EFFORTS = 1000
"""How many schedules a search may make, unless the caller says otherwise."""

SEARCHED = 100
"""Tasks up to which assignments are searched further, move by move."""


@dataclass(frozen=True, slots=True)
class Front:
    """Choices none of which is both dearer and slower than another, the cheapest first.

    ``exact`` says that every assignment was tried; if not, ``supports`` bound what any choice can reach. ``tried`` is
    how many were levelled.
    """

    choices: tuple[Choice, ...]
    exact: bool
    supports: tuple[Support, ...] = ()
    tried: int = 0

    def cheapest_by(self, deadline: int) -> Choice | None:
        """The cheapest choice that ends by a deadline, in working seconds; None when none does."""
        return next((choice for choice in self.choices if choice.makespan <= deadline), None)

    def fastest_within(self, budget: float) -> Choice | None:
        """The fastest choice that costs no more than a budget; None when all cost more."""
        return next((choice for choice in reversed(self.choices) if choice.cost <= budget), None)

    def least_cost(self, makespan: int) -> float:
        """What costs less takes longer than a makespan, whatever is assigned; 0 where nothing is known."""
        return max((support.least_cost(makespan) for support in self.supports), default=0.0)

    def least_makespan(self, cost: float) -> float:
        """What is shorter, in working seconds, costs more than this, whatever is assigned; 0 where nothing is known."""
        return max((support.least_makespan(cost) for support in self.supports), default=0.0)


def explore(
    network: Network,
    efforts: Mapping[str, int],
    weakest: Mapping[str, int],
    offers: Mapping[int, TierOffer],
    *,
    shares: Mapping[int, float] | None = None,
    budget: float | None = None,
    deadline: int | None = None,
    schedules: int = EFFORTS,
    scheduler: Scheduler | None = None,
) -> Front:
    """Find the front of cost and time.

    ``efforts`` are working seconds by task id, ``weakest`` the lowest admissible rank of each task. With ``shares``
    (fraction of ``budget``, or of the whole cost, by rank) only choices that keep to them count. Near ``deadline``, in
    the schedules' seconds, and near ``budget`` the front is looked at more closely. ``scheduler`` makes the schedules
    where there are dates and calendars.

    Raises:
        PlanInvalid: no tier is there for a task, or no assignment keeps to the shares.
    """
    evaluate = Evaluator(network, efforts, offers, scheduler)
    allowed = evaluate.allowed(weakest)
    count = prod(len(ranks) for ranks in allowed)
    supports: tuple[Support, ...] = ()
    if count <= EXHAUSTIVE:
        found: list[Choice] = [evaluate(ranks) for ranks in product(*allowed)]
    else:
        supports = _relaxed(evaluate, allowed, shares or {}, budget)
        if len(allowed) <= SEARCHED:
            _Search(evaluate, allowed, shares or {}, budget, schedules).run()
        _look_closely(evaluate, shares or {}, budget, deadline)
        found = evaluate.choices
    kept = [choice for choice in found if not shares or choice.excess(shares, budget) <= 1e-9]
    if not kept:
        nearest = min(found, key=lambda choice: choice.excess(shares or {}, budget))
        raise PlanInvalid(
            "no assignment keeps to the shares of the tiers",
            remedy=f"the nearest one exceeds them by {nearest.excess(shares or {}, budget):.2f}; loosen a share",
        )
    exact = count <= EXHAUSTIVE
    front = list(_undominated(kept))
    if not exact and len(allowed) <= SEARCHED:
        front = list(_undominated([evaluate.eased(choice, allowed, shares or {}, budget) for choice in front]))
    return Front(tuple(front), exact, supports, len(evaluate.schedules))


def menu(
    network: Network, efforts: Mapping[str, int], weakest: Mapping[str, int], offers: Mapping[int, TierOffer]
) -> list[list[Offer]]:
    """The tiers that may do each task, with duration and cost.

    Raises:
        PlanInvalid: no tier is there for a task.
    """
    evaluate = Evaluator(network, efforts, offers, None)
    return [[evaluate.offer(place, rank) for rank in ranks] for place, ranks in enumerate(evaluate.allowed(weakest))]


def _relaxed(
    evaluate: Evaluator, allowed: list[list[int]], shares: Mapping[int, float], budget: float | None
) -> tuple[Support, ...]:
    """Level what the relaxation suggests, changed to keep to the shares, and the cheapest; give its bounds."""
    offers = [[evaluate.offer(place, rank) for rank in ranks] for place, ranks in enumerate(allowed)]
    found, supports = Relaxation(evaluate.network, offers, evaluate.capacities).sweep()
    found.append([min(row, key=lambda offer: (offer.cost, -offer.rank)).rank for row in offers])
    for ranks in found:
        evaluate(within_shares(offers, ranks, shares, budget, SHARE_TOLERANCE) if shares else ranks)
    return tuple(supports)


def _look_closely(evaluate: Evaluator, shares: Mapping[int, float], budget: float | None, deadline: int | None) -> None:
    """Between the two choices around a wish change as many tasks from one to the other as the wish allows."""

    def kept(choice: Choice) -> bool:
        return not shares or choice.excess(shares, budget) <= 1e-9

    wishes: list[Callable[[Choice], bool]] = []
    if deadline is not None:
        wishes.append(lambda choice: choice.makespan <= deadline)
    if budget is not None:
        wishes.append(lambda choice: choice.cost <= budget)
    for wish in wishes:
        front = list(_undominated([choice for choice in evaluate.choices if kept(choice)]))
        for one, other in pairwise(front):
            if wish(one) != wish(other):
                good, bad = (one, other) if wish(one) else (other, one)
                evaluate.between(good, bad, lambda choice, wish=wish: wish(choice) and kept(choice))  # type: ignore[misc]


def _undominated(choices: Sequence[Choice]) -> Iterator[Choice]:
    fastest: int | None = None

    def worth(choice: Choice) -> tuple[float, int, list[int]]:
        """Of equal choices the one that leaves the most to weaker tiers comes first."""
        return choice.cost, choice.makespan, [-rank for rank in choice.tiers.values()]

    for choice in sorted(choices, key=worth):
        if fastest is None or choice.makespan < fastest:
            fastest = choice.makespan
            yield choice


class _Search:
    """Crashing from the cheapest assignment, and relaxing from the fastest."""

    def __init__(
        self,
        evaluate: Evaluator,
        allowed: list[list[int]],
        shares: Mapping[int, float],
        budget: float | None,
        schedules: int,
    ) -> None:
        self.evaluate = evaluate
        self.allowed = allowed
        self.shares = shares
        self.budget = budget
        self.schedules = schedules

    def run(self) -> None:
        prices = [
            {rank: self.evaluate.offer(place, rank).cost for rank in row} for place, row in enumerate(self.allowed)
        ]
        cheapest = tuple(min(price, key=lambda rank: (price[rank], -rank)) for price in prices)
        fastest = tuple(max(ranks, key=lambda rank: (self.evaluate.offers[rank].speed, rank)) for ranks in self.allowed)
        crashed = self._walk(cheapest, self._crash)
        self._walk(crashed, self._relax)
        self._walk(self._walk(fastest, self._crash), self._relax)

    def _walk(
        self, ranks: tuple[int, ...], step: Callable[[tuple[int, ...]], tuple[int, ...] | None]
    ) -> tuple[int, ...]:
        while len(self.evaluate.schedules) < self.schedules:
            following = step(ranks)
            if following is None:
                break
            ranks = following
        return ranks

    def _crash(self, ranks: tuple[int, ...]) -> tuple[int, ...] | None:
        """The move that buys the most time for its money, or lessens what exceeds the shares."""
        here, schedule = self.evaluate.full(ranks)
        # In real time pauses lie between what holds up and what is held up: there every task is tried.
        places = range(len(ranks)) if self.evaluate.scheduler else None
        moves = self._moves(ranks, places or _holding_up(self.evaluate.network, schedule, len(ranks)))
        best: tuple[float, float] | None = None
        chosen = None
        for move in moves:
            there = self.evaluate(move)
            gained = here.makespan - there.makespan
            less = here.excess(self.shares, self.budget) - there.excess(self.shares, self.budget)
            # Never more beyond the shares, and if not less then sooner: so no assignment comes twice.
            if less < -1e-9 or (gained <= 0 and less <= 1e-9):
                continue
            worth = (less, gained / max(there.cost - here.cost, 1e-6))
            if best is None or worth > best:
                best, chosen = worth, move
        return chosen

    def _relax(self, ranks: tuple[int, ...]) -> tuple[int, ...] | None:
        """The move that saves the most money for the time it gives away."""
        here = self.evaluate(ranks)
        best: float | None = None
        chosen = None
        for move in self._moves(ranks, range(len(ranks))):
            there = self.evaluate(move)
            saved = here.cost - there.cost
            if saved <= 1e-9:
                continue
            worth = saved / max(there.makespan - here.makespan, 1)
            if best is None or worth > best:
                best, chosen = worth, move
        return chosen

    def _moves(self, ranks: tuple[int, ...], places: Sequence[int]) -> Iterator[tuple[int, ...]]:
        for place in places:
            for rank in self.allowed[place]:
                if rank != ranks[place] and len(self.evaluate.schedules) < self.schedules:
                    yield (*ranks[:place], rank, *ranks[place + 1 :])


def _holding_up(network: Network, schedule: LeveledSchedule, tasks: int) -> list[int]:
    """The tasks that hold up the end: each finishes just when another of them starts, behind it or beside it."""
    finish_at: dict[int, list[int]] = {}
    for here, finish in enumerate(schedule.finish):
        finish_at.setdefault(finish, []).append(here)
    waiting = list(finish_at.get(schedule.makespan, ()))
    seen = set(waiting)
    for here in waiting:
        before = set(network.predecessors.of(here))
        for other in finish_at.get(schedule.start[here], ()):
            shares_tier = schedule.tier[other] is not None and schedule.tier[other] == schedule.tier[here]
            if other not in seen and (other in before or shares_tier):
                seen.add(other)
                waiting.append(other)
    return sorted(here for here in seen if here < tasks)


def suggested_tier(complexity: int | None, ambiguity: int | None, risk: int | None) -> int | None:
    """The lowest admissible tier by score: the mean of the stated parts is up to 3 → 3, up to 7 → 2, above → 1."""
    parts = [part for part in (complexity, ambiguity, risk) if part is not None]
    if not parts:
        return None
    score = sum(parts) / len(parts)
    return 3 if score < 4 else 2 if score < 8 else 1
