"""Choices of tiers made better, by a small search in place of the solver."""

from __future__ import annotations

import pytest

from milepost.app.assignment_searches import AssignmentSearch, Menu, Start
from milepost.schedule.bounds import Bound, lower_bound
from milepost.schedule.network import Network
from milepost.schedule.problem import Mode, Problem, Resource
from milepost.schedule.search import improve
from milepost.schedule.tradeoff import explore, menu
from milepost.schedule.tradeoff_choices import Choice, TierOffer

HOUR = 3600
OFFERS = {1: TierOffer(1, 2.0, 40.0), 2: TierOffer(1, 1.0, 10.0)}


def dishes(*hours: int, shares: dict[int, float] | None = None) -> tuple[Menu, Choice]:
    """Tasks one after the other, for tier 2 (10 an hour) or tier 1 (half the time, 20 an hour of it); all on tier 2."""
    names = [str(number) for number in range(len(hours))]
    network = Network.from_links(
        names, [hour * HOUR for hour in hours], [(number, number + 1) for number in range(len(hours) - 1)]
    )
    efforts = {name: hour * HOUR for name, hour in zip(names, hours, strict=True)}
    weakest = dict.fromkeys(names, 2)
    rows = menu(network, efforts, weakest, OFFERS)
    return Menu(network, rows, {1: 1, 2: 1}, shares or {}), explore(network, efforts, weakest, OFFERS).choices[0]


def solve(problem: Problem, seconds: float, start: Start | None) -> Bound:
    """A search that is the same every time; it proves what the bound proves, and that nothing is possible."""
    least = [min(mode.demands[2] for mode in modes) for modes in problem.modes]
    if sum(least) > problem.resources[2].capacity:
        return Bound(lower_bound(problem), None, proven=True)
    found = improve(problem, iterations=60, start=start, workers=1)
    best = problem.schedule(found.start, found.modes) if found.feasible else None
    return Bound(found.lower_bound, best, found.optimal, "a note")


def test_money_is_a_resource_that_is_used_up() -> None:
    """One task of 2 h: 20 on tier 2, 40 for 1 h on tier 1. Counted in twenties, a budget of 50 holds two of them."""
    what, _ = dishes(2)
    problem = what.problem(50.0)
    assert problem.resources == (Resource("tier 1", 1), Resource("tier 2", 1), Resource("money", 2, renewable=False))
    assert problem.modes == ((Mode(2 * HOUR, (0, 1, 1)), Mode(HOUR, (1, 0, 2))),)


def test_shares_of_a_budget_are_resources_too() -> None:
    what, _ = dishes(2, shares={1: 0.5})
    problem = what.problem(80.0)
    assert problem.resources[3] == Resource("money of tier 1", 2, renewable=False)
    assert [mode.demands[3] for mode in problem.modes[0]] == [0, 2]


def test_the_fastest_within_a_budget() -> None:
    """2 h and 4 h: 6 h for 60. With 100 the longer one goes to tier 1: 2 + 2 = 4 h for 20 + 80."""
    what, cheapest = dishes(2, 4)
    found = AssignmentSearch(solve, 1.0).fastest(what, cheapest, 100.0, 0.0)
    assert (found.choice.makespan, found.choice.cost, found.choice.tiers) == (4 * HOUR, 100.0, {"0": 2, "1": 1})
    assert found.least <= 4 * HOUR
    assert found.note == "a note"


def test_shares_keep_a_tier_from_being_bought() -> None:
    """Half of 100 pays for the short task on tier 1 (40), not for the long one (80): 1 + 4 = 5 h."""
    what, cheapest = dishes(2, 4, shares={1: 0.5})
    assert AssignmentSearch(solve, 1.0).fastest(what, cheapest, 100.0, 0.0).choice.makespan == 5 * HOUR


def test_the_cheapest_by_a_deadline_and_its_proof() -> None:
    """By 5 h: the short task on tier 1, for 40 + 40. Less than 60 no choice costs, which proves that much."""
    what, _ = dishes(2, 4)
    dear = Choice({"0": 1, "1": 1}, 3 * HOUR, 120.0, {1: 120.0})
    found = AssignmentSearch(solve, 1.0).cheapest(what, dear, 5 * HOUR, 60.0)
    assert (found.choice.cost, found.choice.makespan) == (80.0, 5 * HOUR)
    assert 60.0 <= found.least <= 80.0


def test_what_is_proven_needs_no_search() -> None:
    what, cheapest = dishes(2, 4)

    def never(problem: Problem, seconds: float, start: Start | None) -> Bound:
        raise AssertionError("nothing is to be found")

    assert AssignmentSearch(never, 1.0).cheapest(what, cheapest, 6 * HOUR, 60.0).least == 60.0


def test_a_choice_is_a_schedule_to_begin_with() -> None:
    what, cheapest = dishes(2, 4)
    assert what.start(cheapest) == ([0, 2 * HOUR], [0, 0])


def test_a_proof_that_there_is_nothing_raises_what_is_least() -> None:
    """By 5 h the short task has to go to tier 1, for 80 in all; it is known that 60 is the least without a deadline.

    The bound of a budget below 80 is 6 h, for nothing else can be paid: the last step tries just below 80.
    """
    what, _ = dishes(2, 4)
    dear = Choice({"0": 1, "1": 2}, 5 * HOUR, 80.0, {1: 40.0, 2: 40.0})
    found = AssignmentSearch(solve, 1.0).cheapest(what, dear, 5 * HOUR, 30.0)
    assert found.choice == dear
    assert found.least == pytest.approx(80.0, rel=0.001)
