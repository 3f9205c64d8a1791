from __future__ import annotations

from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.errors import PlanInvalid, UnknownName
from milepost.schedule import Link, Network, compute
from milepost.schedule.network import FF, FS, SF, SS

Edge = tuple[int, int, int, int]


def test_the_forward_and_backward_pass_by_hand() -> None:
    """A (3 s) precedes B (2 s) and C (4 s), both precede D (1 s).

    A runs 0–3, C 3–7, D 7–8: the longest chain, 8 s. B could run 3–5 and must end by 7, when D starts: it may slip
    2 s, and since D is its only successor it may do so without moving anything.
    """
    network = Network.from_links("ABCD", [3, 2, 4, 1], [(0, 1), (0, 2), (1, 3), (2, 3)])
    found = compute(network)
    assert found.makespan == 8
    assert found.early_start == [0, 3, 3, 7]
    assert found.early_finish == [3, 5, 7, 8]
    assert found.late_start == [0, 5, 3, 7]
    assert found.late_finish == [3, 7, 7, 8]
    assert found.total_float == [0, 2, 0, 0]
    assert found.free_float == [0, 2, 0, 0]
    assert found.critical == found.critical_path == ("A", "C", "D")
    assert found.driving_predecessors == [[], [0], [0], [2]]


def test_all_four_kinds_with_lag_and_lead_by_hand() -> None:
    """Dig (10 s); lay starts 4 s after dig starts (SS+4) and ends no sooner than 2 s after dig ends (FF+2).

    Lay takes 5: SS allows a start at 4, FF demands a finish at 12, so it runs 7–12. Fill (3) may start 2 s before
    lay ends (FS-2): 10–13. Guard (6) must not end before dig starts plus 9 (SF+9): it runs 3–9.
    Total floats, with everything due at 13: fill 0; lay 0 (it drives fill); dig 0 (it drives lay); guard 13-9 = 4.
    """
    links = [Link(0, 1, SS, 4), Link(0, 1, FF, 2), Link(1, 2, FS, -2), Link(0, 3, SF, 9)]
    network = Network.from_links(["dig", "lay", "fill", "guard"], [10, 5, 3, 6], links)
    found = compute(network)
    assert found.early_start == [0, 7, 10, 3]
    assert found.early_finish == [10, 12, 13, 9]
    assert found.total_float == [0, 0, 0, 4]
    assert found.critical_path == ("dig", "lay", "fill")


def test_free_float_can_be_less_than_total_float() -> None:
    """A → B → C take 1 s each beside a lone L of 10 s.

    A, B and C could all slip 7 s together (10 - 3), but A or B alone moves its successor at once: free float 0.
    """
    network = Network.from_links("ABCL", [1, 1, 1, 10], [(0, 1), (1, 2)])
    found = compute(network)
    assert found.total_float == [7, 7, 7, 0]
    assert found.free_float == [0, 0, 7, 0]


def test_a_network_of_nothing() -> None:
    found = compute(Network.from_links([], [], []))
    assert (found.makespan, found.critical_path, found.critical) == (0, (), ())


def test_one_activity_is_its_own_critical_path() -> None:
    found = compute(Network.from_links(["only"], [7], []))
    assert (found.makespan, found.critical_path, found.total_float) == (7, ("only",), [0])


def test_without_durations_everything_is_critical() -> None:
    found = compute(Network.from_links("AB", [0, 0], [(0, 1)]))
    assert (found.makespan, found.critical, found.critical_path) == (0, ("A", "B"), ("A", "B"))


def test_of_equal_chains_the_first_in_plan_order_is_shown() -> None:
    """C and B take equally long after A: both are critical, and B is the first of them in plan order."""
    found = compute(Network.from_links("ABC", [1, 2, 2], [(0, 2), (0, 1)]))
    assert found.critical_path == ("A", "B")
    assert found.critical == ("A", "B", "C")


def test_a_release_holds_an_activity_and_starts_the_critical_path() -> None:
    """B may not start before 10, so A (3 s) in front of it may slip 7 s."""
    network = Network.from_links("AB", [3, 2], [(0, 1)])
    found = compute(network, releases={"B": 10})
    assert found.early_start == [0, 10]
    assert found.total_float == [7, 0]
    assert found.critical_path == ("B",)


def test_a_deadline_too_early_gives_negative_float_along_its_chain() -> None:
    """A(3) → B(2) finishes at 5; due at 4 both are 1 s late, while C (5 s) beside them has its usual float 0."""
    found = compute(Network.from_links("ABC", [3, 2, 5], [(0, 1)]), deadlines={"B": 4})
    assert found.total_float == [-1, -1, 0]
    assert found.critical_path == ("A", "B")


def test_a_release_of_an_unknown_activity_is_refused() -> None:
    with pytest.raises(UnknownName, match="no task or checkpoint Z"):
        compute(Network.from_links("A", [1], []), releases={"Z": 1})


def test_a_cycle_is_named() -> None:
    network = Network.from_links("ABCD", [1, 1, 1, 1], [(0, 1), (1, 2), (2, 1), (2, 3)])
    with pytest.raises(PlanInvalid, match="cycle: B → C → B"):
        compute(network)


def test_a_chain_far_longer_than_the_recursion_limit() -> None:
    """50,000 activities of 2 s one after the other take 100,000 s, and all are on the critical path."""
    size = 50_000
    network = Network.from_links(map(str, range(size)), [2] * size, [(i, i + 1) for i in range(size - 1)])
    found = compute(network)
    assert found.makespan == 100_000
    assert len(found.critical_path) == size


@st.composite
def networks(draw: st.DrawFn) -> tuple[list[int], list[Edge]]:
    """Up to seven activities with links of all kinds; a hidden shuffle keeps plan order from being a valid one."""
    size = draw(st.integers(1, 7))
    durations = draw(st.lists(st.integers(0, 9), min_size=size, max_size=size))
    shuffled = draw(st.permutations(range(size)))
    pairs = [(i, j) for i, j in product(range(size), repeat=2) if i < j]
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=12)) if pairs else []
    kinds, lags = st.sampled_from([FS, SS, FF, SF]), st.integers(-4, 6)
    return durations, [(shuffled[i], shuffled[j], draw(kinds), draw(lags)) for i, j in chosen]


def holds(durations: list[int], starts: list[int], edge: Edge) -> bool:
    """Say whether the two ends named by the kind are at least the lag apart."""
    first, then, kind, lag = edge
    left = starts[first] + (durations[first] if kind in (FS, FF) else 0)
    right = starts[then] + (durations[then] if kind in (FF, SF) else 0)
    return left + lag <= right


def settle(durations: list[int], edges: list[Edge], pinned: dict[int, int]) -> list[int]:
    """Push every start right, one second at a time, until each link holds: slow, and obviously right."""
    starts = [pinned.get(i, 0) for i in range(len(durations))]
    while broken := [edge for edge in edges if not holds(durations, starts, edge)]:
        for then in {edge[1] for edge in broken}:
            starts[then] += 1
    return starts


@given(networks())
def test_dates_and_floats_agree_with_brute_force(case: tuple[list[int], list[Edge]]) -> None:
    durations, edges = case
    names = [str(number) for number in range(len(durations))]
    found = compute(Network.from_links(names, durations, [Link(*edge) for edge in edges]))
    starts = settle(durations, edges, {})
    makespan = max(start + time for start, time in zip(starts, durations, strict=True))
    assert (found.early_start, found.makespan) == (starts, makespan)
    for here in range(len(durations)):
        room = found.total_float[here]
        assert finish_when_moved(durations, edges, starts, here, room) <= makespan
        assert finish_when_moved(durations, edges, starts, here, room + 1) > makespan
        assert 0 <= found.free_float[here] <= room
        moved = settle(durations, edges, {here: starts[here] + found.free_float[here]})
        assert all(moved[i] == starts[i] for i in range(len(starts)) if i != here)


def finish_when_moved(durations: list[int], edges: list[Edge], starts: list[int], here: int, by: int) -> int:
    moved = settle(durations, edges, {here: starts[here] + by})
    return max(start + time for start, time in zip(moved, durations, strict=True))


@given(networks())
def test_the_critical_path_is_a_tight_chain_to_the_end(case: tuple[list[int], list[Edge]]) -> None:
    durations, edges = case
    names = [str(number) for number in range(len(durations))]
    found = compute(Network.from_links(names, durations, [Link(*edge) for edge in edges]))
    chain = [int(name) for name in found.critical_path]
    assert found.early_finish[chain[-1]] == found.makespan
    for first, then in pairwise(chain):
        sooner = list(found.early_start)
        sooner[then] -= 1
        links = [edge for edge in edges if edge[:2] == (first, then)]
        assert any(not holds(durations, sooner, edge) for edge in links)
    assert set(found.critical_path) <= set(found.critical)
    assert {found.network.ids[here] for here in found.longest_successors} == set(found.critical)
