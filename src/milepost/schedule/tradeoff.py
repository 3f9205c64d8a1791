"""Which tier does which task: time against cost, with each tier's capacity respected.

A task may be done by its lowest admissible tier or a stronger one, at another duration and cost (a *mode*). Small
plans are enumerated, so their front is exact for the schedules the levelling finds. Larger ones are searched the way
Kelley and Walker crashed networks (1959), on levelled schedules: from the cheapest choice, the move among the tasks
that hold up the end which buys the most time for its money is taken, until nothing helps; then back from the fastest
choice, saving the most money for the least time.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import ceil, prod

from milepost.errors import PlanInvalid
from milepost.schedule.critical_path import compute
from milepost.schedule.leveling import LeveledSchedule, level
from milepost.schedule.network import Network

EXHAUSTIVE = 2000
"""Up to this many assignments all are tried."""

EFFORTS = 4000
"""How many schedules a search may make, unless the caller says otherwise."""

SHARE_TOLERANCE = 0.05
"""How far a tier's share of the cost may exceed what it is allowed, as a fraction of the whole."""


Scheduler = Callable[[Network, Mapping[int, int]], LeveledSchedule]
"""Makes a schedule of a network within capacities, by rank."""


@dataclass(frozen=True, slots=True)
class TierOffer:
    """A tier as a choice: how many tasks at once, duration is effort ÷ ``speed``, and its price for an hour."""

    capacity: int
    speed: float = 1.0
    cost_per_hour: float = 0.0


@dataclass(frozen=True, slots=True)
class Choice:
    """An assignment and what it leads to: rank by task id, makespan in working seconds, cost, cost by rank."""

    tiers: Mapping[str, int]
    makespan: int
    cost: float
    cost_of_tier: Mapping[int, float]

    def excess(self, shares: Mapping[int, float], budget: float | None = None) -> float:
        """By how much money tiers exceed their shares of the budget, or of the whole cost without one."""
        whole = self.cost if budget is None else budget
        room = SHARE_TOLERANCE if budget is None else 0.0
        return sum(
            max(0.0, self.cost_of_tier.get(rank, 0.0) - (share + room) * whole) for rank, share in shares.items()
        )


@dataclass(frozen=True, slots=True)
class Front:
    """Choices none of which is both dearer and slower than another, the cheapest first.

    ``exact`` says that every assignment was tried.
    """

    choices: tuple[Choice, ...]
    exact: bool

    def cheapest_by(self, deadline: int) -> Choice | None:
        """The cheapest choice that ends by a deadline, in working seconds; None when none does."""
        return next((choice for choice in self.choices if choice.makespan <= deadline), None)

    def fastest_within(self, budget: float) -> Choice | None:
        """The fastest choice that costs no more than a budget; None when all cost more."""
        return next((choice for choice in reversed(self.choices) if choice.cost <= budget), None)


def explore(
    network: Network,
    efforts: Mapping[str, int],
    weakest: Mapping[str, int],
    offers: Mapping[int, TierOffer],
    *,
    shares: Mapping[int, float] | None = None,
    budget: float | None = None,
    schedules: int = EFFORTS,
    scheduler: Scheduler | None = None,
) -> Front:
    """Find the front of cost and time.

    ``efforts`` are working seconds by task id, ``weakest`` the lowest admissible rank of each task. With ``shares``
    (fraction of ``budget``, or of the whole cost, by rank) only choices that keep to them count. ``scheduler`` makes
    the schedules where there are dates and calendars.

    Raises:
        PlanInvalid: no tier is there for a task, or no assignment keeps to the shares.
    """
    evaluate = _Evaluator(network, efforts, offers, scheduler)
    allowed = [_allowed(name, weakest, offers) for name in evaluate.tasks]
    count = prod(len(ranks) for ranks in allowed)
    if count <= EXHAUSTIVE:
        found: list[Choice] = [evaluate(ranks) for ranks in product(*allowed)]
    else:
        found = _Search(evaluate, allowed, shares or {}, budget, schedules).run()
    kept = [choice for choice in found if not shares or choice.excess(shares, budget) <= 1e-9]
    if not kept:
        nearest = min(found, key=lambda choice: choice.excess(shares or {}, budget))
        raise PlanInvalid(
            "no assignment keeps to the shares of the tiers",
            remedy=f"the nearest one exceeds them by {nearest.excess(shares or {}, budget):.2f}; loosen a share",
        )
    return Front(tuple(_undominated(kept)), count <= EXHAUSTIVE)


def _allowed(name: str, weakest: Mapping[str, int], offers: Mapping[int, TierOffer]) -> list[int]:
    ranks = [rank for rank in sorted(offers, reverse=True) if rank <= weakest.get(name, max(offers))]
    ranks = [rank for rank in ranks if offers[rank].capacity > 0]
    if not ranks:
        raise PlanInvalid(f"no tier is strong enough for task {name}", remedy="configure a tier of a lower rank number")
    return ranks


def _undominated(choices: Sequence[Choice]) -> Iterator[Choice]:
    fastest: int | None = None
    for choice in sorted(choices, key=lambda choice: (choice.cost, choice.makespan, sorted(choice.tiers.items()))):
        if fastest is None or choice.makespan < fastest:
            fastest = choice.makespan
            yield choice


class _Evaluator:
    """Turns an assignment into a choice by levelling the network under it; remembers what it has seen."""

    def __init__(
        self,
        network: Network,
        efforts: Mapping[str, int],
        offers: Mapping[int, TierOffer],
        scheduler: Scheduler | None,
    ) -> None:
        self.network = network
        self.scheduler = scheduler
        self.offers = offers
        self.tasks = [activity.id for activity in network.activities if not activity.checkpoint]
        self.efforts = [efforts[name] for name in self.tasks]
        self.capacities = {rank: offer.capacity for rank, offer in offers.items()}
        self.schedules: dict[tuple[int, ...], tuple[Choice, LeveledSchedule]] = {}

    def __call__(self, ranks: Sequence[int]) -> Choice:
        return self.full(tuple(ranks))[0]

    def full(self, ranks: tuple[int, ...]) -> tuple[Choice, LeveledSchedule]:
        if ranks not in self.schedules:
            self.schedules[ranks] = self._make(ranks)
        return self.schedules[ranks]

    def _make(self, ranks: tuple[int, ...]) -> tuple[Choice, LeveledSchedule]:
        durations = [ceil(effort / self.offers[rank].speed) for effort, rank in zip(self.efforts, ranks, strict=True)]
        rank_of = dict(zip(self.tasks, ranks, strict=True))
        activities = tuple(
            activity if activity.checkpoint else replace(activity, tier=rank_of[activity.id])
            for activity in self.network.activities
        )
        padded = array("q", durations + [0] * (len(activities) - len(durations)))
        network = Network(activities, padded, self.network.predecessors, self.network.successors)
        leveled = (self.scheduler or _schedule)(network, self.capacities)
        costs: dict[int, float] = {}
        for rank, duration in zip(ranks, durations, strict=True):
            costs[rank] = costs.get(rank, 0.0) + duration / 3600 * self.offers[rank].cost_per_hour
        return Choice(rank_of, leveled.makespan, sum(costs.values()), costs), leveled


def _schedule(network: Network, capacities: Mapping[int, int]) -> LeveledSchedule:
    return level(compute(network), capacities)


class _Search:
    """Crashing from the cheapest assignment, and relaxing from the fastest."""

    def __init__(
        self,
        evaluate: _Evaluator,
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

    def run(self) -> list[Choice]:
        prices = [self._price(place) for place in range(len(self.allowed))]
        cheapest = tuple(min(price, key=lambda rank: (price[rank], -rank)) for price in prices)
        fastest = tuple(max(ranks, key=lambda rank: (self.evaluate.offers[rank].speed, rank)) for ranks in self.allowed)
        crashed = self._walk(cheapest, self._crash)
        self._walk(crashed, self._relax)
        self._walk(self._walk(fastest, self._crash), self._relax)
        return [choice for choice, _ in self.evaluate.schedules.values()]

    def _price(self, place: int) -> dict[int, float]:
        offers, effort = self.evaluate.offers, self.evaluate.efforts[place]
        return {rank: ceil(effort / offers[rank].speed) * offers[rank].cost_per_hour for rank in self.allowed[place]}

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
            if gained <= 0 and less <= 1e-9:
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
