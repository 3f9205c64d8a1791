from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.schedule.schedule_checker import complaints, makespan, shortest, single

from milepost.errors import PlanInvalid, UsageError
from milepost.schedule import genetic, kernel
from milepost.schedule.bounds import lower_bound
from milepost.schedule.network import FF, FS, SF, SS, Link
from milepost.schedule.problem import Mode, Problem, Resource
from milepost.schedule.search import SearchResult, _Encoding, improve


def problem(*modes: tuple[Mode, ...], links: tuple[Link, ...] = (), capacity: tuple[int, ...] = (1,)) -> Problem:
    resources = tuple(Resource(f"R{place}", units) for place, units in enumerate(capacity))
    return Problem(tuple(map(str, range(len(modes)))), modes, links, resources)


def assert_sound(what: Problem, found: SearchResult) -> None:
    assert complaints(what, found.start, found.modes) == []
    assert found.makespan == makespan(what, found.start, found.modes)
    assert found.lower_bound <= found.makespan


AWKWARD = problem(single(3, 2), single(3, 2), single(3, 1), single(2, 3), single(4, 1), single(1, 3), capacity=(3,))
"""Six independent activities that waste some of three units however they are put, so that no search ends early:
their work of 6 + 6 + 3 + 6 + 4 + 3 = 28 bounds by 10, but the two of full width (2 + 1) leave 9 + 4 + 6 = 19 to
share, and the two that take 2 units (3 + 3 in line) leave room for one of the others beside them, 3 or 4."""


def test_finds_a_schedule_that_meets_the_bound() -> None:
    """4 + 3 + 3 + 2 = 12 of work for two units: at best 6, reached by 4 + 2 beside 3 + 3."""
    what = problem(single(4, 1), single(3, 1), single(3, 1), single(2, 1), capacity=(2,))
    found = improve(what, iterations=500)
    assert_sound(what, found)
    assert (found.makespan, found.optimal) == (6, True)
    assert found.iterations < 500, "the search ends at the bound"


def test_an_odd_third_does_not_fit() -> None:
    """Each of three tasks takes 2 of 3 units for 2: only one at a time, so 6, though 12 of work ÷ 3 bounds by 4."""
    what = problem(single(2, 2), single(2, 2), single(2, 2), capacity=(3,))
    found = improve(what, iterations=100)
    assert (found.makespan, found.lower_bound, found.optimal) == (6, 4, False)
    assert found.iterations == 100


def test_same_seed_same_schedule() -> None:
    one, other = (improve(AWKWARD, seed=3, iterations=120, workers=2) for _ in range(2))
    assert one == other
    assert_sound(AWKWARD, one)


links = st.builds(Link, st.integers(0, 1), st.integers(2, 3), st.sampled_from([FS, SS, FF, SF]), st.integers(-2, 2))
modes = st.lists(
    st.builds(Mode, st.integers(0, 2), st.tuples(st.integers(0, 2), st.integers(0, 2))), min_size=1, max_size=2
)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Up to four activities of up to two modes, one renewable and one other resource, links of all kinds."""
    activities = tuple(tuple(choices) for choices in draw(st.lists(modes, min_size=4, max_size=4)))
    resources = (Resource("R", 2), Resource("N", draw(st.integers(4, 8)), renewable=False))
    return Problem(("0", "1", "2", "3"), activities, tuple(draw(st.lists(links, max_size=3))), resources)


@settings(max_examples=30, deadline=None)
@given(problems())
def test_small_problems_are_solved_to_the_optimum(what: Problem) -> None:
    """By trying every schedule up to a makespan of 7; a longer optimum, or none, is left to the checker."""
    best = shortest(what, 7)
    found = improve(what, iterations=300, population=60)
    if found.feasible:
        assert_sound(what, found)
    if best is not None:
        assert (found.feasible, found.makespan) == (True, best)
        assert lower_bound(what) <= best


def test_times_without_a_common_measure() -> None:
    """Thousands beside a 1: the profile by change, not by unit of time, and the same optimum a thousandfold."""
    what = problem(
        *(single(mode.duration * 1000, *mode.demands) for (mode,) in AWKWARD.modes), single(1, 0), capacity=(3,)
    )
    found = improve(what, iterations=300)
    assert_sound(what, found)
    assert found.makespan == improve(AWKWARD, iterations=300).makespan * 1000


def test_wide_capacities_take_several_words() -> None:
    """Three resources of up to 2^40 units fill a word each; only the third lets one of the two through at a time."""
    large = 1 << 40
    what = problem(single(2, large, 1, large), single(3, 1, large, large), capacity=(2 * large, 2 * large, large))
    found = improve(what, iterations=20)
    assert_sound(what, found)
    assert found.makespan == 5


def test_demands_beyond_measure_are_refused() -> None:
    with pytest.raises(PlanInvalid, match="beyond all measure"):
        improve(problem(single(1, 1 << 62), capacity=(1 << 62,)), iterations=1)


def test_modes_keep_within_a_budget() -> None:
    """Each of two tasks takes 1 at a cost of 5 or 4 at a cost of 1; 6 allow one quick and one slow: 1 + 4 in line."""
    ways = (Mode(1, (5,)), Mode(4, (1,)))
    what = Problem(("a", "b"), (ways, ways), (Link(0, 1),), (Resource("cost", 6, renewable=False),))
    found = improve(what, iterations=100)
    assert_sound(what, found)
    assert (found.makespan, sorted(found.modes)) == (5, [0, 1])


def test_an_impossible_budget_is_said() -> None:
    ways = (Mode(1, (5,)), Mode(4, (3,)))
    what = Problem(("a", "b"), (ways, ways), (), (Resource("cost", 5, renewable=False),))
    assert not improve(what, iterations=50).feasible


def test_never_worse_than_the_start() -> None:
    best = improve(AWKWARD, iterations=400)
    again = improve(AWKWARD, iterations=1, workers=1, start=(best.start, best.modes))
    assert again.makespan <= best.makespan
    assert_sound(AWKWARD, again)


def test_every_improvement_is_told() -> None:
    told: list[int] = []
    found = improve(AWKWARD, iterations=200, on_best=told.append)
    assert told == sorted(told, reverse=True)
    assert told[-1] == found.makespan


def test_control_c_gives_the_best_so_far() -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    found = improve(AWKWARD, iterations=100_000, on_best=stop)
    assert found.interrupted
    assert_sound(AWKWARD, found)


def test_a_budget_in_seconds_needs_a_clock_and_ends_by_it() -> None:
    """The clock jumps a second each time it is asked: a budget of three allows few rounds, not none."""
    with pytest.raises(UsageError, match="clock"):
        improve(AWKWARD, seconds=3)
    with pytest.raises(UsageError, match="budget"):
        improve(AWKWARD)
    ticks = iter(range(100))
    found = improve(AWKWARD, seconds=3, clock=lambda: float(next(ticks)), population=40)
    assert_sound(AWKWARD, found)
    assert next(ticks) <= 5, "asked once for the start and until 3 have passed"


@pytest.mark.parametrize("count", [0, 1])
def test_hardly_anything_to_do(count: int) -> None:
    """No activity takes no time, one of 5 takes 5."""
    what = problem(*[single(5, 1)] * count)
    assert improve(what, iterations=10).makespan == 5 * count


def test_a_changed_decoder_is_compiled_anew() -> None:
    """The number in the file that calls the decoder changes with the decoder, so that numba's cache notices."""
    found = zlib.crc32(Path(kernel.__file__).read_bytes())
    assert found == genetic.DECODER, f"kernel.py has changed: set DECODER in genetic.py to 0x{found:08X}"


def test_of_two_schedules_of_one_makespan_that_with_less_of_it_late_is_fitter() -> None:
    """A takes 3 of the 5 that the chain A, B takes: ending at 3, it is in time for a makespan of 5, at 4 it is not."""
    numbers = _Encoding(AWKWARD).array
    urgency = numbers([3, 5, 5])
    assert genetic.late(numbers([3, 6]), urgency, 6) == 1
    assert genetic.late(numbers([4, 6]), urgency, 6) == 2
    assert genetic.late(numbers([3, 5]), urgency, 5) == 2  # nothing is shorter
