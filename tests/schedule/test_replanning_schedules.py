"""Schedules that go on from the last one: valid, true to what happened, and moved no more than needed."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.errors import PlanInvalid
from milepost.schedule import Activity, Link, Network, compute
from milepost.schedule.leveling import LeveledSchedule, level
from milepost.schedule.network import FF, FS, SF
from milepost.schedule.replanning import Facts, Move, Replan, replan


def network(durations: list[int], links: list[Link | tuple[int, int]], tiers: list[int]) -> Network:
    names = [chr(ord("A") + number) for number in range(len(durations))]
    return Network.from_links(
        [Activity(name, tier=rank) for name, rank in zip(names, tiers, strict=True)], durations, links
    )


def starts(net: Network, found: LeveledSchedule) -> dict[str, int]:
    return dict(zip(net.ids, found.start, strict=True))


def complaints(net: Network, found: Replan, facts: Facts, capacities: dict[int, int]) -> list[str]:
    """Check what has not started, from the dates alone: the time, every link, every tier from now on."""
    wrong = []
    happened = set(facts.started) | set(facts.finished)
    rows = net.predecessors
    for here, name in enumerate(net.ids):
        if name in facts.started and found.start[here] != facts.started[name]:
            wrong.append(f"{name} did not start then")
        if name in facts.finished and found.finish[here] != facts.finished[name]:
            wrong.append(f"{name} did not finish then")
        if name in happened:
            if name not in facts.finished and found.finish[here] <= facts.now:
                wrong.append(f"{name} has nothing left to do")
            continue
        if net.durations[here] and found.start[here] < facts.now:
            wrong.append(f"{name} starts in the past")
        if found.finish[here] != found.start[here] + net.durations[here]:
            wrong.append(f"{name} takes another time")
        for place in range(rows.starts[here], rows.starts[here + 1]):
            before, kind = rows.nodes[place], rows.kinds[place]
            left = (found.finish if kind in (FS, FF) else found.start)[before]
            right = (found.finish if kind in (FF, SF) else found.start)[here]
            if left + rows.lags[place] > right:
                wrong.append(f"{name} does not wait for {net.ids[before]}")
    for moment in (begin for here, begin in enumerate(found.start) if net.ids[here] not in happened):
        running = [
            (found.tier[here], net.ids[here] in happened)
            for here in range(len(net))
            if found.start[here] <= moment < found.finish[here]
        ]
        for rank, capacity in capacities.items():
            mine = [known for tier, known in running if tier == rank]
            if len(mine) > capacity and not all(mine):
                wrong.append(f"tier {rank} is over at {moment}")
    return wrong


def test_nothing_changed_nothing_moves() -> None:
    """A (2) and B (3) one after the other on a tier of one, C (4) after A on another: after 2 s A is done, B starts."""
    net = network([2, 3, 4], [(0, 2)], [1, 1, 2])
    last = {"A": 0, "B": 2, "C": 2}
    found = replan(net, {1: 1, 2: 1}, last, Facts(2, {"A": 0}, {"A": 2}))
    assert (found.moved, found.makespan) == ((), 6)


def test_a_late_finish_moves_what_waits_for_it_and_nothing_else() -> None:
    """A takes 4 s instead of 2: C, which waits for it, moves from 2 to 4; B on another tier stays at 5."""
    net = network([2, 3, 4], [(0, 2)], [1, 3, 2])
    found = replan(net, {1: 1, 2: 1, 3: 1}, {"A": 0, "B": 5, "C": 2}, Facts(4, {"A": 0}, {"A": 4}))
    assert found.moved == (Move("C", 2, 4),)
    assert found.start == [0, 5, 4]


def test_an_early_finish_moves_nothing() -> None:
    net = network([5, 3], [(0, 1)], [1, 1])
    assert replan(net, {1: 1}, {"A": 0, "B": 5}, Facts(1, {"A": 0}, {"A": 1})).start == [0, 5]


def test_who_moves_takes_a_gap_and_displaces_nobody() -> None:
    """A overruns until 4. B (2 s, planned at 3) would fit at 4 only by pushing C (planned at 5) away; D follows at 8.

    The gap behind C (5 to 6) is at 6, where B then ends at 8: one start moves, and the end stays 9.
    """
    net = network([3, 2, 1, 1], [], [1, 1, 1, 1])
    last = {"A": 0, "B": 3, "C": 5, "D": 8}
    found = replan(net, {1: 1}, last, Facts(4, {"A": 0}, {"A": 4}))
    assert found.moved == (Move("B", 3, 6),)
    assert found.makespan == 9


@pytest.mark.parametrize(("price", "order"), [(0, [4, 6]), (10, [7, 5])])
def test_moving_more_has_to_pay(price: int, order: list[int]) -> None:
    """A overruns by 1 s; behind it B (3 to 5) and C (5 to 7) fill its tier, and D (10 s, another tier) waits for B.

    B behind C starts at 7 and D ends at 7 + 2 + 10 = 19, for two moves. If all shift, B starts at 4, C at 6 and D ends
    at 4 + 2 + 10 = 16, for three: 3 s less for one more move.
    """
    net = network([3, 2, 2, 10], [(1, 3)], [1, 1, 1, 2])
    last = {"A": 0, "B": 3, "C": 5, "D": 5}
    found = replan(net, {1: 1, 2: 1}, last, Facts(4, {"A": 0}, {"A": 4}), price=price)
    assert found.start[1:3] == order


def test_a_running_task_always_has_something_left() -> None:
    """Planned for 2 s, running for 9: it ends a second from now at the earliest, and B after it."""
    net = network([2, 1], [(0, 1)], [1, 1])
    found = replan(net, {1: 1}, {"A": 0, "B": 2}, Facts(9, {"A": 0}))
    assert (found.finish[0], found.start[1]) == (10, 10)


def test_new_tasks_go_where_there_is_room() -> None:
    """C is new: it starts now in the gap before B, which stays."""
    net = network([2, 2, 3], [], [1, 1, 1])
    found = replan(net, {1: 1}, {"A": 0, "B": 6}, Facts(2, {"A": 0}, {"A": 2}))
    assert (found.start, found.moved) == ([0, 6, 2], ())


def test_a_release_moves_what_it_holds() -> None:
    net = network([2, 2], [], [1, 1])
    found = replan(net, {1: 2}, {"A": 0, "B": 0}, Facts(), releases={"B": 5})
    assert found.moved == (Move("B", 0, 5),)


def test_less_capacity_moves_what_no_longer_fits() -> None:
    """Two at once were planned, one is left: the second goes behind the first."""
    net = network([2, 2], [], [1, 1])
    assert sorted(replan(net, {1: 1}, {"A": 0, "B": 0}, Facts()).start) == [0, 2]


def test_more_at_once_than_there_is_room_for_is_a_fact() -> None:
    """A and B both run on a tier of one; C waits until the later of them is through."""
    net = network([4, 6, 1], [], [1, 1, 1])
    found = replan(net, {1: 1}, {"A": 0, "B": 4, "C": 10}, Facts(1, {"A": 0, "B": 0}))
    assert found.start == [0, 0, 10]


def test_a_cycle_is_named() -> None:
    with pytest.raises(PlanInvalid, match="cycle: A → B → A"):
        replan(network([1, 1], [(0, 1), (1, 0)], [1, 1]), {1: 1}, {}, Facts())


@st.composite
def histories(draw: st.DrawFn) -> tuple[Network, dict[int, int], LeveledSchedule, Facts]:
    """A network with its schedule, and a history that follows it up to some time, more or less."""
    chance = Random(draw(st.integers(0, 10**6)))
    size = draw(st.integers(1, 12))
    links = [
        Link(chance.randrange(place), place, chance.randrange(4), chance.randint(-3, 3))
        for place in range(1, size)
        for _ in range(chance.randint(0, 2))
    ]
    capacities = {1: chance.randint(1, 2), 2: chance.randint(1, 3)}
    net = network([chance.randint(0, 9) for _ in range(size)], list(links), [chance.randint(1, 2) for _ in range(size)])
    plan = level(compute(net), capacities)
    now = chance.randint(0, plan.makespan + 3)
    wobble = draw(st.sampled_from([0, 4]))
    started, finished = {}, {}
    for here, name in enumerate(net.ids):
        begin = plan.start[here] + chance.randint(0, wobble)
        end = max(begin, plan.finish[here] + chance.randint(-wobble, wobble))
        if begin < now or (not wobble and begin == end == now):
            started[name] = begin
            if end <= now:
                finished[name] = end
    return net, capacities, plan, Facts(now, started, finished)


@given(histories(), st.sampled_from([0, 1, 300]))
def test_what_is_planned_anew_is_valid(
    case: tuple[Network, dict[int, int], LeveledSchedule, Facts], price: int
) -> None:
    net, capacities, plan, facts = case
    found = replan(net, capacities, starts(net, plan), facts, price=price)
    assert complaints(net, found, facts, capacities) == []
    for move in found.moved:
        assert move.id not in facts.started
        assert move.start == found.start[net.number(move.id)] != move.before


@given(histories())
def test_planning_anew_twice_moves_nothing_more(
    case: tuple[Network, dict[int, int], LeveledSchedule, Facts],
) -> None:
    net, capacities, plan, facts = case
    found = replan(net, capacities, starts(net, plan), facts)
    again = replan(net, capacities, dict(zip(net.ids, found.start, strict=True)), facts)
    assert again.moved == ()
    assert again.start == found.start


@given(histories())
def test_where_nothing_changed_nothing_moves(case: tuple[Network, dict[int, int], LeveledSchedule, Facts]) -> None:
    """The history of the plan itself, whatever the time."""
    net, capacities, plan, facts = case
    started = {name: begin for name, begin in starts(net, plan).items() if begin < facts.now}
    finished = {name: plan.finish[net.number(name)] for name in started}
    done = {name: end for name, end in finished.items() if end <= facts.now}
    found = replan(net, capacities, starts(net, plan), Facts(facts.now, started, done))
    assert found.moved == ()
    assert found.makespan == plan.makespan
