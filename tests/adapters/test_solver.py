from __future__ import annotations

import pickle
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from tests.schedule.schedule_checker import complaints, shortest, single

from milepost.adapters import solver, solver_process
from milepost.adapters.solver_process import SolverTask
from milepost.schedule.branch_and_bound import Reach
from milepost.schedule.network import FF, SS, Link
from milepost.schedule.problem import Mode, Problem, Resource, Schedule

needs_solver = pytest.mark.skipif(not solver.available(), reason="OR-Tools is not installed")
SECONDS = 60.0  # generous: it only turns a hang into a failure

THIRDS = Problem(("a", "b", "c"), (single(2, 2),) * 3, (), (Resource("R", 3),))
"""Each takes 2 of 3 units for 2: one at a time, so 6; shared work alone bounds by 12 ÷ 3 = 4."""

IN_LINE = ((0, 2, 4), (0, 0, 0))


@needs_solver
def test_a_schedule_is_proven_optimal() -> None:
    found = solver.prove(THIRDS, seconds=SECONDS, hint=IN_LINE)
    assert (found.lower, found.proven, found.gap) == (6, True, 0)
    assert found.schedule == Schedule(*IN_LINE, 6)


@needs_solver
def test_a_shorter_schedule_is_found() -> None:
    found = solver.prove(THIRDS, seconds=SECONDS, hint=((0, 5, 9), (0, 0, 0)))
    assert found.schedule is not None
    assert (found.schedule.makespan, found.lower, found.proven) == (6, 6, True)
    assert complaints(THIRDS, found.schedule.start, found.schedule.modes) == []


@needs_solver
def test_without_a_hint_modes_and_links_of_other_kinds() -> None:
    """Compared with trying everything up to 8; the times of a thousand seconds are divided by what they share."""
    ways = (Mode(1, (2, 4)), Mode(3, (1, 1)))
    links = (Link(0, 1, SS, 1), Link(1, 2, FF, 2))
    resources = (Resource("R", 2), Resource("N", 7, renewable=False))
    small = Problem(("a", "b", "c"), (ways, ways, ways), links, resources)
    large = Problem(
        small.names,
        tuple(tuple(Mode(mode.duration * 1000, mode.demands) for mode in modes) for modes in small.modes),
        tuple(Link(link.predecessor, link.successor, link.kind, link.lag * 1000) for link in links),
        resources,
    )
    best = shortest(small, 8)
    assert best is not None
    for problem, unit in ((small, 1), (large, 1000)):
        found = solver.prove(problem, seconds=SECONDS)
        assert found.schedule is not None
        assert (found.schedule.makespan, found.lower, found.proven) == (best * unit, best * unit, True)
        assert complaints(problem, found.schedule.start, found.schedule.modes) == []


@needs_solver
def test_no_schedule_at_all_is_a_proof_too() -> None:
    ways = (Mode(1, (5,)), Mode(4, (3,)))
    found = solver.prove(Problem(("a", "b"), (ways, ways), (), (Resource("N", 5, False),)), seconds=SECONDS)
    assert (found.schedule, found.proven) == (None, True)


@needs_solver
def test_control_c_ends_the_child_and_keeps_what_it_found() -> None:
    heard: list[int] = []

    def stop(bound: int) -> None:
        heard.append(bound)
        raise KeyboardInterrupt

    found = solver.prove(THIRDS, seconds=SECONDS, hint=IN_LINE, on_bound=stop)
    assert found.lower == heard[0] > 4
    assert found.schedule == Schedule(*IN_LINE, 6)


@needs_solver
def test_what_is_known_of_the_activities_narrows_the_search() -> None:
    """A reach that puts them in one order leaves one schedule of 6."""
    reach = Reach((0, 2, 4), (4, 2, 0))
    found = solver.prove(THIRDS, seconds=SECONDS, hint=((0, 3, 6), (0, 0, 0)), reach=reach)
    assert found.schedule == Schedule((0, 2, 4), (0, 0, 0), 6)
    assert (found.lower, found.proven) == (6, True)


@needs_solver
def test_what_refutes_goes_on_from_each_schedule_it_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """From 40 down to 6, and then nothing is shorter; run here, without the process around it."""
    told: list[dict[str, Any]] = []
    task = SolverTask(THIRDS, seconds=SECONDS, lower=4, upper=40, refute=True)
    monkeypatch.setattr(solver_process, "say", lambda **finding: told.append(finding))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=BytesIO(pickle.dumps(task))))
    solver_process.main()
    lengths = [THIRDS.schedule(finding["start"], finding["modes"]).makespan for finding in told[:-1]]
    assert lengths == sorted(set(lengths), reverse=True)
    assert lengths[-1] == 6
    assert told[-1] == {"lower": 6, "finished": True}


def test_a_bound_that_is_known_may_prove() -> None:
    found = solver.prove(THIRDS, seconds=0, hint=IN_LINE, lower=6)
    assert (found.lower, found.proven, found.note) == (6, True, "")


def test_the_bound_alone_may_prove() -> None:
    """No child is started for a schedule as short as the bound: 2 + 2 of two tasks that cannot overlap."""
    two = Problem(("a", "b"), (single(2, 1),) * 2, (), (Resource("R", 1),))
    found = solver.prove(two, seconds=0, hint=((0, 2), (0, 0)))
    assert (found.lower, found.proven, found.note) == (4, True, "")


def test_without_the_solver_the_loss_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver, "available", lambda: False)
    found = solver.prove(THIRDS, seconds=SECONDS, hint=IN_LINE)
    assert (found.lower, found.proven) == (4, False)
    assert "milepost[schedule]" in found.note
