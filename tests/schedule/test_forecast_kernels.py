"""The compiled kernels against plain Python, and both against numpy's own beta distribution."""

from __future__ import annotations

import random
from math import sqrt

import pytest
from tests.schedule.forecast_examples import ONE_TIER, experiment, network, reliable

from milepost.schedule.distributions import Distribution, ThreePoint
from milepost.schedule.forecast import Simulation, simulate
from milepost.schedule.network import Link, Network
from milepost.schedule.sampling import ModelOptions, TierModel
from milepost.schedule.simulation import Experiment

np = pytest.importorskip("numpy")
pytest.importorskip("numba")

HOUR = 3600
TIERS = {1: TierModel(1, 1.5, 100.0), 2: TierModel(3, 1.0, 50.0), 3: TierModel(4, 0.8, 20.0)}


def tangle(count: int, seed: int) -> tuple[Network, dict[str, ThreePoint]]:
    """Tasks of three tiers and wide estimates, tied by all four kinds of links with leads and lags."""
    chance = random.Random(seed)
    efforts = {}
    for place in range(count):
        low, more, most = chance.randint(600, 3000), chance.randint(0, 3000), chance.randint(0, 15_000)
        efforts[f"T{place}"] = ThreePoint(low, low + more, low + more + most)
    links = {
        Link(max(0, here - chance.randint(1, 9)), here, chance.randrange(4), chance.randint(-900, 900))
        for here in range(1, count)
        for _ in range(3)
    }
    return network(efforts, links, {name: 1 + place % 3 for place, name in enumerate(efforts)}), efforts


CASES = [
    ModelOptions(),
    ModelOptions(Distribution.TRIANGULAR, correlation=0.4),
    ModelOptions(Distribution.LOGNORMAL, escalation=1.3, elapsed={"T1": 2000.0, "T4": 3000.0, "T6": 1e9}),
]


def same(one: Simulation, other: Simulation) -> None:
    assert one.makespans == other.makespans
    assert one.costs == other.costs
    assert one.critical == other.critical
    assert one.escalated == other.escalated
    assert one.watched == other.watched


@pytest.mark.parametrize("capacities", [False, True])
@pytest.mark.parametrize("options", CASES)
def test_compiled_and_plain_give_the_same_samples(options: ModelOptions, capacities: bool) -> None:
    """1,100 samples: more than one chunk, and a rest that fills no row."""
    net, efforts = tangle(25, 3)
    given = experiment(net, efforts, TIERS, options, capacities=capacities, watched=(3, 24))
    plain, compiled = (simulate(given, 1100, seed=5, compiled=way) for way in (False, True))
    same(plain, compiled)
    assert sum(plain.escalated) > 0
    assert compiled.cruciality == pytest.approx(plain.cruciality, abs=1e-6)
    assert compiled.deviations == pytest.approx(plain.deviations, abs=1e-6)


@pytest.mark.parametrize("capacities", [False, True])
def test_threads_change_nothing_at_all(capacities: bool) -> None:
    net, efforts = tangle(40, 8)
    given = experiment(net, efforts, TIERS, capacities=capacities, watched=(39,))
    one, two = (simulate(given, 5000, compiled=True, threads=threads) for threads in (1, 2))
    same(one, two)
    assert (one.cruciality, one.deviations, one.means) == (two.cruciality, two.deviations, two.means)


def test_times_beyond_31_bits_are_exact() -> None:
    """Two tasks of about 10⁹ and 2 × 10⁹ seconds in a row: the sum needs 64 bits."""
    efforts = {"a": ThreePoint(9e8, 1e9, 2e9), "b": ThreePoint(1e9, 2e9, 3e9)}
    given = experiment(network(efforts, [Link(0, 1)]), efforts)
    plain, compiled = (simulate(given, 64, compiled=way) for way in (False, True))
    same(plain, compiled)
    assert max(compiled.makespans) > 2**31


def reference(net: Network, efforts: dict[str, ThreePoint], samples: int) -> object:
    """Makespans drawn by numpy: its own generator and beta distribution, one sample a column."""
    generator = np.random.default_rng(20_261)
    finish = np.zeros((len(net), samples))
    for here in net.order:
        one = efforts[net.ids[here]]
        wide = one.high - one.low
        mode = (one.likely - one.low) / wide if wide else 0.5
        drawn = one.low + wide * generator.beta(1 + 4 * mode, 5 - 4 * mode, samples)
        start = (
            np.max([finish[before] for before in net.predecessors.of(here)], axis=0) if net.predecessors.of(here) else 0
        )
        finish[here] = start + drawn
    return finish.max(axis=0)


def ladder(count: int) -> tuple[Network, dict[str, ThreePoint]]:
    """Finish-to-start links only, estimates of many shapes."""
    chance = random.Random(4)
    efforts = {f"T{place}": ThreePoint(1 * HOUR, chance.uniform(1, 5) * HOUR, 6 * HOUR) for place in range(count)}
    links = {Link(max(0, here - chance.randint(1, 6)), here) for here in range(1, count) for _ in range(2)}
    return network(efforts, links), efforts


@pytest.mark.parametrize("made", [reliable(), ladder(150)], ids=["textbook", "150 tasks"])
def test_percentiles_are_those_of_an_independent_reference(made: tuple[Network, dict[str, ThreePoint]]) -> None:
    """Within three standard errors, √(p (1 − p) / n) ÷ density, of both samples together; one second of rounding.

    The density at a percentile is measured from the reference's percentiles two points to either side.
    """
    given: Experiment = experiment(*made, ONE_TIER)
    count, reference_count = 10_000, 100_000
    found = simulate(given, count, seed=1)
    expected = reference(*made, reference_count)
    for percent in (10, 50, 80, 95):
        share = percent / 100
        low, middle, high = np.percentile(expected, [percent - 2, percent, percent + 2])
        error = sqrt(share * (1 - share) * (1 / count + 1 / reference_count)) * (high - low) / 0.04
        assert abs(found.percentile(percent) - middle) < 3 * error + 1
