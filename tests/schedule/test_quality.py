from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.schedule.critical_path import compute
from milepost.schedule.network import FF, FS, SS, Activity, Link, Network
from milepost.schedule.quality import AGENT, DCMA, BaselineStatus, Point, Subject, Thresholds, assess

HOUR = 3600
DAY = 8 * HOUR


def task(name: str, **known: object) -> Activity:
    return Activity(name, **{"tier": 2, **known})  # type: ignore[arg-type]


def points(
    tasks: Iterable[Activity],
    durations: Iterable[int],
    links: Iterable[Link] = (),
    deadlines: Mapping[str, int] | None = None,
    baseline: BaselineStatus | None = None,
    thresholds: Thresholds = AGENT,
) -> dict[int, Point]:
    path = compute(Network.from_links(list(tasks), list(durations), links), deadlines=deadlines)
    found = assess(Subject(path, deadlines or {}, baseline, thresholds))
    return {point.number: point for point in found}


CHAIN = [task("a"), task("b"), task("c")]
LINKS = [Link(0, 1), Link(1, 2)]


def test_a_sound_chain_passes_everything_that_can_be_told() -> None:
    """Three tasks of an hour in a row; without baseline or deadline points 11, 13 and 14 have nothing to go by."""
    found = points(CHAIN, [HOUR] * 3, LINKS)
    assert sorted(found) == list(range(1, 15))
    assert [number for number, point in found.items() if point.passed is None] == [11, 13, 14]
    assert all(point.passed for number, point in found.items() if number not in (11, 13, 14))


def test_logic_forgives_one_beginning_and_one_end() -> None:
    """d hangs on nothing and holds nothing: a second beginning. Of the ends the last in plan order is the natural one."""
    found = points([*CHAIN, task("d")], [HOUR] * 4, LINKS)[1]
    assert (found.figure, found.offenders) == (0.5, ("c", "d"))
    assert found.passed is False


def test_leads_lags_and_kinds_are_counted_by_link() -> None:
    """Of three links one has a lead, one a lag, and one does not go from finish to start."""
    links = [Link(0, 1, FS, -60), Link(1, 2, FS, 60), Link(0, 2, SS)]
    found = points(CHAIN, [HOUR] * 3, links)
    assert [found[number].offenders for number in (2, 3, 4)] == [("a → b",), ("b → c",), ("a → c",)]
    assert found[2].figure == pytest.approx(1 / 3)
    assert found[4].figure == pytest.approx(2 / 3)
    assert not any(found[number].passed for number in (2, 3, 4))


def test_links_of_checkpoints_are_nobody_s_choice() -> None:
    gate = Activity("gate", checkpoint=True)
    found = points([task("a"), task("b"), gate], [HOUR, HOUR, 0], [Link(0, 2, FF, 60), Link(2, 1, SS, 60)])
    assert found[3].figure == 0
    assert found[4].passed


def test_deadlines_are_hard_constraints() -> None:
    found = points([task("a", deadline="2026-12-24"), task("b", not_before="2026-12-01")], [HOUR] * 2)[5]
    assert found.offenders == ("a",)


def test_float_and_duration_beyond_the_threshold() -> None:
    """b takes 25 h, more than a working day; a has 24 h of float beside it, more than two working days."""
    found = points([task("a"), task("b")], [HOUR, 25 * HOUR])
    assert (found[6].offenders, found[8].offenders) == (("a",), ("b",))
    found = points([task("a"), task("b")], [HOUR, 25 * HOUR], thresholds=DCMA)
    assert (found[6].offenders, found[8].offenders) == ((), ())


def test_dcma_s_thresholds_are_44_working_days() -> None:
    assert (DCMA.high_float, DCMA.high_duration) == (44 * DAY, 44 * DAY)


def test_negative_float_and_the_length_index() -> None:
    """Three hours of work for a deadline after two: all lose one hour. (3 − 1) ÷ 3 = 0.67."""
    found = points(CHAIN, [HOUR] * 3, LINKS, {"c": 2 * HOUR})
    assert found[7].offenders == ("a", "b", "c")
    assert found[13].figure == pytest.approx(2 / 3)
    assert found[13].passed is False


def test_done_before_what_had_to_be_done_first() -> None:
    found = points([task("a"), task("b", done=True), task("c")], [HOUR] * 3, LINKS)[9]
    assert found.offenders == ("b",)


def test_due_before_it_may_begin() -> None:
    found = points([task("a", not_before="2026-12-24", deadline="2026-12-01")], [HOUR])[9]
    assert found.offenders == ("a",)


@pytest.mark.parametrize(
    ("begin", "end", "bad"),
    [
        ("2026-12-05 12:00", "2026-12-05", False),  # the day is not over at noon
        ("2026-12-05", "2026-12-05 09:00", False),
        ("2026-12-05 12:00", "2026-12-05 09:00", True),
        ("2026-12-06", "2026-12-05", True),
    ],
)
def test_days_are_over_at_their_end(begin: str, end: str, bad: bool) -> None:
    assert points([task("a", not_before=begin, deadline=end)], [HOUR])[9].passed is not bad


def test_a_task_needs_a_tier_and_an_estimate() -> None:
    found = points([task("a", tier=None), task("b", assumed=True), task("c")], [HOUR] * 3, LINKS)[10]
    assert found.offenders == ("a", "b")


def test_what_is_done_is_not_held_against_the_plan() -> None:
    assert points([task("a", tier=None, done=True), task("b")], [HOUR] * 2)[10].passed


def test_missed_tasks_and_the_execution_index() -> None:
    """By hour 2 the baseline wanted a and b done; c is done early, b is late: half missed, 2 done of 2 wanted."""
    baseline = BaselineStatus({"a": HOUR, "b": 2 * HOUR, "c": 3 * HOUR}, 3 * HOUR, 2 * HOUR)
    found = points([task("a", done=True), task("b"), task("c", done=True)], [HOUR] * 3, baseline=baseline)
    assert (found[11].figure, found[11].offenders) == (0.5, ("b",))
    assert (found[14].figure, found[14].passed) == (1.0, True)


def test_a_schedule_longer_than_its_baseline_eats_its_float() -> None:
    """Three hours where two were planned: (3 − 1) ÷ 3."""
    found = points(CHAIN, [HOUR] * 3, LINKS, baseline=BaselineStatus({}, 2 * HOUR, 0))[13]
    assert found.figure == pytest.approx(2 / 3)


def test_a_chain_of_starts_does_not_move_the_end() -> None:
    """b starts with a and takes longer: a is on the longest chain by its start alone, so its length is no matter."""
    found = points([task("a"), task("b")], [HOUR, 3 * HOUR], [Link(0, 1, SS)])[12]
    assert found.passed is False
    assert found.offenders == ("a",)


def test_an_empty_plan_has_no_faults() -> None:
    assert not [point for point in points([], []).values() if point.passed is False]


@given(st.lists(st.integers(0, 20), min_size=1, max_size=8), st.data())
def test_any_network_of_finishes_and_starts_passes_the_critical_path_test(
    times: list[int], data: st.DataObject
) -> None:
    pairs = [(before, after) for after in range(len(times)) for before in range(after)]
    chosen = data.draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    found = points([task(f"T{place}") for place in range(len(times))], times, [Link(*pair) for pair in chosen])
    assert found[12].passed
    assert all(0 <= point.figure <= 1 for point in found.values() if point.share and point.figure is not None)
