"""Time against cost: exact on small plans, never worse than the start on larger ones."""

from __future__ import annotations

from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.errors import PlanInvalid
from milepost.schedule.network import Network
from milepost.schedule.tradeoff import Front, explore, suggested_tier
from milepost.schedule.tradeoff_choices import Choice, TierOffer

HOUR = 3600
# Tier 1 is twice as fast as Tier 2 and four times as dear: crashing a task of 2 h from Tier 2 to 1 costs 40 - 20 = 20.
OFFERS = {1: TierOffer(1, 2.0, 40.0), 2: TierOffer(2, 1.0, 10.0)}


def chain(*hours: int) -> tuple[Network, dict[str, int], dict[str, int]]:
    """Tasks one after the other, each of so many hours, all of which Tier 2 may do."""
    names = [str(number) for number in range(len(hours))]
    links = [(number, number + 1) for number in range(len(hours) - 1)]
    network = Network.from_links(names, [hour * HOUR for hour in hours], links)
    return network, {name: hour * HOUR for name, hour in zip(names, hours, strict=True)}, dict.fromkeys(names, 2)


def test_a_chain_of_two_has_four_choices_on_its_front() -> None:
    front = explore(*chain(2, 4), OFFERS)
    assert front.exact
    # Cost on Tier 2: 10 an hour. On Tier 1: half the time at 40 an hour, so 20 an hour of effort.
    assert [(choice.makespan / HOUR, choice.cost) for choice in front.choices] == [
        (6.0, 60.0),  # both on Tier 2
        (5.0, 80.0),  # the short one on Tier 1: 1 h saved for 40 - 20
        (4.0, 100.0),  # the long one: 2 h saved for 80 - 40
        (3.0, 120.0),  # both
    ]


def test_cheapest_by_a_deadline_and_fastest_within_a_budget() -> None:
    front = explore(*chain(2, 4), OFFERS)
    assert front.cheapest_by(5 * HOUR).cost == 80.0  # type: ignore[union-attr]
    assert front.cheapest_by(3 * HOUR - 1) is None
    assert front.fastest_within(119.0).makespan == 4 * HOUR  # type: ignore[union-attr]
    assert front.fastest_within(59.0) is None


def test_capacity_makes_a_second_tier_worth_its_price() -> None:
    names = ["a", "b"]
    network = Network.from_links(names, [HOUR, HOUR], [])
    offers = {1: TierOffer(1, 1.0, 30.0), 2: TierOffer(1, 1.0, 10.0)}
    front = explore(network, dict.fromkeys(names, HOUR), dict.fromkeys(names, 2), offers)
    # One after the other on Tier 2, or beside each other on both.
    assert [(choice.makespan / HOUR, choice.cost) for choice in front.choices] == [(2.0, 20.0), (1.0, 40.0)]


def test_a_task_is_never_given_to_a_tier_below_its_lowest_admissible_one() -> None:
    network, efforts, weakest = chain(2, 4)
    front = explore(network, efforts, {**weakest, "1": 1}, OFFERS)
    assert {choice.tiers["1"] for choice in front.choices} == {1}
    with pytest.raises(PlanInvalid, match="no tier is strong enough for task 1"):
        explore(network, efforts, {**weakest, "1": 1}, {2: OFFERS[2]})


def test_shares_of_a_budget_bound_what_each_tier_may_cost() -> None:
    # Of a budget of 120, Tier 1 may have half: 60. That pays for the short task (40), not for the long one (80).
    front = explore(*chain(2, 4), OFFERS, shares={1: 0.5}, budget=120.0)
    assert [(choice.makespan / HOUR, choice.cost) for choice in front.choices] == [(6.0, 60.0), (5.0, 80.0)]
    with pytest.raises(PlanInvalid, match="no assignment keeps to the shares"):
        explore(*chain(2, 4), OFFERS, shares={1: 0.1, 2: 0.1}, budget=60.0)


@st.composite
def problems(draw: st.DrawFn, most: int) -> tuple[Network, dict[str, int], dict[str, int], dict[int, TierOffer]]:
    size = draw(st.integers(1, most))
    names = [str(number) for number in range(size)]
    efforts = {name: draw(st.integers(0, 8)) * 900 for name in names}
    links = [(one, two) for two in range(1, size) for one in draw(st.sets(st.integers(0, two - 1), max_size=2))]
    offers = {
        rank: TierOffer(draw(st.integers(1, 2)), draw(st.sampled_from([1.0, 1.5, 2.0])), draw(st.integers(0, 50)))
        for rank in (1, 2, 3)
    }
    weakest = {name: draw(st.integers(1, 3)) for name in names}
    return Network.from_links(names, list(efforts.values()), links), efforts, weakest, offers


def dominates(one: Choice, other: Choice) -> bool:
    better = one.cost <= other.cost + 1e-9 and one.makespan <= other.makespan
    return better and (one.cost < other.cost - 1e-9 or one.makespan < other.makespan)


@settings(max_examples=40, deadline=None)
@given(problems(most=4))
def test_small_fronts_begin_with_the_cheapest_assignment_and_hold_nothing_dominated(
    problem: tuple[Network, dict[str, int], dict[str, int], dict[int, TierOffer]],
) -> None:
    network, efforts, weakest, offers = problem
    front = explore(network, efforts, weakest, offers)
    assert front.exact
    cheapest = sum(
        min(
            ceil(efforts[name] / offers[rank].speed) / 3600 * offers[rank].cost_per_hour
            for rank in range(1, weakest[name] + 1)
        )
        for name in efforts
    )
    assert front.choices[0].cost == pytest.approx(cheapest)
    assert not any(dominates(one, other) for one in front.choices for other in front.choices)


@settings(max_examples=15, deadline=None)
@given(problems(most=6))
def test_the_search_comes_close_to_the_exact_front(
    problem: tuple[Network, dict[str, int], dict[str, int], dict[int, TierOffer]],
) -> None:
    from milepost.schedule import tradeoff

    exact = explore(*problem)
    limit, tradeoff.EXHAUSTIVE = tradeoff.EXHAUSTIVE, 0
    try:
        found = explore(*problem)
    finally:
        tradeoff.EXHAUSTIVE = limit
    assert not found.exact
    assert found.choices[0].cost == pytest.approx(exact.choices[0].cost)  # the cheapest is always found
    # A hill climb may miss points; here it never ends more than half as slow again as the exact fastest.
    assert found.choices[-1].makespan <= max(exact.choices[-1].makespan * 1.5, exact.choices[-1].makespan + 1)
    assert not any(dominates(one, other) for one in found.choices for other in exact.choices)


def test_the_same_problem_gives_the_same_front() -> None:
    network, efforts, weakest = chain(*range(1, 13))
    fronts: list[Front] = [explore(network, efforts, weakest, OFFERS, schedules=500) for _ in range(2)]
    assert not fronts[0].exact
    assert fronts[0] == fronts[1]
    assert fronts[0].choices[0].makespan == 78 * HOUR  # 1 + … + 12, all on Tier 2
    assert fronts[0].choices[-1].makespan == 39 * HOUR  # all twice as fast


@pytest.mark.parametrize(
    ("parts", "tier"),
    [((2, 3, 4), 3), ((4, 4, 4), 2), ((7, 8, 8), 2), ((8, 8, 8), 1), ((9, None, None), 1), ((None, None, None), None)],
)
def test_the_score_suggests_the_lowest_admissible_tier(parts: tuple[int | None, ...], tier: int | None) -> None:
    assert suggested_tier(*parts) == tier  # 1–3 → 3, 4–7 → 2, 8–10 → 1, by the mean of what is stated
