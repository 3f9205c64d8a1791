from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from threading import Event

import pytest
from tests.schedule.schedule_checker import complaints, single

from milepost.app.optimizations import optimize
from milepost.schedule.bounds import Bound
from milepost.schedule.branch_and_bound import Reach
from milepost.schedule.network import SS, Link
from milepost.schedule.problem import Mode, Problem, Resource

THIRDS = Problem(("a", "b", "c"), (single(2, 2),) * 3, (), (Resource("R", 3),))
"""Each takes 2 of 3 units for 2: one at a time, so 6; shared work alone bounds by 12 ÷ 3 = 4."""


class Prover:
    """Keeps what it was asked, and proves half a million."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    def __call__(
        self,
        problem: Problem,
        *,
        seconds: float,
        hint: tuple[Sequence[int], Sequence[int]] | None,
        seed: int,
        reach: Reach | None,
        lower: int,
        on_bound: Callable[[int], None] | None,
    ) -> Bound:
        self.asked.append(seconds)
        assert hint is not None
        return Bound(500_000, problem.schedule(*hint), proven=False, note="no proof today")


def ticking() -> Callable[[], float]:
    """A clock that goes on by a second each time it is read."""
    ticks = count()
    return lambda: float(next(ticks))


OTHERS = Problem(THIRDS.names, (single(200_001, 2), *(single(200_000, 2),) * 2), (), THIRDS.resources)
"""The same in times without a divisor, too long for tables by unit of time: 600,001; shared work bounds by 400,001."""


def test_branch_and_bound_proves_without_the_solver() -> None:
    prover = Prover()
    found = optimize(THIRDS, prover, ticking(), seconds=20)
    assert found.schedule is not None
    assert complaints(THIRDS, found.schedule.start, found.schedule.modes) == []
    assert (found.schedule.makespan, found.lower, found.proven, prover.asked) == (6, 6, True, [])


def test_the_solver_gets_the_schedule_and_the_rest_of_the_time() -> None:
    prover = Prover()
    found = optimize(OTHERS, prover, ticking(), seconds=60)
    assert found.schedule is not None
    assert complaints(OTHERS, found.schedule.start, found.schedule.modes) == []
    assert (found.schedule.makespan, found.lower, found.proven) == (600_001, 500_000, False)
    assert found.note.endswith("no proof today")
    assert len(prover.asked) == 1
    assert 60 * 0.35 < prover.asked[0] <= 60 * 0.8, "20 % of the time without a shorter schedule end the search"


def test_with_modes_to_choose_the_search_has_most_of_the_time() -> None:
    """One of the three may take one unit for 3 instead: 4, beside the others in line; least work bounds by 9 ÷ 3."""
    modes = (Mode(2, (2, 0)), Mode(3, (1, 1)))
    prover = Prover()
    what = Problem(THIRDS.names, (modes,) * 3, (), (Resource("R", 3), Resource("N", 1, renewable=False)))
    found = optimize(what, prover, ticking(), seconds=20)
    assert (found.schedule.makespan if found.schedule else None, len(prover.asked)) == (4, 1)
    assert prover.asked[0] <= 20 * 0.35, "65 % of the time are the search's"


def test_a_schedule_at_the_bound_needs_no_solver() -> None:
    """Two tasks of 2 that cannot overlap: 4, which is also their work on one unit."""
    prover = Prover()
    found = optimize(Problem(("a", "b"), (single(2, 1),) * 2, (), (Resource("R", 1),)), prover, ticking(), seconds=20)
    assert (found.lower, found.proven, found.gap, prover.asked) == (4, True, 0, [])


def test_no_solver_after_control_c() -> None:
    prover = Prover()

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    found = optimize(THIRDS, prover, ticking(), seconds=20, on_best=stop)
    assert found.schedule is not None
    assert (found.lower, found.proven, prover.asked) == (4, False, [])


def test_control_c_between_two_ways_leaves_what_there_is() -> None:
    def stopped(*_: object, **__: object) -> Bound:
        raise KeyboardInterrupt

    found = optimize(OTHERS, stopped, ticking(), seconds=20)
    assert found.schedule is not None
    assert (found.schedule.makespan, found.lower, found.proven) == (600_001, 400_001, False)


def test_time_to_compile_is_told_and_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each way is ready only after somebody heard that it is being compiled, an hour later by the clock."""
    clock, told, heard = ticking(), list[str](), Event()
    slept = [0.0]

    def hear(words: str) -> None:
        told.append(words.removesuffix(" for this machine, this once; that time does not count"))
        heard.set()

    def compiling() -> None:
        assert heard.wait(60)
        heard.clear()
        slept[0] += 3600.0

    monkeypatch.setattr("milepost.app.optimizations._LOADING", 0.0)
    for way in ("search", "branch_and_bound", "clause_learning"):
        monkeypatch.setattr(f"milepost.schedule.{way}.warm_up", compiling)
    prover = Prover()
    optimize(OTHERS, prover, lambda: clock() + slept[0], seconds=60, on_wait=hear)
    assert told[:3] == ["compiling the search", "compiling branch and bound", "compiling clause learning"]
    assert len(prover.asked) == 1
    assert 60 * 0.35 < prover.asked[0] <= 60 * 0.8


STARTED = Problem(THIRDS.names, THIRDS.modes, (Link(0, 1, SS, 0),), THIRDS.resources)
"""The thirds, where the second must not start before the first: not for branch and bound, but for clause learning."""


def test_clause_learning_proves_where_branch_and_bound_cannot() -> None:
    prover = Prover()
    found = optimize(STARTED, prover, ticking(), seconds=60)
    assert found.schedule is not None
    assert complaints(STARTED, found.schedule.start, found.schedule.modes) == []
    assert (found.schedule.makespan, found.lower, found.proven, prover.asked) == (6, 6, True, [])


def test_where_clause_learning_sees_no_hope_the_search_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 100 in line at most, shared work bounds by two thirds; a step of the bound that may have no conflict is hard."""
    monkeypatch.setattr("milepost.schedule.clause_learning._EASY", 0)
    prover = Prover()
    modes = tuple(single(time, 2) for time in (30, 31, 39))
    optimize(Problem(STARTED.names, modes, STARTED.links, STARTED.resources), prover, ticking(), seconds=60)
    assert len(prover.asked) == 1
    assert prover.asked[0] <= 60 * 0.35, "65 % of the time are the search's, in two parts"
