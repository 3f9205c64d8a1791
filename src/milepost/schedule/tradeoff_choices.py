"""Assignments of tasks to tiers, and what each leads to: how long it takes within capacity, and what it costs."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from milepost.errors import PlanInvalid
from milepost.schedule.critical_path import compute
from milepost.schedule.leveling import LeveledSchedule, level
from milepost.schedule.network import Network
from milepost.schedule.tradeoff_relaxation import Offer

_BISECTIONS = 10

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


class Evaluator:
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
        self.capacities = {rank: offer.capacity for rank, offer in offers.items() if offer.capacity > 0}
        self.schedules: dict[tuple[int, ...], tuple[Choice, LeveledSchedule]] = {}

    def __call__(self, ranks: Sequence[int]) -> Choice:
        """The choice of these ranks, in the order of ``tasks``."""
        return self.full(tuple(ranks))[0]

    @property
    def choices(self) -> list[Choice]:
        """All choices so far."""
        return [choice for choice, _ in self.schedules.values()]

    def allowed(self, weakest: Mapping[str, int]) -> list[list[int]]:
        """The tiers that may do each task, the weakest first; what takes no time goes to the weakest alone."""
        rows = [_allowed(name, weakest, self.offers) for name in self.tasks]
        return [row if effort else row[:1] for row, effort in zip(rows, self.efforts, strict=True)]

    def offer(self, place: int, rank: int) -> Offer:
        """A task's duration and cost at a tier."""
        duration = ceil(self.efforts[place] / self.offers[rank].speed)
        return Offer(rank, duration, duration / 3600 * self.offers[rank].cost_per_hour)

    def between(self, good: Choice, bad: Choice, allowed: Callable[[Choice], bool]) -> None:
        """Change tasks, spread over the plan, from a good choice to a bad one, as many as are allowed."""
        changed = [place for place, name in enumerate(self.tasks) if good.tiers[name] != bad.tiers[name]]
        changed.sort(key=lambda place: place * 0.618034 % 1)
        low, high = 0, len(changed)
        for _ in range(_BISECTIONS):
            middle = (low + high) // 2
            if middle == low:
                break
            taken = {self.tasks[place] for place in changed[:middle]}
            choice = self([(bad if name in taken else good).tiers[name] for name in self.tasks])
            low, high = (middle, high) if allowed(choice) else (low, middle)

    def eased(
        self, choice: Choice, allowed: Sequence[Sequence[int]], shares: Mapping[int, float], budget: float | None
    ) -> Choice:
        """A choice with every task on the weakest tier where neither time nor money is lost by it."""
        for place, row in enumerate(allowed):
            ranks = [choice.tiers[name] for name in self.tasks]
            now = self.offer(place, ranks[place]).cost
            for rank in row:
                if rank == ranks[place]:
                    break
                if self.offer(place, rank).cost > now + 1e-9:
                    continue
                other = self([*ranks[:place], rank, *ranks[place + 1 :]])
                if other.makespan <= choice.makespan and other.excess(shares, budget) <= 1e-9:
                    choice = other
                    break
        return choice

    def full(self, ranks: tuple[int, ...]) -> tuple[Choice, LeveledSchedule]:
        """The same, and its schedule."""
        if ranks not in self.schedules:
            self.schedules[ranks] = self._make(ranks)
        return self.schedules[ranks]

    def leveled(self, choice: Choice) -> tuple[Network, LeveledSchedule]:
        """The network under a choice, and its schedule."""
        network = self._network([choice.tiers[name] for name in self.tasks])
        return network, (self.scheduler or _schedule)(network, self.capacities)

    def _network(self, ranks: Sequence[int]) -> Network:
        durations = [self.offer(place, rank).duration for place, rank in enumerate(ranks)]
        rank_of = dict(zip(self.tasks, ranks, strict=True))
        activities = tuple(
            activity if activity.checkpoint else replace(activity, tier=rank_of[activity.id])
            for activity in self.network.activities
        )
        padded = array("q", durations + [0] * (len(activities) - len(durations)))
        return replace(self.network, activities=activities, durations=padded)

    def _make(self, ranks: tuple[int, ...]) -> tuple[Choice, LeveledSchedule]:
        leveled = (self.scheduler or _schedule)(self._network(ranks), self.capacities)
        costs: dict[int, float] = {}
        for place, rank in enumerate(ranks):
            costs[rank] = costs.get(rank, 0.0) + self.offer(place, rank).cost
        return Choice(dict(zip(self.tasks, ranks, strict=True)), leveled.makespan, sum(costs.values()), costs), leveled


def _schedule(network: Network, capacities: Mapping[int, int]) -> LeveledSchedule:
    return level(compute(network), capacities)


def _allowed(name: str, weakest: Mapping[str, int], offers: Mapping[int, TierOffer]) -> list[int]:
    ranks = [rank for rank in sorted(offers, reverse=True) if rank <= weakest.get(name, max(offers))]
    ranks = [rank for rank in ranks if offers[rank].capacity > 0]
    if not ranks:
        raise PlanInvalid(f"no tier is strong enough for task {name}", remedy="configure a tier of a lower rank number")
    return ranks
