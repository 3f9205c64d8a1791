"""Bounds and assignments from the relaxation, against everything tried where that can be, and by hand."""

from __future__ import annotations

from itertools import product
from math import ceil
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.schedule import tradeoff
from milepost.schedule.network import Link, Network
from milepost.schedule.tradeoff import Front, explore
from milepost.schedule.tradeoff_choices import SHARE_TOLERANCE, TierOffer
from milepost.schedule.tradeoff_relaxation import Offer, Relaxation, Support, within_shares

HOUR = 3600


def offers(*rows: tuple[tuple[int, int, float], ...]) -> list[list[Offer]]:
    return [[Offer(*offer) for offer in row] for row in rows]


def test_a_support_bounds_cost_and_makespan() -> None:
    """2 · makespan + cost is at least 10: in 3 it costs at least 4, and for 6 it takes at least 2."""
    support = Support(2.0, 10.0)
    assert support.least_cost(3) == 4
    assert support.least_makespan(6) == 2


def test_one_task_has_an_exact_bound() -> None:
    """4 s for 1, or 2 s for 5: a second is worth 2. At that price both are worth 4 · 2 + 1 = 2 · 2 + 5 = 9."""
    network = Network.from_links("A", [4], [])
    support, _ = Relaxation(network, offers(((2, 4, 1.0), (1, 2, 5.0))), {1: 1, 2: 1}).solve(2.0)
    assert support.value == pytest.approx(9.0)


def test_a_tier_s_work_within_its_capacity_is_a_bound() -> None:
    """Four tasks of 3 s for 1 each on a tier of two take 6 s: at a price of 10 a second, 60 + 4."""
    network = Network.from_links("ABCD", [3] * 4, [])
    support, mixture = Relaxation(network, offers(*[((1, 3, 1.0),)] * 4), {1: 2}).solve(10.0)
    assert support.value == pytest.approx(64.0, rel=0.02)
    assert all(len(row) == 1 for row in mixture)


def test_work_is_handed_out_in_proportion() -> None:
    """Two equal tiers and twelve equal tasks, half and half: six each, by turns."""
    network = Network.from_links([str(n) for n in range(12)], [1] * 12, [])
    relaxation = Relaxation(network, offers(*[((1, 10, 1.0), (2, 10, 1.0))] * 12), {1: 1, 2: 1})
    ranks = relaxation.hand_out([[0.5, 0.5]] * 12)
    assert sorted(ranks[:2]) == sorted(ranks[2:4]) == [1, 2]
    assert ranks.count(1) == 6


@st.composite
def problems(draw: st.DrawFn) -> tuple[Network, dict[str, int], dict[str, int], dict[int, TierOffer]]:
    chance = Random(draw(st.integers(0, 10**6)))
    size = draw(st.integers(1, 6))
    names = [str(number) for number in range(size)]
    efforts = {name: chance.randint(0, 8) * 900 for name in names}
    links = [
        Link(
            chance.randrange(place),
            place,
            draw(st.sampled_from([0, 0, chance.randrange(4)])),
            chance.randint(-900, 900),
        )
        for place in range(1, size)
        for _ in range(chance.randint(0, 2))
    ]
    tiers = {
        rank: TierOffer(chance.randint(1, 2), chance.choice([1.0, 1.5, 2.0]), chance.randint(0, 50))
        for rank in (1, 2, 3)
    }
    return (
        Network.from_links(names, list(efforts.values()), links),
        efforts,
        {n: chance.randint(1, 3) for n in names},
        tiers,
    )


def searched(*problem: object, **wishes: object) -> Front:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tradeoff, "EXHAUSTIVE", 0)
        return explore(*problem, **wishes)  # type: ignore[arg-type]


@settings(deadline=None)
@given(problems())
def test_no_assignment_undercuts_the_bounds(
    problem: tuple[Network, dict[str, int], dict[str, int], dict[int, TierOffer]],
) -> None:
    """Everything tried: neither cost nor makespan of any choice lies below what the relaxation says."""
    front = searched(*problem)
    assert front.supports
    for choice in explore(*problem).choices:
        assert choice.cost >= front.least_cost(choice.makespan) - 1e-6
        assert choice.makespan >= front.least_makespan(choice.cost) - 1e-6


@settings(max_examples=30, deadline=None)
@given(problems(), st.integers(0, 100), st.integers(0, 100))
def test_what_is_found_for_a_wish_keeps_it_and_is_near_the_best(
    problem: tuple[Network, dict[str, int], dict[str, int], dict[int, TierOffer]], late: int, rich: int
) -> None:
    """Between the fastest and the cheapest of all choices; on so few tasks never more than half above the best."""
    exact = explore(*problem)
    fastest, cheapest = exact.choices[-1], exact.choices[0]
    deadline = fastest.makespan + (cheapest.makespan - fastest.makespan) * late // 100
    budget = cheapest.cost + (fastest.cost - cheapest.cost) * rich / 100
    found = searched(*problem, deadline=deadline)
    best, here = exact.cheapest_by(deadline), found.cheapest_by(deadline)
    assert best is not None
    if here is not None:
        assert best.cost - 1e-9 <= here.cost
    within, there = exact.fastest_within(budget), searched(*problem, budget=budget).fastest_within(budget)
    assert within is not None
    assert there is not None, "the cheapest is always among the choices"
    assert within.makespan <= there.makespan <= max(within.makespan * 1.5, within.makespan + 1800)


def large(size: int) -> tuple[Network, dict[str, int], dict[str, int], dict[int, TierOffer]]:
    chance = Random(1)
    names = [str(number) for number in range(size)]
    efforts = {name: chance.randint(1, 12) * 900 for name in names}
    links = [(chance.randrange(max(0, place - 30), place), place) for place in range(1, size) if chance.random() < 0.8]
    tiers = {1: TierOffer(1, 2.0, 60.0), 2: TierOffer(2, 1.4, 20.0), 3: TierOffer(4, 1.0, 5.0)}
    return Network.from_links(names, list(efforts.values()), links), efforts, dict.fromkeys(names, 3), tiers


def test_a_large_front_is_provably_good_all_along() -> None:
    """200 tasks, 3^200 assignments: each point of the front costs at most a tenth more than any of its makespan."""
    problem = large(200)
    front = explore(*problem)
    assert not front.exact
    assert len(front.choices) > 30
    assert max(choice.cost / front.least_cost(choice.makespan) for choice in front.choices) < 1.1
    assert front == explore(*problem), "the same every time"


def test_wishes_are_met_closely() -> None:
    """A deadline and a budget in the middle of the front: what is found is within a tenth of the bounds."""
    problem = large(150)
    middle = explore(*problem).choices[20]
    by = explore(*problem, deadline=middle.makespan - 600).cheapest_by(middle.makespan - 600)
    front = explore(*problem, budget=middle.cost + 1)
    within = front.fastest_within(middle.cost + 1)
    assert by is not None
    assert within is not None
    assert by.cost <= front.least_cost(middle.makespan - 600) * 1.1
    assert within.makespan <= front.least_makespan(middle.cost + 1) * 1.1


@pytest.mark.parametrize("budget", [None, 1.3])
def test_shares_are_kept_at_size(budget: float | None) -> None:
    """At most 20, 50 and 45 percent on the three tiers: of the whole cost, or of a budget above the cheapest of it."""
    problem, shares = large(120), {1: 0.2, 2: 0.5, 3: 0.45}
    money = None if budget is None else explore(*problem, shares=shares).choices[0].cost * budget
    front = explore(*problem, shares=shares, budget=money)
    room = SHARE_TOLERANCE if money is None else 0.0
    for choice in front.choices:
        for rank, share in shares.items():
            assert choice.cost_of_tier.get(rank, 0.0) <= (share + room) * (money or choice.cost) + 1e-6


def test_shares_move_what_exceeds_them() -> None:
    """Four tasks cost 10 each on tier 2 or 20 on tier 1. Of a budget of 80 tier 2 may have a quarter, 20: two stay."""
    rows = offers(*[((1, 1, 20.0), (2, 2, 10.0))] * 4)
    ranks = within_shares(rows, [2, 2, 2, 2], {2: 0.25, 1: 1.0}, 80.0, 0.05)
    assert sorted(ranks) == [1, 1, 2, 2]
    assert within_shares(rows, [2, 2, 2, 2], {2: 0.5}, 80.0, 0.05) == [2, 2, 2, 2], "all within already"


def test_the_cheapest_is_always_on_the_front() -> None:
    network, efforts, weakest, tiers = large(110)
    cost = sum(ceil(effort / 1.0) / HOUR * 5.0 for effort in efforts.values())
    assert explore(network, efforts, weakest, tiers).choices[0].cost == pytest.approx(cost)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=4), st.floats(0.01, 50))
def test_a_bound_is_below_every_mixture_of_a_price(times: list[int], weight: float) -> None:
    """One tier of one, no links: the makespan is the sum of the durations, so all choices can be priced by hand."""
    names = [str(number) for number in range(len(times))]
    rows = offers(*[((1, time, 1.0), (2, 2 * time, 0.5)) for time in times])
    relaxation = Relaxation(Network.from_links(names, times, []), rows, {1: 1, 2: 1})
    support, _ = relaxation.solve(weight)
    best = min(
        weight * max(sum(one.duration for one in picked if one.rank == rank) for rank in (1, 2))
        + sum(one.cost for one in picked)
        for picked in product(*rows)
    )
    assert support.value <= best + 1e-6
