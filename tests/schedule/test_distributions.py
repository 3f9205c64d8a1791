from __future__ import annotations

from itertools import pairwise
from math import exp, nan
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.errors import PlanInvalid
from milepost.schedule.distributions import (
    STEPS,
    Distribution,
    QuantileTables,
    ThreePoint,
    cumulative,
    fit,
    quantile_table,
)

modes = pytest.mark.parametrize("mode", [0.0, 0.1, 0.25, 0.5, 0.8, 1.0])


def moments(table: tuple[float, ...]) -> tuple[float, float]:
    """Mean and variance of what is drawn from a table: uniform between neighbouring points."""
    cells = list(pairwise(table))
    mean = fmean((low + high) / 2 for low, high in cells)
    return mean, fmean((low * low + low * high + high * high) / 3 for low, high in cells) - mean * mean


@modes
def test_the_beta_of_pert_has_its_mean_and_variance(mode: float) -> None:
    """Beta(a, b) with a = 1 + 4 mode and a + b = 6 has mean a / 6 and variance a b / (36 × 7)."""
    a = 1 + 4 * mode
    mean, variance = moments(quantile_table(Distribution.PERT, mode))
    assert mean == pytest.approx(a / 6, abs=1e-4)
    assert variance == pytest.approx(a * (6 - a) / 252, rel=0.003)


def test_beta_quantiles_that_are_known_in_closed_form() -> None:
    """With the mode at 0 the distribution function is 1 − (1 − x)⁵, so that x = 1 − (1 − u)^(1/5)."""
    table = quantile_table(Distribution.PERT, 0.0)
    assert all(value == pytest.approx(1 - (1 - step / STEPS) ** 0.2, abs=5e-6) for step, value in enumerate(table))


@modes
def test_the_triangle_has_its_mean_and_variance(mode: float) -> None:
    """On 0 to 1 they are (1 + c) / 3 and (1 − c + c²) / 18."""
    mean, variance = moments(quantile_table(Distribution.TRIANGULAR, mode))
    assert mean == pytest.approx((1 + mode) / 3, abs=1e-4)
    assert variance == pytest.approx((1 - mode + mode * mode) / 18, rel=0.002)


def test_the_lognormal_has_the_likely_value_as_its_median_and_its_ends_at_three_deviations() -> None:
    """From 1 h to 4 h around 2 h: ln 4 is six deviations. 84.13 % of values lie below one deviation more."""
    found = fit(ThreePoint(1, 2, 4), Distribution.LOGNORMAL)
    table = quantile_table(Distribution.LOGNORMAL, found.shape)
    assert found.scale * table[STEPS // 2] == pytest.approx(2)
    assert exp(6 * found.shape) == pytest.approx(4)
    assert table[round(0.8413 * STEPS)] == pytest.approx(exp(found.shape), rel=1e-3)
    assert moments(table)[0] == pytest.approx(exp(found.shape**2 / 2), rel=1e-3)


def test_a_lognormal_from_nothing_reaches_as_far_below_as_above() -> None:
    """0 cannot be reached; 2 × 2 ÷ 8 = 0.5 stands in, so that ln(8 ÷ 0.5) = ln 16 is six deviations."""
    assert exp(6 * fit(ThreePoint(0, 2, 8), Distribution.LOGNORMAL).shape) == pytest.approx(16)


@pytest.mark.parametrize("distribution", Distribution)
def test_an_estimate_without_doubt_has_no_spread(distribution: Distribution) -> None:
    assert fit(ThreePoint(5, 5, 5), distribution) == fit(ThreePoint(5, 5, 5), Distribution.PERT)
    assert fit(ThreePoint(5, 5, 5), distribution).scale == 0


@pytest.mark.parametrize("values", [(2, 1, 3), (1, 3, 2), (-1, 1, 2), (nan, 1, 2), (1, nan, 2), (1, 2, float("inf"))])
def test_values_that_are_no_estimate(values: tuple[float, float, float]) -> None:
    with pytest.raises(PlanInvalid, match="no estimate"):
        ThreePoint(*values)


def test_pert_s_own_formulas() -> None:
    """(2 + 4 × 3.5 + 8) / 6 = 4 and ((8 − 2) / 6)² = 1."""
    assert (ThreePoint(2, 3.5, 8).mean, ThreePoint(2, 3.5, 8).variance) == (4, 1)


@given(st.sampled_from(list(Distribution)), st.floats(0, 1))
def test_tables_rise(distribution: Distribution, shape: float) -> None:
    table = quantile_table(distribution, shape)
    assert len(table) == STEPS + 1
    assert all(low <= high for low, high in pairwise(table))


@given(st.floats(0, 1), st.floats(0.001, 0.999))
def test_the_distribution_function_is_the_table_read_backwards(mode: float, level: float) -> None:
    tables = QuantileTables(Distribution.PERT, [mode])
    place = level * STEPS
    step = int(place)
    value = tables.values[step] + (place - step) * (tables.values[step + 1] - tables.values[step])
    assert cumulative(tables.values, 0, value) == pytest.approx(level, abs=1e-6)


def test_few_shapes_are_met_exactly_and_many_are_rounded_to_a_grid() -> None:
    """64 shapes: 64 tables. 200 shapes between 0 and 0.199 on a grid of 1/128: from 0 to 25/128, 26 tables."""
    assert len(QuantileTables(Distribution.PERT, [place / 1000 for place in range(64)]).values) == 64 * (STEPS + 1)
    many = QuantileTables(Distribution.PERT, [place / 1000 for place in range(200)])
    assert len(many.values) == 26 * (STEPS + 1)
    assert many.start(0.001) == many.start(0.0)
