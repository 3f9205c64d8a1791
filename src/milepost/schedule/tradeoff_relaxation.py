"""Time against cost without schedules: what no assignment of tasks to tiers can undercut, and assignments near that.

For a price of time *w* every schedule costs at least ``L(w) - w * makespan`` more than nothing, where ``L(w)`` is the
Lagrangian relaxation (Geoffrion, 1974) of the longest chains and of each tier's work within its capacity: shares of *w*
are laid on tiers and chains as prices of their seconds, each task takes its cheapest tier at these prices, and the
shares follow by multiplicative weights (Arora, Hazan and Kale, 2012) what takes longest. The average of all choices on
the way is an optimal mixture; handed out task by task it makes assignments, mixtures of neighbours those between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp

from milepost.schedule.network import FF, FS, SF, Network

_ROUNDS = 80
_WEIGHTS = 16
_CHAINS = 8
_MIXTURES = 48
_LEAST_SHARE = 0.02
_PRICELESS = 1e6


@dataclass(frozen=True, slots=True)
class Offer:
    """A way to do a task: at a tier, so many seconds, at a cost."""

    rank: int
    duration: int
    cost: float


@dataclass(frozen=True, slots=True)
class Support:
    """No schedule has ``weight * makespan + cost`` below ``value``."""

    weight: float
    value: float

    def least_cost(self, makespan: float) -> float:
        """What a schedule of a makespan costs at least."""
        return self.value - self.weight * makespan

    def least_makespan(self, cost: float) -> float:
        """How long a schedule of a cost takes at least."""
        return (self.value - cost) / self.weight


@dataclass(frozen=True, slots=True)
class _Chain:
    """A chain's length: ``lags``, and each task's duration as often as ``counts`` says (negative: less)."""

    lags: int
    counts: tuple[tuple[int, int], ...]


Mixture = list[list[float]]
"""For each task the shares of its offers."""


class Relaxation:
    """The tasks' offers (in activity order, tasks first) within the tiers' capacities and along the longest chains."""

    def __init__(self, network: Network, offers: Sequence[Sequence[Offer]], capacities: Mapping[int, int]) -> None:
        """Take a network whose first activities are the tasks; its other activities take no time."""
        self._network = network
        self._offers = offers
        self._capacities = capacities
        self._order = [here for here in network.order if here < len(offers)]
        self._width = self._widest()
        self._chains: list[_Chain] = []
        for pick in (min, max):
            ranks = [pick(row, key=lambda offer: offer.duration) for row in offers]
            self._add_chain([offer.duration for offer in ranks])

    def _widest(self) -> float:
        """The longest that a tier would work if it did all it may do."""
        loads = dict.fromkeys(self._capacities, 0)
        for row in self._offers:
            for offer in row:
                loads[offer.rank] += offer.duration
        return max((load / self._capacities[rank] for rank, load in loads.items()), default=0) or 1.0

    def sweep(self) -> tuple[list[list[int]], list[Support]]:
        """Assignments from cheap to fast, as ranks by task, and bounds for the whole front."""
        cheap = sum(min(offer.cost for offer in row) for row in self._offers)
        fast = max(self._length([min(offer.duration for offer in row) for row in self._offers]), 1)
        scale = max(cheap, 1e-3) / fast
        weights = [scale * 10 ** (-2 + 5 * step / (_WEIGHTS - 1)) for step in range(_WEIGHTS)]
        solved = [self.solve(weight) for weight in [*weights, scale * _PRICELESS]]
        for _ in range(2):
            for one, other in list(pairwise(solved)):
                solved += self._at_the_bend(one, other)
            solved.sort(key=lambda found: found[0].weight)
        found = {tuple(self.hand_out(mixture)): None for mixture in self._between([mixture for _, mixture in solved])}
        return [list(ranks) for ranks in found], [
            Support(scale / _PRICELESS, cheap),
            *(support for support, _ in solved),
        ]

    def _at_the_bend(
        self, one: tuple[Support, Mixture], other: tuple[Support, Mixture]
    ) -> Iterator[tuple[Support, Mixture]]:
        """Solve for the price at which two mixtures that are far apart are worth the same: there the bound is best."""
        cost, time = (value - before for value, before in zip(self._worth(other[1]), self._worth(one[1]), strict=True))
        if time < 0 < cost and one[0].weight < -cost / time < other[0].weight:
            yield self.solve(-cost / time)

    def _between(self, mixtures: list[Mixture]) -> Iterator[Mixture]:
        """The mixtures, and more between neighbours the further their costs are apart."""
        yield mixtures[0]
        costs = [self._worth(mixture)[0] for mixture in mixtures]
        whole = sum(abs(other - one) for one, other in pairwise(costs)) or 1.0
        for place, (one, other) in enumerate(pairwise(mixtures)):
            steps = 1 + round(_MIXTURES * abs(costs[place + 1] - costs[place]) / whole)
            for step in range(1, steps + 1):
                yield _mixed(one, other, step / steps)

    def _worth(self, mixture: Mixture) -> tuple[float, float]:
        """What a mixture costs, and how long the longest of tiers and chains takes."""
        cost, loads = 0.0, dict.fromkeys(self._capacities, 0.0)
        means = []
        for row, shares in zip(self._offers, mixture, strict=True):
            whole, mean = sum(shares), 0.0
            for offer, share in zip(row, shares, strict=True):
                cost += offer.cost * share / whole
                loads[offer.rank] += offer.duration * share / whole
                mean += offer.duration * share / whole
            means.append(mean)
        times = [load / self._capacities[rank] for rank, load in loads.items()]
        times += [chain.lags + sum(means[here] * count for here, count in chain.counts) for chain in self._chains]
        return cost, max(times)

    def solve(self, weight: float) -> tuple[Support, Mixture]:
        """The best bound found for a price of time (money for a second), and a mixture that comes near it."""
        ranks = sorted(self._capacities)
        shares = [1.0] * (len(ranks) + len(self._chains))
        best = 0.0
        mixture: Mixture = [[0.0] * len(row) for row in self._offers]
        for number in range(_ROUNDS):
            whole = sum(shares)
            prices = {
                rank: weight * share / whole / self._capacities[rank]
                for rank, share in zip(ranks, shares, strict=False)
            }
            on_chains = [weight * share / whole for share in shares[len(ranks) :]]
            value, picked = self._pick(prices, on_chains)
            best = max(best, value)
            if number >= _ROUNDS // 4:
                for row, place in zip(mixture, picked, strict=True):
                    row[place] += 1.5 / (1 + number / 20)
            times = self._times(ranks, picked)
            if number % 20 == 10 and self._add_chain(
                [row[place].duration for row, place in zip(self._offers, picked, strict=True)]
            ):
                shares.append(whole / len(shares))
                times = self._times(ranks, picked)
            speed = 1.5 / (1 + number / 20)
            shares = [
                max(share / whole * exp(speed * (time / self._width - 1)), 1e-6)
                for share, time in zip(shares, times, strict=True)
            ]
        return Support(weight, best), mixture

    def _pick(self, prices: Mapping[int, float], on_chains: Sequence[float]) -> tuple[float, list[int]]:
        """The value of the relaxation at some prices, and the place of each task's offer in it."""
        extra = [0.0] * len(self._offers)
        value = 0.0
        for price, chain in zip(on_chains, self._chains, strict=True):
            value += price * chain.lags
            for here, count in chain.counts:
                extra[here] += price * count
        picked = []
        for row, more in zip(self._offers, extra, strict=True):
            costs = [offer.cost + offer.duration * (prices[offer.rank] + more) for offer in row]
            least = min(costs)
            value += least
            picked.append(costs.index(least))
        return value, picked

    def _times(self, ranks: Sequence[int], picked: Sequence[int]) -> list[float]:
        """How long each tier works at its capacity, and how long each chain is."""
        loads = dict.fromkeys(ranks, 0)
        chosen = [row[place] for row, place in zip(self._offers, picked, strict=True)]
        for offer in chosen:
            loads[offer.rank] += offer.duration
        return [
            *(loads[rank] / self._capacities[rank] for rank in ranks),
            *(
                chain.lags + sum(chosen[here].duration * count for here, count in chain.counts)
                for chain in self._chains
            ),
        ]

    def hand_out(self, mixture: Mixture) -> list[int]:
        """An assignment in which each tier, at any time, has had about its share: the rank of each task.

        Of the tiers in a task's mixture it takes the one that is furthest behind with its work.
        """
        behind = dict.fromkeys(self._capacities, 0.0)
        ranks = [0] * len(self._offers)
        for here in self._order:
            row, shares = self._offers[here], mixture[here]
            whole = sum(shares)
            for offer, share in zip(row, shares, strict=True):
                behind[offer.rank] += share / whole * offer.duration
            usual = [offer for offer, share in zip(row, shares, strict=True) if share >= _LEAST_SHARE * whole]
            taken = max(usual, key=lambda offer: behind[offer.rank] / max(offer.duration, 1))
            behind[taken.rank] -= taken.duration
            ranks[here] = taken.rank
        return ranks

    def _length(self, durations: Sequence[int]) -> int:
        return self._longest(durations)[0]

    def _add_chain(self, durations: Sequence[int]) -> bool:
        """Remember the longest chain at some durations, if it is a new one; there is room for a few."""
        length, chain = self._longest(durations)
        if length <= 0 or len(self._chains) >= _CHAINS or chain in self._chains:
            return False
        self._chains.append(chain)
        return True

    def _longest(self, durations: Sequence[int]) -> tuple[int, _Chain]:
        network = self._network
        times = [*durations, *[0] * (len(network) - len(durations))]
        rows = network.predecessors
        start, came = [0] * len(network), [-1] * len(network)
        for here in network.order:
            for place in range(rows.starts[here], rows.starts[here + 1]):
                before, kind = rows.nodes[place], rows.kinds[place]
                bound = start[before] + rows.lags[place] + (times[before] if kind in (FS, FF) else 0)
                bound -= times[here] if kind in (FF, SF) else 0
                if bound > start[here] or (bound == start[here] and came[here] < 0):
                    start[here], came[here] = bound, place
        here = max(range(len(network)), key=lambda number: start[number] + times[number], default=-1)
        return (start[here] + times[here], self._chain_to(here, came)) if here >= 0 else (0, _Chain(0, ()))

    def _chain_to(self, last: int, came: Sequence[int]) -> _Chain:
        rows, here, lags = self._network.predecessors, last, 0
        counts = {last: 1}
        while came[here] >= 0:
            place = came[here]
            before, kind = rows.nodes[place], rows.kinds[place]
            lags += rows.lags[place]
            if kind in (FF, SF):
                counts[here] = counts.get(here, 0) - 1
            if kind in (FS, FF):
                counts[before] = counts.get(before, 0) + 1
            here = before
        tasks = range(len(self._offers))
        return _Chain(lags, tuple((here, count) for here, count in sorted(counts.items()) if count and here in tasks))


def _mixed(one: Mixture, other: Mixture, share: float) -> Mixture:
    return [
        [(1 - share) * left + share * right for left, right in zip(here, there, strict=True)]
        for here, there in zip(one, other, strict=True)
    ]


def within_shares(
    offers: Sequence[Sequence[Offer]],
    ranks: Sequence[int],
    shares: Mapping[int, float],
    budget: float | None,
    tolerance: float,
) -> list[int]:
    """Change an assignment so that tiers cost no more than their shares of the budget, or about those of the whole.

    From the tier that exceeds its share most, tasks go one by one to where they make the excess smallest, until that
    helps no more. ``tolerance`` is how much of the whole a share may be exceeded by where there is no budget.
    """
    chosen = [next(offer for offer in row if offer.rank == rank) for row, rank in zip(offers, ranks, strict=True)]
    costs = dict.fromkeys(shares, 0.0)
    for offer in chosen:
        costs[offer.rank] = costs.get(offer.rank, 0.0) + offer.cost

    def excess() -> dict[int, float]:
        whole = sum(costs.values()) if budget is None else budget
        room = tolerance if budget is None else 0.0
        return {rank: costs[rank] - (share + room) * whole for rank, share in shares.items()}

    def total() -> float:
        return sum(over for over in excess().values() if over > 0)

    now = total()
    for _ in shares:
        worst = max(shares, key=lambda rank: excess()[rank])
        for here in sorted(range(len(chosen)), key=lambda here: here * 0.618034 % 1):
            if now <= 1e-9 or excess()[worst] <= 0:
                break
            old = chosen[here]
            if old.rank != worst:
                continue
            best = (now, old)
            for offer in offers[here]:
                costs[old.rank] -= old.cost
                costs[offer.rank] = costs.get(offer.rank, 0.0) + offer.cost
                best = min(best, (total(), offer), key=lambda found: found[0])
                costs[offer.rank] -= offer.cost
                costs[old.rank] += old.cost
            now, chosen[here] = best
            costs[old.rank] -= old.cost
            costs[chosen[here].rank] += chosen[here].cost
    return [offer.rank for offer in chosen]
