from __future__ import annotations

import random
from math import exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.schedule.calibration import Actual, calibrate, p80
from milepost.schedule.sampling import Spread

# ln(high ÷ low) = 6 × 0.2: the prior deviation of the logarithm is 0.2.
PRIOR = Spread(exp(-0.6), exp(0.6))


def finished(ratios: list[float]) -> list[Actual]:
    return [Actual(2, 3600, 3600 * ratio) for ratio in ratios]


def test_one_task_by_hand() -> None:
    """x̄ = ln 2, n = 1, κ₀ = ν₀ = 5: μ = ln 2 ÷ 6; σ² = (5 × 0.04 + 0 + 5/6 × ln² 2) ÷ 6, the next one's × (1 + 1/6)."""
    found = calibrate(finished([2.0]), {2: PRIOR})[2]
    assert found.bias == pytest.approx(2 ** (1 / 6))
    variance = (0.2 + 5 / 6 * log(2) ** 2) / 6
    assert found.deviation == pytest.approx(sqrt(variance * 7 / 6))
    assert found.spread.likely == found.bias
    assert found.spread.high / found.spread.low == pytest.approx(exp(6 * found.deviation))


def test_many_tasks_speak_for_themselves() -> None:
    """Two thousand ratios around 1.5 with deviation 0.3: the prior's five tasks no longer count."""
    chance = random.Random(1)
    found = calibrate(finished([1.5 * exp(chance.gauss(0, 0.3)) for _ in range(2000)]), {2: PRIOR})[2]
    assert found.bias == pytest.approx(1.5, rel=0.02)
    assert found.deviation == pytest.approx(0.3, rel=0.05)


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=20))
def test_the_bias_lies_between_none_and_the_mean(ratios: list[float]) -> None:
    found = calibrate(finished(ratios), {2: PRIOR})[2]
    mean = exp(sum(map(log, ratios)) / len(ratios))
    low, high = sorted((1.0, mean))
    assert low - 1e-9 <= found.bias <= high + 1e-9
    assert found.spread.low <= found.spread.likely <= found.spread.high


def test_perfect_estimates_narrow_the_spread() -> None:
    narrow = calibrate(finished([1.0] * 50), {2: PRIOR})[2].spread
    assert PRIOR.low < narrow.low < 1 < narrow.high < PRIOR.high


def test_the_share_that_kept_its_p80() -> None:
    """Eight of ten are far below, two far above. Wilson's interval of 8 in 10 is 0.49 to 0.94."""
    found = calibrate(finished([0.5] * 8 + [5.0] * 2), {2: PRIOR})[2]
    assert found.kept == 0.8
    assert found.kept_low == pytest.approx(0.490, abs=1e-3)
    assert found.kept_high == pytest.approx(0.943, abs=1e-3)


def test_the_p80_of_a_spread() -> None:
    """With the mode at the low end the beta's quantile is 1 − (1 − 0.8)^(1/5) = 0.2752 of the range."""
    assert p80(Spread(1.0, 2.0)) == pytest.approx(1.2752, abs=1e-3)
    assert p80(Spread(1.0, 1.0)) == 1.0


def test_other_tiers_and_tasks_without_time_are_left_out() -> None:
    assert calibrate([Actual(7, 1, 1), Actual(2, 0, 1), Actual(2, 1, 0)], {2: PRIOR}) == {}


@pytest.mark.parametrize(("actual", "counted"), [(0.2, 3600.0), (10**9, 360_000.0)])
def test_a_ratio_beyond_tenfold_counts_as_tenfold(actual: float, counted: float) -> None:
    """Ten hours ticked after a fifth of a second, or after thirty years, are one hour, or a hundred."""
    known = {3: Spread(0.7, 2.5)}
    [found], [expected] = (calibrate([Actual(3, 36_000, one)], known).values() for one in (actual, counted))
    assert (found.bias, found.deviation) == pytest.approx((expected.bias, expected.deviation))
