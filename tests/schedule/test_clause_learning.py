from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.schedule.schedule_checker import complaints, shortest, single

from milepost.schedule.branch_and_bound import Branching, branch_and_bound
from milepost.schedule.clause_learning import learn
from milepost.schedule.network import FF, FS, SF, SS, Link
from milepost.schedule.problem import Mode, Problem, Resource, Schedule
from milepost.schedule.search import improve

pytest.importorskip("numba")


def problem(*modes: tuple[Mode, ...], links: tuple[Link, ...] = (), capacity: tuple[int, ...] = (1,)) -> Problem:
    resources = tuple(Resource(f"R{place}", units) for place, units in enumerate(capacity))
    return Problem(tuple(map(str, range(len(modes)))), modes, links, resources)


def in_line(what: Problem) -> Schedule:
    """A schedule of one activity after the other, for links that all go forward."""
    starts, time = [], 0
    for here, (mode,) in enumerate(what.modes):
        lags = [link.lag for link in what.links if link.successor == here]
        time = max([time + max([0, *lags]), *what.releases[here : here + 1]])
        starts.append(time)
        time += mode.duration
    found = what.schedule(starts, [0] * len(what))
    assert complaints(what, found.start, found.modes) == []
    return found


def assert_optimal(what: Problem, found: Branching, makespan: int | None) -> None:
    assert (found.bound.lower, found.bound.proven) == (makespan, True)
    assert found.bound.schedule is not None
    assert found.bound.schedule.makespan == makespan
    assert complaints(what, found.bound.schedule.start, found.bound.schedule.modes) == []


THIRDS = problem(single(2, 2), single(2, 2), single(2, 2), capacity=(3,))
"""Each takes 2 of 3 units for 2: one at a time, so 6; shared work alone bounds by 12 ÷ 3 = 4."""


def test_a_schedule_that_is_known_is_kept_when_it_is_proven() -> None:
    best, heard = Schedule((4, 0, 2), (0, 0, 0), 6), list[int]()
    found = learn(THIRDS, best, on_bound=heard.append)
    assert_optimal(THIRDS, found, 6)
    assert found.bound.schedule is best
    assert heard == [6], "all times are even: 4, the bound by work, is refuted, and 6 is next"


def test_a_longer_schedule_gives_way() -> None:
    heard = list[int]()
    assert_optimal(THIRDS, learn(THIRDS, Schedule((8, 0, 4), (0, 0, 0), 10), on_best=heard.append), 6)
    assert heard[-1] == 6


@pytest.mark.parametrize("conflicts", [0, 1])
def test_without_conflicts_to_spend_nothing_is_proven(conflicts: int) -> None:
    """Five that need 2 of 3 units each for 5, and a sixth of one unit: 25, where work bounds by 55 ÷ 3 = 19."""
    what = problem(*[single(5, 2)] * 5, single(5, 1), capacity=(3,))
    found = learn(what, in_line(what), conflicts=conflicts)
    assert not found.bound.proven or conflicts
    assert found.bound.lower <= 25


def test_without_a_schedule_or_with_modes_to_choose_nothing_is_tried() -> None:
    assert not learn(THIRDS).bound.proven
    what = replace(THIRDS, modes=((*single(2, 2), *single(3, 1)), *THIRDS.modes[1:]))
    assert not learn(what, Schedule((4, 0, 2), (0, 0, 0), 6)).bound.proven


def test_control_c_leaves_what_there_is() -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    found = learn(THIRDS, Schedule((8, 0, 4), (0, 0, 0), 10), on_bound=stop)
    assert (found.interrupted, found.bound.proven, found.bound.lower) == (True, False, 6)


@st.composite
def networks(draw: st.DrawFn) -> Problem:
    """Four activities, any links forward with lags, two resources, releases."""
    count = 4
    capacity = (draw(st.integers(1, 3)), 2)
    modes = [
        single(draw(st.integers(0, 3)), draw(st.integers(0, capacity[0])), draw(st.integers(0, 2)))
        for _ in range(count)
    ]
    links = tuple(
        Link(before, after, draw(st.sampled_from([FS, FS, SS, FF, SF])), draw(st.integers(0, 1)))
        for before in range(count)
        for after in range(before + 1, count)
        if draw(st.integers(0, 3)) == 0
    )
    releases = tuple(draw(st.integers(0, 2)) for _ in range(count)) if draw(st.booleans()) else ()
    return replace(problem(*modes, links=links, capacity=capacity), releases=releases)


@given(networks())
@settings(max_examples=100, deadline=None)
def test_any_small_network_against_trying_everything(what: Problem) -> None:
    first = in_line(what)
    assert_optimal(what, learn(what, first, conflicts=1_000_000), shortest(what, first.makespan))


@st.composite
def crowded(draw: st.DrawFn) -> Problem:
    """Fourteen activities that need much of three resources, with links from finish to start."""
    count = 14
    modes = [
        single(draw(st.integers(1, 6)), *(draw(st.sampled_from([0, 2, 3, 5, 7])) for _ in range(3)))
        for _ in range(count)
    ]
    links = tuple(
        Link(before, after)
        for after in range(1, count)
        for before in draw(st.sets(st.integers(0, after - 1), max_size=2))
    )
    return problem(*modes, links=links, capacity=(8, 9, 10))


@given(crowded())
@settings(max_examples=25, deadline=None)
def test_crowded_networks_against_branch_and_bound(what: Problem) -> None:
    expected = branch_and_bound(what).bound
    assert expected.proven
    assert_optimal(what, learn(what, in_line(what), conflicts=1_000_000), expected.lower)


def hard() -> Problem:
    """Twenty-four activities of 3 to 9 in pairs, on two resources of which most need more than a third."""
    numbers = [(7 * here * here + 3 * here) % 11 for here in range(24)]
    modes = [single(3 + number % 7, 2 + number % 4, (5 * number) % 6) for number in numbers]
    links = tuple(Link(here, here + 2 + numbers[here] % 3) for here in range(0, 19, 2))
    return problem(*modes, links=links, capacity=(7, 7))


def test_the_same_problem_has_the_same_result_by_conflicts() -> None:
    what = hard()
    found = [learn(what, in_line(what), conflicts=3000).bound for _ in range(2)]
    assert found[0] == found[1]


def test_what_is_found_is_no_longer_than_what_the_search_finds() -> None:
    what = hard()
    found = improve(what, iterations=3000)
    result = learn(what, what.schedule(found.start, found.modes), conflicts=20_000).bound
    assert result.schedule is not None
    assert result.lower <= result.schedule.makespan <= found.makespan
    assert complaints(what, result.schedule.start, result.schedule.modes) == []


def test_it_ends_where_the_easy_bound_is_far_from_the_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work bounds by 4, which is less than 94 % of 10; with conflicts to spend it does not look at that."""
    monkeypatch.setattr("milepost.schedule.clause_learning._EASY", 0)
    best = Schedule((8, 0, 4), (0, 0, 0), 10)
    found = learn(THIRDS, best)
    assert (found.far, found.bound.proven, found.bound.lower) == (True, False, 4)
    assert learn(THIRDS, best, conflicts=1000).bound.proven
