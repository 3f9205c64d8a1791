from __future__ import annotations

import pytest

from milepost.errors import PlanInvalid, UnknownName
from milepost.plan.model import (
    Anchor,
    AnchorKind,
    Checkbox,
    Checkpoint,
    Dependency,
    DependencyKind,
    DependencyOrigin,
    DependencySource,
    Effort,
    Phase,
    Plan,
    Task,
    TaskState,
)
from milepost.schedule import ALL_ORIGINS, Link, Network, compute, find_cycle, reachable, unite
from milepost.source import SourceText, Span

HERE = Span(0, 0)
HOUR = 3600


def task(
    name: str,
    hours: float | None = 1,
    *,
    phase: str | None = None,
    parent: str | None = None,
    tier: int | None = None,
    parallel: bool = False,
    struck: bool = False,
    done: bool = False,
) -> Task:
    effort = None
    if hours is not None:
        effort = Effort(int(hours * HOUR), int(hours * HOUR), int(hours * HOUR), f"{hours}h", HERE)
    state = TaskState.DONE if done else TaskState.NOT_STARTED
    return Task(
        name,
        f"Task {name}",
        HERE,
        HERE,
        HERE,
        checkbox=Checkbox(state, "x" if done else " ", HERE),
        phase=phase,
        parent=parent,
        effort=effort,
        tier=tier,
        parallel=parallel,
        struck=struck,
    )


def gate(name: str, kind: AnchorKind = AnchorKind.COMPLETION, *ids: str) -> Checkpoint:
    return Checkpoint(name, name, name, Anchor(kind, ids), HERE, HERE)


def after(text: str) -> tuple[Dependency, ...]:
    """``"a>b b>c"`` read as finish-to-start dependencies drawn in an arrow graph."""
    source = (DependencySource(DependencyOrigin.GRAPH, HERE),)
    pairs = [pair.split(">") for pair in text.split()]
    return tuple(Dependency(first, then, sources=source) for first, then in pairs)


def plan(
    tasks: list[Task], dependencies: tuple[Dependency, ...] = (), checkpoints: tuple[Checkpoint, ...] = ()
) -> Plan:
    names = dict.fromkeys(item.phase for item in tasks if item.phase)
    phases = tuple(
        Phase(name, f"Phase {name}", HERE, HERE, tuple(item.id for item in tasks if item.phase == name))
        for name in names
    )
    return Plan(
        SourceText(""),
        "reference",
        phases=phases,
        tasks=tuple(tasks),
        checkpoints=checkpoints,
        dependencies=dependencies,
    )


def links(given: Plan, **options: frozenset[DependencyOrigin]) -> set[str]:
    return {f"{link.predecessor}>{link.successor}" for link in unite(given, **options)}


def release_plan() -> Plan:
    """Twelve tasks in five phases with gates after phases 2 and 3 and at the end, in the reference format's manner."""
    hours = {"1.1": 1, "1.2": 0.5, "2.1": 2, "2.2": 4, "2.3": 3, "3.1": 3, "3.2": 2, "4.1": 2, "4.2": 1, "4.3": 2}
    hours |= {"5.1": 1, "5.2": 1}
    stated = "1.1>1.2 1.2>2.1 2.1>2.2 2.2>2.3 2.1>3.1 2.1>3.2"
    stated += " 3.1>4.1 3.1>4.2 3.1>4.3 3.2>4.1 3.2>4.2 3.2>4.3"
    stated += " 4.1>5.1 4.1>5.2 4.2>5.1 4.2>5.2 4.3>5.1 4.3>5.2"
    gates = (gate("C1", AnchorKind.PHASE, "2"), gate("C2", AnchorKind.PHASE, "3"), gate("C3"))
    return plan([task(name, time, phase=name[0]) for name, time in hours.items()], after(stated), gates)


def test_without_gates_the_core_work_is_the_critical_path() -> None:
    """1 + 0.5 + 2 + 4 + 3 = 10.5 h through phase 2; the other branch is 3.5 + 3 + 2 + 1 = 9.5 h."""
    found = compute(Network.from_plan(release_plan(), gates=False))
    assert found.makespan == 10.5 * HOUR
    assert found.critical_path == ("1.1", "1.2", "2.1", "2.2", "2.3")


def test_with_gates_later_phases_wait() -> None:
    """Phase 3 waits for 2.3 at 10.5 h; then 3.1 (3 h), 4.1 or 4.3 (2 h) and 5.1 or 5.2 (1 h) make 16.5 h."""
    found = compute(Network.from_plan(release_plan(), gates=True))
    assert found.makespan == 16.5 * HOUR
    head = ("1.1", "1.2", "2.1", "2.2", "2.3")
    assert found.critical_path == (*head, "C1", "3.1", "C2", "4.1", "5.1", "C3")
    assert set(found.critical) == {*found.critical_path, "4.3", "5.2"}


def test_a_gate_is_tied_to_its_neighbours_only() -> None:
    tasks = [task(name, phase=name[0]) for name in ("1.1", "2.1", "3.1")]
    gates = (gate("A", AnchorKind.PHASE, "1"), gate("B", AnchorKind.PHASE, "2"), gate("C"))
    stated = plan(tasks, after("1.1>2.1"), gates)
    expected = "1.1>2.1 1.1>A A>B A>2.1 2.1>B B>C B>3.1 3.1>C"
    assert links(stated) == set(expected.split())


def test_a_gate_after_a_task_holds_back_only_what_waits_for_it() -> None:
    """G stands between A and its successor B; C, which does not depend on A, goes on beside it."""
    stated = plan([task("A"), task("B"), task("C")], after("A>B C>B"), (gate("G", AnchorKind.TASK, "A"), gate("End")))
    assert links(stated) == {"A>B", "C>B", "A>G", "G>B", "G>End", "A>End", "B>End", "C>End"}


def test_a_gate_after_several_tasks_does_not_stand_between_them() -> None:
    """After A and C with A > B > C: B is needed by C, so only D comes after the gate."""
    stated = plan([task(name) for name in "ABCD"], after("A>B B>C C>D A>D"), (gate("G", AnchorKind.TASK, "A", "C"),))
    assert links(stated) == {"A>B", "B>C", "C>D", "A>D", "A>G", "C>G", "G>D"}


@pytest.mark.parametrize("kind", [AnchorKind.NONE, AnchorKind.PHASE, AnchorKind.TASK])
def test_a_gate_anchored_nowhere_stands_at_the_end(kind: AnchorKind) -> None:
    stated = plan([task("A"), task("B")], after("A>B"), (gate("G", kind, "gone"),))
    assert links(stated) == {"A>B", "A>G", "B>G"}


def test_a_gate_that_contradicts_a_dependency_is_part_of_the_cycle() -> None:
    tasks = [task("1.1", phase="1"), task("2.1", phase="2")]
    stated = plan(tasks, after("2.1>1.1"), (gate("G", AnchorKind.PHASE, "1"),))
    assert find_cycle(Network.from_plan(stated, gates=False)) == []
    assert find_cycle(Network.from_plan(stated, gates=True)) == ["1.1", "G", "2.1"]


def test_a_plan_that_states_no_dependency_is_done_in_order() -> None:
    tasks = [task("1.1", phase="1"), task("1.2", phase="1"), task("2.1", phase="2")]
    assert links(plan(tasks)) == {"1.1>1.2", "1.2>2.1"}


def test_parallel_neighbours_run_beside_each_other_inside_a_phase() -> None:
    """B and C are parallel; D is parallel too but in the next phase, and phases come in order."""
    tasks = [task("A", phase="1"), task("B", phase="1", parallel=True), task("C", phase="1", parallel=True)]
    tasks.append(task("D", phase="2", parallel=True))
    assert links(plan(tasks)) == {"A>B", "A>C", "B>D", "C>D"}


def test_one_stated_dependency_switches_document_order_off() -> None:
    assert links(plan([task("A"), task("B"), task("C")], after("A>C"))) == {"A>C"}


@pytest.mark.parametrize("origin", DependencyOrigin)
def test_each_origin_can_be_switched_off(origin: DependencyOrigin) -> None:
    field = Dependency("B", "C", sources=(DependencySource(DependencyOrigin.FIELD, HERE),))
    stated = plan([task("A"), task("B"), task("C")], (*after("A>B"), field), (gate("G"),))
    ordered = plan([task("A"), task("B")])
    off = ALL_ORIGINS - {origin}
    gone = {"graph": {"A>B"}, "field": {"B>C"}, "checkpoint": {"A>G", "B>G", "C>G"}, "order": set()}
    assert links(stated, origins=off) == links(stated) - gone[origin]
    assert links(ordered, origins=off) == (set() if origin is DependencyOrigin.ORDER else {"A>B"})


def test_a_dependency_stated_twice_keeps_both_sources_and_the_longest_lag() -> None:
    graph = DependencySource(DependencyOrigin.GRAPH, Span(1, 2))
    field = DependencySource(DependencyOrigin.FIELD, Span(3, 4))
    pair = (Dependency("A", "B", sources=(graph,)), Dependency("A", "B", lag=60, sources=(field,)))
    (only,) = unite(plan([task("A"), task("B")], pair))
    assert (only.lag, only.sources) == (60, (graph, field))


def test_a_dependency_on_a_parent_is_one_on_each_of_its_leaves() -> None:
    tasks = [task("1"), task("1.1", parent="1"), task("1.2", parent="1"), task("2")]
    assert links(plan(tasks, after("1>2"))) == {"1.1>2", "1.2>2"}


def test_a_part_does_not_wait_for_its_own_parent() -> None:
    tasks = [task("1"), task("1.1", parent="1"), task("1.2", parent="1")]
    assert links(plan(tasks, after("1>1.2 1.1>1.2"))) == {"1.1>1.2"}


def test_a_struck_task_is_bridged() -> None:
    """B is struck out: C still waits for A."""
    struck = plan([task("A"), task("B", struck=True), task("C")], after("A>B B>C"))
    assert Network.from_plan(struck, gates=False).ids == ("A", "C")
    assert links(struck) == {"A>C"}


def test_a_dependency_on_nothing_known_is_left_out() -> None:
    assert len(Network.from_plan(plan([task("A")], after("A>gone gone>A")), gates=True).successors.nodes) == 0


def test_of_two_tasks_with_one_id_the_first_counts() -> None:
    network = Network.from_plan(plan([task("A", 1), task("A", 5), task("B", 2)], after("A>B")), gates=False)
    assert (network.ids, list(network.durations)) == (("A", "B"), [HOUR, 2 * HOUR])


def test_a_second_task_with_the_same_id_does_not_turn_document_order_round() -> None:
    assert links(plan([task("A"), task("B"), task("A"), task("C")])) == {"A>B", "B>C"}


def test_durations_are_effort_divided_by_speed_rounded_up() -> None:
    """Tier 1 does 3,600 s in 3,600 / 7 = 514.29, so 515 s; the unassigned task goes to Tier 3 at half speed."""
    stated = plan([task("A", tier=1), task("B", tier=2), task("C")])
    network = Network.from_plan(stated, gates=False, speeds={1: 7.0, 3: 0.5})
    assert list(network.durations) == [515, HOUR, 2 * HOUR]


def test_a_missing_estimate_is_assumed_and_flagged() -> None:
    network = Network.from_plan(plan([task("A", None), task("B", 2)]), gates=False, default_effort=90)
    assert list(network.durations) == [90, 2 * HOUR]
    assert [activity.assumed for activity in network.activities] == [True, False]


def test_what_remains_of_a_done_task_is_nothing() -> None:
    stated = plan([task("A", 1, done=True), task("B", 2)], after("A>B"))
    assert list(Network.from_plan(stated, gates=False).durations) == [HOUR, 2 * HOUR]
    assert list(Network.from_plan(stated, gates=False, remaining=True).durations) == [0, 2 * HOUR]


def test_an_estimate_beyond_all_measure_is_refused() -> None:
    with pytest.raises(PlanInvalid, match="task A has an impossible duration"):
        Network.from_plan(plan([task("A", 10**12)]), gates=False)


def test_a_negative_duration_is_refused() -> None:
    with pytest.raises(PlanInvalid, match="task B"):
        Network.from_links("AB", [1, -1], [])


def test_links_are_kept_by_activity_on_both_sides() -> None:
    network = Network.from_links("ABC", [1, 1, 1], [Link(0, 2, 1, 5), Link(1, 2), Link(0, 1)])
    assert list(network.predecessors.of(2)) == [0, 1]
    assert list(network.successors.of(0)) == [1, 2]
    assert list(network.predecessors.lags) == [0, 5, 0]
    assert list(network.predecessors.kinds) == [0, 1, 0]


def test_the_named_cycle_is_a_short_one_and_starts_first_in_plan_order() -> None:
    """B → C → D → E → B has the short cut C → B; A leads into it and F out of it, and neither is on it."""
    network = Network.from_links("ABCDEF", [1] * 6, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 1), (2, 1), (4, 5)])
    assert find_cycle(network) == ["B", "C"]


def test_an_activity_that_waits_for_itself_is_a_cycle() -> None:
    assert find_cycle(Network.from_links("AB", [1, 1], [(1, 1)])) == ["B"]


def test_a_long_cycle_needs_no_recursion() -> None:
    size = 20_000
    network = Network.from_links(map(str, range(size)), [1] * size, [(i, (i + 1) % size) for i in range(size)])
    assert len(find_cycle(network)) == size


def test_reachability_follows_links_forward_only() -> None:
    network = Network.from_links("ABCD", [1] * 4, [(0, 1), (1, 2)])
    assert reachable(network, "A", "C")
    assert not reachable(network, "C", "A")
    assert not reachable(network, "A", "D")
    assert not reachable(network, "A", "A")
    with pytest.raises(UnknownName):
        reachable(network, "A", "Z")


def test_kinds_of_dependency_reach_the_network() -> None:
    kinds = tuple(Dependency("A", "B", kind, 10 * place) for place, kind in enumerate(DependencyKind))
    network = Network.from_plan(plan([task("A"), task("B")], kinds), gates=False)
    assert list(zip(network.successors.kinds, network.successors.lags, strict=True)) == [
        (0, 0),
        (1, 10),
        (2, 20),
        (3, 30),
    ]
