"""Choices of tiers made better by trying others: the target is kept, and what costs too much is never levelled."""

from __future__ import annotations

from collections.abc import Callable

from milepost.schedule.network import Network
from milepost.schedule.tradeoff_choices import Choice, Evaluator, TierOffer
from milepost.schedule.tradeoff_search import Target, search_further

HOUR = 3600
# A task of 2 h costs 20 on tier 2 and, in half the time, 40 on tier 1.
OFFERS = {1: TierOffer(1, 2.0, 40.0), 2: TierOffer(2, 1.0, 10.0)}


def chain(*hours: int) -> Evaluator:
    names = [str(number) for number in range(len(hours))]
    links = [(number, number + 1) for number in range(len(hours) - 1)]
    network = Network.from_links(names, [hour * HOUR for hour in hours], links)
    return Evaluator(network, {name: hour * HOUR for name, hour in zip(names, hours, strict=True)}, OFFERS, None)


def after(rounds: int) -> Callable[[], bool]:
    """Enough after so many looks."""
    left = iter(range(rounds))
    return lambda: next(left, None) is None


def found(evaluate: Evaluator, start: list[int], target: Target, rounds: int = 3000) -> Choice:
    allowed = evaluate.allowed(dict.fromkeys(evaluate.tasks, 2))
    return search_further(evaluate, allowed, evaluate(start), target, after(rounds))


def test_the_cheapest_by_a_deadline() -> None:
    """1, 2, 3 and 4 h one after the other; 2 h have to be saved. An hour saved costs 20 wherever it is saved."""
    best = found(chain(1, 2, 3, 4), [1, 1, 1, 1], Target(deadline=8 * HOUR))
    assert (best.makespan, best.cost) == (8 * HOUR, 140.0)


def test_the_fastest_within_a_budget() -> None:
    """Of 140 there are 40 to spend on saving time: two hours."""
    best = found(chain(1, 2, 3, 4), [2, 2, 2, 2], Target(budget=140.0))
    assert (best.makespan, best.cost) == (8 * HOUR, 140.0)


def test_a_share_of_the_budget_keeps_a_tier_from_being_bought() -> None:
    """Half of 140 is 70 for tier 1: the tasks of 3 h cost 60, those of 4 h 80; 1 h and 2 h together 60."""
    best = found(chain(1, 2, 3, 4), [2, 2, 2, 2], Target(budget=140.0, shares={1: 0.5}))
    assert best.cost_of_tier[1] <= 70.0
    assert best.makespan == int(8.5 * HOUR)


def test_a_start_that_breaks_the_deadline_is_mended_whatever_it_costs() -> None:
    best = found(chain(2, 4), [2, 2], Target(deadline=3 * HOUR))
    assert best.makespan == 3 * HOUR


def test_what_cannot_be_better_is_never_levelled() -> None:
    """Within the cheapest cost only the cheapest fits, and that is known before anything else is levelled."""
    evaluate = chain(2, 4, 6)
    assert found(evaluate, [2, 2, 2], Target(budget=120.0)).cost == 120.0
    assert len(evaluate.schedules) == 1


def test_it_ends_when_there_is_nothing_left_to_try() -> None:
    """Two tasks have four assignments; ``enough`` never says so."""
    evaluate = chain(2, 4)
    best = search_further(evaluate, [[2, 1], [2, 1]], evaluate([2, 2]), Target(budget=1000.0), lambda: False)
    assert best.makespan == 3 * HOUR


def test_the_same_seed_tries_the_same() -> None:
    one, other = chain(1, 2, 3, 4, 5, 6), chain(1, 2, 3, 4, 5, 6)
    found(one, [2] * 6, Target(budget=300.0), rounds=40)
    found(other, [2] * 6, Target(budget=300.0), rounds=40)
    assert list(one.schedules) == list(other.schedules)


def test_ctrl_c_keeps_the_best() -> None:
    evaluate = chain(2, 4)
    seen: list[Choice] = []

    def stop() -> bool:
        if seen:
            raise KeyboardInterrupt
        return False

    best = search_further(
        evaluate, [[2, 1], [2, 1]], evaluate([2, 2]), Target(budget=1000.0), stop, on_best=seen.append
    )
    assert best == seen[0]
    assert best.makespan < 6 * HOUR


def test_what_takes_no_time_stays_with_the_weakest_tier() -> None:
    assert chain(0, 2).allowed({"0": 2, "1": 2}) == [[2], [2, 1]]
