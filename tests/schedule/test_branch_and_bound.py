from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.schedule.schedule_checker import complaints, shortest, single

from milepost.schedule.branch_and_bound import Branching, branch_and_bound
from milepost.schedule.network import FS, SS, Link
from milepost.schedule.problem import Mode, Problem, Resource, Schedule


def problem(*modes: tuple[Mode, ...], links: tuple[Link, ...] = (), capacity: tuple[int, ...] = (1,)) -> Problem:
    resources = tuple(Resource(f"R{place}", units) for place, units in enumerate(capacity))
    return Problem(tuple(map(str, range(len(modes)))), modes, links, resources)


def assert_optimal(what: Problem, found: Branching, makespan: int) -> None:
    assert (found.bound.lower, found.bound.proven) == (makespan, True)
    assert found.bound.schedule is not None
    assert found.bound.schedule.makespan == makespan
    assert complaints(what, found.bound.schedule.start, found.bound.schedule.modes) == []


THIRDS = problem(single(2, 2), single(2, 2), single(2, 2), capacity=(3,))
"""Each takes 2 of 3 units for 2: one at a time, so 6; shared work alone bounds by 12 ÷ 3 = 4."""


def test_what_work_does_not_bound_is_proven() -> None:
    heard: list[int] = []
    assert_optimal(THIRDS, branch_and_bound(THIRDS, on_bound=heard.append), 6)
    assert heard == [6], "4 is the bound without search, and is refuted; all times are even, so 6 is next"


def test_a_schedule_that_is_known_is_kept_when_it_is_proven() -> None:
    best = Schedule((4, 0, 2), (0, 0, 0), 6)
    found = branch_and_bound(THIRDS, best)
    assert_optimal(THIRDS, found, 6)
    assert found.bound.schedule is best


def test_a_longer_schedule_gives_way() -> None:
    assert_optimal(THIRDS, branch_and_bound(THIRDS, Schedule((5, 0, 2), (0, 0, 0), 7)), 6)


def test_lags_releases_and_activities_without_time() -> None:
    """The last waits for the release (4), the unit for 3, the lag of 2 and a milestone: 4 + 3 + 2 + 1 = 10.

    The other two of 3 fit before and after the first: 4 + 3 = 7 and then 3 more would end at 10 too, but only one of
    them fits before 4, so the unit is busy from 1 to 10, and the optimum is 10.
    """
    links = (Link(0, 1, FS, 2), Link(1, 2, FS, 0))
    what = replace(
        problem(single(3, 1), single(0, 0), single(1, 0), single(3, 1), single(3, 1), links=links),
        releases=(4, 0, 0, 0, 0),
    )
    best = shortest(what, 10)
    assert best == 10
    assert_optimal(what, branch_and_bound(what), best)


@pytest.mark.parametrize("scale", [1, 1800])
def test_reach_is_what_must_come_before_and_after(scale: int) -> None:
    """Between the first and the last three tasks of 2 that cannot overlap: 6, though every chain is 2 long."""
    times = [1, 2, 2, 2, 1]
    links = tuple(Link(0, middle, FS, 0) for middle in (1, 2, 3)) + tuple(
        Link(middle, 4, FS, 0) for middle in (1, 2, 3)
    )
    needs = [0, 2, 2, 2, 0]
    what = problem(
        *(single(time * scale, need) for time, need in zip(times, needs, strict=True)), links=links, capacity=(3,)
    )
    reach = branch_and_bound(what).reach
    assert reach.after == tuple(scale * time for time in (7, 1, 1, 1, 0))
    assert reach.before == tuple(scale * time for time in (0, 1, 1, 1, 7))


def test_out_of_its_field_it_keeps_what_is_known() -> None:
    """Modes to choose, other links and totals to keep are not its matter: the simple bound, and no schedule."""
    two = (Mode(2, (1,)), Mode(1, (2,)))
    for what in (
        problem(two, capacity=(2,)),
        problem(single(2, 1), single(2, 1), links=(Link(0, 1, SS, 0),)),
        Problem(("a",), (single(2, 1),), (), (Resource("N", 3, renewable=False),)),
    ):
        found = branch_and_bound(what)
        assert (found.bound.schedule, found.bound.proven) == (None, False)
        assert found.bound.lower >= 1


def test_more_activities_than_a_set_holds() -> None:
    """Seventy in a row, each of 1, with thirds that only what follows the first can bound: 70 + 6 - 2."""
    row = [single(1, 0)] * 70
    links = [Link(here, here + 1, FS, 0) for here in range(69)]
    links += [Link(69, 70 + third, FS, 0) for third in range(3)]
    what = problem(*row, *([single(2, 2)] * 3), links=tuple(links), capacity=(3,))
    assert branch_and_bound(what).bound.lower == 70 + 6


HARD = problem(*(single(time, need) for time, need in [(3, 2), (5, 3), (4, 2), (2, 3), (6, 2)] * 3), capacity=(5,))
"""Without links: hard enough that a few nodes prove nothing."""


def test_nodes_are_a_budget_that_repeats() -> None:
    one, other = (branch_and_bound(HARD, nodes=1) for _ in range(2))
    assert one == other


def test_from_above_the_same_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where steps are hard it asks for one less than what is known, from all in line (3 + 3 + 3 + 2 + 4 + 1) down."""
    what = problem(single(3, 2), single(3, 2), single(3, 1), single(2, 3), single(4, 1), single(1, 3), capacity=(3,))
    below = branch_and_bound(what).bound
    monkeypatch.setattr("milepost.schedule.branch_and_bound._HARD", 0)
    above = branch_and_bound(what, Schedule((0, 3, 6, 9, 11, 15), (0,) * 6, 16))
    assert below.schedule is not None
    assert_optimal(what, above, below.schedule.makespan)


def test_what_grows_beyond_the_budget_is_not_begun() -> None:
    """The bound stops where the nodes left could not reach the schedule that is known."""
    best = Schedule(tuple(range(0, 150, 10)), (0,) * 15, 147)
    found = branch_and_bound(HARD, best, nodes=200_000)
    assert (found.bound.schedule, found.bound.proven) == (best, False)


def test_a_known_bound_is_where_it_begins() -> None:
    heard: list[int] = []
    assert_optimal(THIRDS, branch_and_bound(THIRDS, lower=6, on_bound=heard.append), 6)
    assert heard == []


def test_time_is_up() -> None:
    found = branch_and_bound(HARD, going=lambda: False)
    assert (found.bound.schedule, found.bound.proven, found.interrupted) == (None, False, False)


def test_control_c_keeps_the_bound() -> None:
    calls = count()

    def going() -> bool:
        if next(calls):
            raise KeyboardInterrupt
        return True

    found = branch_and_bound(HARD, going=going)
    assert found.interrupted
    # The work is 3 times 6 + 15 + 8 + 6 + 12 = 47, 141 on 5 units.
    assert found.bound.lower >= 29


links = st.builds(Link, st.integers(0, 1), st.integers(2, 3), st.just(FS), st.integers(0, 2))
needs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)), min_size=4, max_size=4)


@settings(max_examples=60, deadline=None)
@given(needs, st.lists(links, max_size=3), st.lists(st.integers(0, 2), min_size=4, max_size=4))
def test_the_optimum_is_that_of_trying_everything(
    tasks: list[tuple[int, int, int]], before: list[Link], releases: list[int]
) -> None:
    """Every schedule up to a makespan of 7 is tried; of a longer optimum the bound must know."""
    modes = [single(time, first, second) for time, first, second in tasks]
    what = replace(problem(*modes, links=tuple(before), capacity=(3, 2)), releases=tuple(releases))
    best = shortest(what, 7)
    found = branch_and_bound(what)
    assert found.bound.proven
    assert found.bound.schedule is not None
    assert complaints(what, found.bound.schedule.start, found.bound.schedule.modes) == []
    if best is None:
        assert found.bound.schedule.makespan > 7
    else:
        assert_optimal(what, found, best)
        reach = found.reach
        assert all(
            before + time + after <= best
            for before, (time, _, _), after in zip(reach.before, tasks, reach.after, strict=True)
        )
