from __future__ import annotations

import pytest
from tests.schedule.schedule_checker import single

from milepost.errors import PlanInvalid
from milepost.schedule import Activity, Network, compute
from milepost.schedule.bounds import early_times, lower_bound
from milepost.schedule.network import FF, FS, SF, SS, Link
from milepost.schedule.problem import Mode, Problem, Resource

ONE = (Resource("R", 1),)


def test_a_plan_takes_one_unit_of_the_tier_of_each_task() -> None:
    """A (tier 1) and B (no tier: the weakest, 2) before a checkpoint, which takes nothing; so does a task of 0 s."""
    activities = [Activity("A", tier=1), Activity("B"), Activity("C", tier=1), Activity("gate", checkpoint=True)]
    path = compute(Network.from_links(activities, [60, 120, 0, 0], [(0, 3), (1, 3)]))
    found = Problem.from_path(path, {1: 1, 2: 3})
    assert found.names == ("A", "B", "C", "gate")
    assert [modes[0].demands for modes in found.modes] == [(1, 0), (0, 1), (0, 0), (0, 0)]
    assert [resource.capacity for resource in found.resources] == [1, 3]
    assert set(found.links) == {Link(0, 3), Link(1, 3)}


def test_a_tier_that_takes_on_nothing_is_named() -> None:
    path = compute(Network.from_links([Activity("A", tier=3)], [60], []))
    with pytest.raises(PlanInvalid, match="task A needs tier 3"):
        Problem.from_path(path, {1: 1})


@pytest.mark.parametrize(
    ("modes", "message"),
    [
        (((Mode(1, (2,)),),), "more of a resource than there is"),
        (((Mode(1, ()),),), "demands 0 of 1"),
        (((Mode(-1, (1,)),),), "negative"),
        (((),), "more of a resource than there is"),
        ((), "1 activities, but modes of 0"),
    ],
)
def test_parts_that_do_not_fit(modes: tuple[tuple[Mode, ...], ...], message: str) -> None:
    with pytest.raises(PlanInvalid, match=message):
        Problem(("a",), modes, (), ONE)


def test_modes_not_worth_trying() -> None:
    """Of a's modes 1 needs two of one unit, 2 is slower than 0 and no cheaper; of b's, 0 needs 4 of the budget of 6
    of which a takes at least 3."""
    a = (Mode(2, (1, 3)), Mode(1, (2, 3)), Mode(3, (1, 3)))
    b = (Mode(1, (1, 4)), Mode(5, (1, 2)))
    found = Problem(("a", "b"), (a, b), (), (*ONE, Resource("N", 6, renewable=False)))
    assert found.choices == ((0,), (1,))


def test_a_cycle_is_named() -> None:
    found = Problem(("a", "b"), (single(1, 1), single(1, 1)), (Link(0, 1), Link(1, 0)), ONE)
    with pytest.raises(PlanInvalid, match="a → b → a"):
        lower_bound(found)


@pytest.mark.parametrize(
    ("kind", "times"),
    [
        (FS, (3 + 2, 5 + 4)),  # b starts 2 after a's finish at 3
        (SS, (2, 6)),  # b starts 2 after a's start at 0
        (FF, (3 + 2 - 4, 5)),  # b finishes 2 after a's finish at 3 and takes 4
        (SF, (0, 4)),  # b finishes no sooner than 2, which its own 4 see to
    ],
)
def test_early_times_with_each_kind_of_link(kind: int, times: tuple[int, int]) -> None:
    found = Problem(("a", "b"), (single(3, 0), single(4, 0)), (Link(0, 1, kind, 2),), ONE)
    assert early_times(found) == [(0, 3), times]
    assert lower_bound(found) == lower_bound(found.mirrored) == times[1]


def test_heads_and_tails_raise_the_bound_of_shared_work() -> None:
    """After a (2), three of 3 each in line on one unit, before z (1): 2 + 9 + 1 = 12; the chain alone gives 6."""
    modes = (single(2, 0), single(3, 1), single(3, 1), single(3, 1), single(1, 0))
    links = tuple(Link(0, here) for here in (1, 2, 3)) + tuple(Link(here, 4) for here in (1, 2, 3))
    assert lower_bound(Problem(tuple("abcdz"), modes, links, ONE)) == 12


def test_releases_bound_too() -> None:
    found = Problem(("a",), (single(3, 1),), (), ONE, (4,))
    assert lower_bound(found) == 7
