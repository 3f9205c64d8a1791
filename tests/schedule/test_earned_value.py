from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.schedule.earned_value import (
    Achievement,
    PlannedTask,
    TaskProgress,
    earned_schedule,
    measure,
    measure_groups,
    planned_value,
    s_curve,
)

DAY = 8 * 3600

# The fence of Rita Mulcahy's PMP Exam Prep: four sides, one after the other, a day and $1,000 each. At the end of day
# three the first side is done for $1,200, the second for $1,000, the third half done for $600, the fourth not begun.
FENCE = [
    PlannedTask(f"side {side}", (side - 1) * DAY, side * DAY, 1000.0, side % 2, f"{side}") for side in (1, 2, 3, 4)
]
PROGRESS = {"side 1": TaskProgress(1, 1200), "side 2": TaskProgress(1, 1000), "side 3": TaskProgress(0.5, 600)}


def test_the_fence_of_the_textbook() -> None:
    """PV 3,000, EV 2,500, AC 2,800: CV −300, CPI 0.893, SV −500, SPI 0.833, EAC 4,480, ETC 1,680, VAC −480.

    The book rounds the CPI first and so prints 4,479, 1,679 and −479. TCPI = (4,000 − 2,500) ÷ (4,000 − 2,800) = 1.25.
    """
    found = measure(FENCE, PROGRESS, 3 * DAY)
    assert (found.budget_at_completion, found.planned_value, found.earned_value, found.actual_cost) == (
        4000,
        3000,
        2500,
        2800,
    )
    assert (found.cost_variance, found.schedule_variance) == (-300, -500)
    assert found.cpi == pytest.approx(0.893, abs=5e-4)
    assert found.spi == pytest.approx(0.833, abs=5e-4)
    assert found.estimate_at_completion == pytest.approx(4480)
    assert found.estimate_to_complete == pytest.approx(1680)
    assert found.variance_at_completion == pytest.approx(-480)
    assert found.tcpi == pytest.approx(1.25)


def test_the_fence_is_half_a_day_late() -> None:
    """2,500 were planned to be earned after two and a half days: SPI(t) = 2.5 ÷ 3, so four days become 4.8."""
    found = measure(FENCE, PROGRESS, 3 * DAY)
    assert found.earned_schedule == pytest.approx(2.5 * DAY)
    assert found.schedule_variance_time == pytest.approx(-0.5 * DAY)
    assert found.duration_at_completion == pytest.approx(4.8 * DAY)


def test_groups_have_figures_of_their_own() -> None:
    """Odd sides: 2,000 planned by day three, 1,500 earned for 1,800. Even sides: 1,000 planned, earned and paid."""
    found = measure_groups(FENCE, PROGRESS, 3 * DAY, lambda task: task.tier)
    assert [(one.planned_value, one.earned_value, one.actual_cost) for one in (found[1], found[0])] == [
        (2000, 1500, 1800),
        (1000, 1000, 1000),
    ]


def test_at_the_start_nothing_can_be_divided() -> None:
    found = measure(FENCE, {}, 0)
    assert (found.spi, found.cpi, found.estimate_at_completion, found.estimate_to_complete) == (None,) * 4
    assert (found.variance_at_completion, found.spi_time, found.duration_at_completion) == (None,) * 3
    assert found.tcpi == 1
    assert set(found.as_dict().values()) >= {None, 0}


def test_when_the_budget_is_spent_no_performance_can_save_it() -> None:
    assert measure(FENCE, {"side 1": TaskProgress(1, 4000)}, DAY).tcpi is None


def test_once_all_is_earned_earned_schedule_stands_still() -> None:
    """Where SPI ends at 1 however late the end was, SPI(t) keeps the delay: 4 days of work in 5 are 0.8."""
    done = {task.id: TaskProgress(1, 1000) for task in FENCE}
    found = measure(FENCE, done, 5 * DAY)
    assert found.spi == 1
    assert found.spi_time == pytest.approx(0.8)


def test_a_task_without_duration_earns_at_once() -> None:
    tasks = [PlannedTask("a", 10, 10, 5.0), PlannedTask("b", 10, 20, 5.0)]
    assert [planned_value(tasks, at) for at in (9, 10, 15, 20)] == [0, 5, 7.5, 10]
    assert earned_schedule(tasks, 7.5) == 15


def test_no_value_is_planned_in_a_pause() -> None:
    """Nothing happens from 10 to 20: what was planned by 10 is earned at 10, not at 20."""
    tasks = [PlannedTask("a", 0, 10, 1.0), PlannedTask("b", 20, 30, 1.0)]
    assert earned_schedule(tasks, 1.0) == 10
    assert earned_schedule(tasks, 1.5) == 25


def test_the_s_curve_holds_what_was_achieved_up_to_now() -> None:
    """Side 1 came at day 1 for 1,200, side 2 at day 2.5 for 1,000; at day 3 nothing more."""
    achievements = [Achievement(DAY, 1000, 1200), Achievement(2.5 * DAY, 1000, 1000)]
    curve = {point.seconds / DAY: point for point in s_curve(FENCE, achievements, 3 * DAY, points=8)}
    assert [curve[day].planned for day in (0, 1, 2, 3, 4)] == [0, 1000, 2000, 3000, 4000]
    assert [(curve[day].earned, curve[day].actual) for day in (0.5, 1, 2.5, 3)] == [
        (0, 0),
        (1000, 1200),
        (2000, 2200),
        (2000, 2200),
    ]
    assert (curve[3.5].earned, curve[3.5].actual) == (None, None)


tasks = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 20), st.integers(0, 100)).map(
        lambda row: PlannedTask("t", row[0], row[0] + row[1], float(row[2]))
    ),
    min_size=1,
    max_size=8,
)


@given(tasks, st.floats(0, 80))
def test_earned_schedule_is_planned_value_read_backwards(plan: list[PlannedTask], at: float) -> None:
    """At the earned schedule of what is planned by a time, that much is planned; and it is no later than the time."""
    value = planned_value(plan, at)
    found = earned_schedule(plan, value)
    assert found <= at + 1e-6
    assert planned_value(plan, found + 1e-6) >= value - 1e-3


@given(tasks)
def test_the_s_curve_never_falls_and_ends_with_the_budget(plan: list[PlannedTask]) -> None:
    planned = [point.planned for point in s_curve(plan)]
    assert all(one <= other + 1e-9 for one, other in pairwise(planned))
    assert planned[-1] == pytest.approx(sum(task.budget for task in plan))
