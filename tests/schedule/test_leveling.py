from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.errors import PlanInvalid
from milepost.schedule import Activity, CriticalPath, Link, Network, compute
from milepost.schedule.leveling import LeveledSchedule, level
from milepost.schedule.network import FF, FS, SF, SS


def path(
    durations: list[int], links: list[Link | tuple[int, int]], tiers: list[int | None] | None = None
) -> CriticalPath:
    ranks = tiers or [1] * len(durations)
    activities = [Activity(str(number), tier=rank) for number, rank in enumerate(ranks)]
    return compute(Network.from_links(activities, durations, links))


def complaints(found: CriticalPath, schedule: LeveledSchedule, capacities: dict[int, int]) -> list[str]:
    """Check a schedule from its dates alone: every link at its named ends, every tier at every start."""
    network, wrong = found.network, []
    rows = network.successors
    for here in range(len(network)):
        if schedule.finish[here] - schedule.start[here] != network.durations[here] or schedule.start[here] < 0:
            wrong.append(f"{here} has odd dates")
        for place in range(rows.starts[here], rows.starts[here + 1]):
            there, kind = rows.nodes[place], rows.kinds[place]
            left = {FS: schedule.finish, SS: schedule.start, FF: schedule.finish, SF: schedule.start}[kind][here]
            right = {FS: schedule.start, SS: schedule.start, FF: schedule.finish, SF: schedule.finish}[kind][there]
            if left + rows.lags[place] > right:
                wrong.append(f"{there} does not wait for {here}")
    for moment in schedule.start:
        running = [
            schedule.tier[here]
            for here in range(len(network))
            if schedule.start[here] <= moment < schedule.finish[here] and not network.activities[here].checkpoint
        ]
        wrong += [f"tier {rank} is over at {moment}" for rank in capacities if running.count(rank) > capacities[rank]]
    return wrong


def test_one_worker_does_one_thing_at_a_time() -> None:
    """Three independent tasks of 2, 3 and 4 s on a tier of one take 9 s, which is also the bound."""
    found = path([2, 3, 4], [])
    schedule = level(found, {1: 1})
    assert (schedule.makespan, schedule.lower_bound) == (9, 9)
    assert complaints(found, schedule, {1: 1}) == []


def test_two_workers_share_the_work() -> None:
    """4 + 3 + 3 + 2 = 12 s for two workers: at best 6 s, reached by 4 + 2 beside 3 + 3."""
    found = path([4, 3, 3, 2], [])
    assert level(found, {1: 2}).makespan == level(found, {1: 2}).lower_bound == 6


def test_the_urgent_task_goes_first() -> None:
    """A (1 s) and B (1 s) compete for tier 1; C (5 s, tier 2) waits for B. B first gives 1 + 5 = 6 s, A first 7 s."""
    found = path([1, 1, 5], [(1, 2)], [1, 1, 2])
    schedule = level(found, {1: 1, 2: 1})
    assert schedule.start == [1, 0, 1]
    assert schedule.makespan == 6


def test_the_bound_counts_what_surrounds_a_tiers_work() -> None:
    """Tier 2 has 3 + 3 s for one worker between a head of 2 s and a tail of 1 s on tier 1: 2 + 6 + 1 = 9 s."""
    found = path([2, 3, 3, 1], [(0, 1), (0, 2), (1, 3), (2, 3)], [1, 2, 2, 1])
    schedule = level(found, {1: 1, 2: 1})
    assert (schedule.lower_bound, schedule.makespan, found.makespan) == (9, 9, 6)


def test_the_bound_looks_at_late_work_alone() -> None:
    """After A (10 s) two workers share three tasks of 2 s: 10 + 6 / 2 = 13 s, though all work shared is only 8 s.

    The real least is 14 s, since two of the three must follow each other; a bound may be below it.
    """
    found = path([10, 2, 2, 2], [(0, 1), (0, 2), (0, 3)])
    schedule = level(found, {1: 2})
    assert (schedule.lower_bound, schedule.makespan) == (13, 14)


def test_unassigned_tasks_go_to_the_weakest_tier() -> None:
    found = path([1, 1], [], [None, 1])
    assert level(found, {1: 1, 2: 2, 3: 4}).tier == [3, 1]


def test_checkpoints_and_tasks_without_duration_use_no_capacity() -> None:
    """Both milestones lie at 0 although the only worker is busy from 0 to 4."""
    network = Network.from_links([Activity("a", 1), Activity("b", 1), Activity("g", checkpoint=True)], [4, 0, 0], [])
    schedule = level(compute(network), {1: 1})
    assert (schedule.start, schedule.tier) == ([0, 0, 0], [1, 1, None])


def test_a_release_is_kept() -> None:
    network = Network.from_links([Activity("a", 1), Activity("b", 1)], [4, 2], [])
    schedule = level(compute(network, releases={"a": 3}), {1: 1})
    assert schedule.start == [3, 0]


def test_an_empty_network_takes_no_time() -> None:
    schedule = level(path([], []), {1: 1})
    assert (schedule.makespan, schedule.lower_bound, schedule.start) == (0, 0, [])


@pytest.mark.parametrize("capacities", [{1: 1}, {1: 1, 2: 0}, {}])
def test_a_tier_without_capacity_is_refused(capacities: dict[int, int]) -> None:
    with pytest.raises(PlanInvalid, match="task 0 needs tier 2"):
        level(path([1], [], [2]), capacities)


def test_ten_thousand_tasks_fill_three_workers() -> None:
    """Ten thousand one-second tasks for three workers need 3,334 s: 10,000 / 3 rounded up."""
    found = path([1] * 10_000, [])
    assert level(found, {1: 3}).makespan == 3_334


@st.composite
def problems(draw: st.DrawFn) -> tuple[CriticalPath, dict[int, int]]:
    size = draw(st.integers(1, 12))
    durations = draw(st.lists(st.integers(0, 9), min_size=size, max_size=size))
    tiers = draw(st.lists(st.sampled_from([1, 2, None]), min_size=size, max_size=size))
    pairs = [(i, j) for i in range(size) for j in range(i + 1, size)]
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=15)) if pairs else []
    kinds, lags = st.sampled_from([FS, SS, FF, SF]), st.integers(-4, 6)
    links: list[Link | tuple[int, int]] = [Link(i, j, draw(kinds), draw(lags)) for i, j in chosen]
    return path(durations, links, tiers), {1: draw(st.integers(1, 3)), 2: draw(st.integers(1, 3))}


@given(problems())
def test_schedules_keep_dependencies_and_capacity(problem: tuple[CriticalPath, dict[int, int]]) -> None:
    found, capacities = problem
    schedule = level(found, capacities)
    assert complaints(found, schedule, capacities) == []
    assert schedule.makespan == max(schedule.finish) >= schedule.lower_bound >= found.makespan


@given(problems())
def test_the_same_problem_gets_the_same_schedule(problem: tuple[CriticalPath, dict[int, int]]) -> None:
    assert level(*problem) == level(*problem)


@given(problems())
def test_with_room_for_all_the_early_dates_are_the_schedule(problem: tuple[CriticalPath, dict[int, int]]) -> None:
    found, _ = problem
    assert level(found, {1: 12, 2: 12}).start == found.early_start


def test_forward_backward_improvement_closes_a_gap() -> None:
    """2, 3, 3, 2 and 2 s for two workers: in that order 2+3+2 beside 3+2 = 7 s, by LST 3+2+2 beside 3+2 = 7 s too.

    Only 3 + 3 beside 2 + 2 + 2 reaches the bound of 12 / 2 = 6 s; moving all late and back early finds it.
    """
    schedule = level(path([2, 3, 3, 2, 2], []), {1: 2})
    assert (schedule.makespan, schedule.lower_bound) == (6, 6)
