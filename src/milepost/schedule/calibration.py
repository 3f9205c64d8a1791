"""Learning from finished tasks how far estimates hold: each tier's spread, updated by shrinkage.

The logarithm x = ln(actual ÷ estimate) of a tier's tasks is taken as normal with unknown mean and variance under the
conjugate prior (Gelman et al., Bayesian Data Analysis, 3rd edition, section 3.3). With n tasks of mean x̄ and
variance s², a prior mean 0 worth κ₀ tasks and a prior variance σ₀² worth ν₀ tasks::

    μ  = n x̄ ÷ (κ₀ + n)
    σ² = (ν₀ σ₀² + (n − 1) s² + κ₀ n ÷ (κ₀ + n) · x̄²) ÷ (ν₀ + n)

The next task's logarithm has mean μ and variance σ² (1 + 1 ÷ (κ₀ + n)). So few tasks move a tier little, and many
let its record speak for itself. A ratio beyond tenfold counts as tenfold: a box that was ticked at once, or a week
later, says when it was ticked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import fmean

from milepost.schedule.distributions import STEPS, Distribution, ThreePoint, fit, quantile_table
from milepost.schedule.sampling import Spread

MEAN_WEIGHT = 5.0
"""κ₀: the prior mean counts like this many tasks."""

VARIANCE_WEIGHT = 5.0
"""ν₀: the prior variance counts like this many tasks."""

_DEVIATIONS = 3.0
_TENFOLD = log(10)
_Z = 1.96


@dataclass(frozen=True, slots=True)
class Actual:
    """A finished task: its tier, and its estimated and actual duration there in seconds, both above 0."""

    tier: int
    estimate: float
    actual: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a tier's finished tasks say.

    ``bias`` is the median factor on its estimates and ``deviation`` the standard deviation of its logarithm, both
    after shrinkage; ``spread`` is what follows for the next estimate. ``kept`` is the share of tasks that took no
    longer than the P80 of the spread known before, which should be 80 %, with its 95 % interval (Wilson, 1927).
    """

    tasks: int
    bias: float
    deviation: float
    spread: Spread
    kept: float
    kept_low: float
    kept_high: float


def calibrate(actuals: Iterable[Actual], spreads: Mapping[int, Spread]) -> dict[int, Calibration]:
    """Update the spreads of the tiers that have finished tasks; tasks of other tiers or without time are left out."""
    tiers: dict[int, list[Actual]] = {}
    for one in actuals:
        if one.tier in spreads and one.estimate > 0 and one.actual > 0:
            tiers.setdefault(one.tier, []).append(one)
    return {tier: _calibrated(found, spreads[tier]) for tier, found in sorted(tiers.items())}


def _calibrated(actuals: list[Actual], prior: Spread) -> Calibration:
    count = len(actuals)
    logarithms = [max(-_TENFOLD, min(log(one.actual / one.estimate), _TENFOLD)) for one in actuals]
    mean = fmean(logarithms)
    squares = sum((value - mean) ** 2 for value in logarithms)
    weight = MEAN_WEIGHT + count
    centre = count * mean / weight
    variance = (
        VARIANCE_WEIGHT * _prior_deviation(prior) ** 2 + squares + MEAN_WEIGHT * count / weight * mean * mean
    ) / (VARIANCE_WEIGHT + count)
    deviation = sqrt(variance * (1 + 1 / weight))
    limit = p80(prior)
    kept = sum(one.actual <= one.estimate * limit for one in actuals)
    return Calibration(count, exp(centre), deviation, _spread(centre, deviation), kept / count, *_wilson(kept, count))


def _prior_deviation(spread: Spread) -> float:
    """Low and high are taken as three standard deviations on either side, as in PERT."""
    return log(spread.high / spread.low) / (2 * _DEVIATIONS)


def _spread(centre: float, deviation: float) -> Spread:
    return Spread(exp(centre - _DEVIATIONS * deviation), exp(centre + _DEVIATIONS * deviation), exp(centre))


def p80(spread: Spread) -> float:
    """The multiple of an estimate that PERT's beta with this spread stays within in 80 % of cases."""
    found = fit(ThreePoint(spread.low, spread.likely, spread.high), Distribution.PERT)
    if not found.scale:
        return found.offset
    return found.offset + found.scale * quantile_table(Distribution.PERT, found.shape)[round(0.8 * STEPS)]


def _wilson(kept: int, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    share, square = kept / count, _Z * _Z
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = _Z * sqrt(share * (1 - share) / count + square / (4 * count * count)) / (1 + square / count)
    return max(middle - half, 0.0), min(middle + half, 1.0)
