from __future__ import annotations

from math import sqrt
from statistics import NormalDist, fmean, pstdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.schedule.forecast_examples import ONE_TIER, WEEK, constant, experiment, network, reliable

from milepost.errors import UsageError
from milepost.schedule.critical_path import compute
from milepost.schedule.distributions import Distribution, ThreePoint
from milepost.schedule.forecast import Histogram, histogram, nice_step, percentile, simulate
from milepost.schedule.leveling import level
from milepost.schedule.network import FF, FS, SF, SS, Activity, Link, Network
from milepost.schedule.sampling import ModelOptions, TierModel

HOUR = 3600
WIDE = ThreePoint(1 * HOUR, 2 * HOUR, 6 * HOUR)


def test_the_mean_critical_path_of_reliable_construction() -> None:
    """Hillier and Lieberman: A–B–C–E–F–J–L–N, 44 weeks, variance 9; 47 weeks are kept with probability 0.84."""
    net, efforts = reliable()
    path = compute(net)
    assert path.makespan == 44 * WEEK
    assert path.critical_path == tuple("ABCEFJLN")
    variance = sum(efforts[name].variance for name in path.critical_path) / WEEK**2
    assert variance == pytest.approx(9)
    assert NormalDist(44, sqrt(variance)).cdf(47) == pytest.approx(0.8413, abs=1e-4)


def test_the_simulation_sees_what_pert_leaves_out() -> None:
    """Where paths merge the later one counts, so the mean is above PERT's 44 weeks, and 44 weeks are kept less often
    than half the time. By its own beta distributions the path alone has the variance Σ (mean − low)(high − mean) ÷ 7.
    """
    net, efforts = reliable()
    found = simulate(experiment(net, efforts), 4000)
    path = [efforts[name] for name in "ABCEFJLN"]
    variance = sum((one.mean - one.low) * (one.high - one.mean) / 7 for one in path)
    assert found.mean > 44 * WEEK + 3 * sqrt(variance / 4000)
    assert found.probability(44 * WEEK) < 0.5 - 3 * sqrt(0.25 / 4000)
    assert found.criticality(net.number("A")) == 1.0
    assert found.criticality(net.number("J")) > found.criticality(net.number("H")) > 0.05


def test_a_chain_has_the_mean_and_the_deviation_of_its_sum() -> None:
    """Ten tasks: mean 10 × 2.5 h; beta variance (2.5 − 1)(6 − 2.5) ÷ 7 h² each. Errors of 2,500 samples, and one second
    of rounding.
    """
    efforts = {f"T{place}": WIDE for place in range(10)}
    found = simulate(experiment(network(efforts, [Link(place, place + 1) for place in range(9)]), efforts), 2500)
    deviation = sqrt(10 * 1.5 * 3.5 / 7) * HOUR
    assert found.mean == pytest.approx(25 * HOUR, abs=3 * deviation / sqrt(2500) + 1)
    assert found.deviation == pytest.approx(deviation, rel=3 / sqrt(2 * 2500))
    assert found.critical == type(found.critical)("q", [2500] * 10)
    assert found.means[3] == pytest.approx(2.5 * HOUR, rel=0.03)
    assert found.deviations[3] == pytest.approx(sqrt(1.5 * 3.5 / 7) * HOUR, rel=0.05)


def test_cruciality_is_the_correlation_with_the_makespan() -> None:
    """In a chain of a task with deviation 2s and one with s, they are 2/√5 and 1/√5; a task without spread has none."""
    efforts = {
        "a": ThreePoint(0, 4 * HOUR, 8 * HOUR),
        "b": ThreePoint(2 * HOUR, 4 * HOUR, 6 * HOUR),
        "c": constant(HOUR),
    }
    found = simulate(experiment(network(efforts, [Link(0, 1), Link(1, 2)]), efforts), 3000)
    assert found.cruciality == pytest.approx([2 / sqrt(5), 1 / sqrt(5), 0], abs=0.05)
    assert [found.sensitivity(here) for here in range(3)] == pytest.approx([2 / sqrt(5), 1 / sqrt(5), 0], abs=0.05)


def test_two_equal_parallel_tasks_are_critical_half_of_the_time_each() -> None:
    """1.96 standard errors of a share of 3,000 are 0.018; ties to the second count for both."""
    efforts = {"a": WIDE, "b": WIDE}
    found = simulate(experiment(network(efforts), efforts), 3000)
    assert found.criticality(0) == pytest.approx(0.5, abs=0.03)
    assert found.critical[0] + found.critical[1] >= 3000


@pytest.mark.parametrize("distribution", Distribution)
def test_every_distribution_keeps_between_its_ends(distribution: Distribution) -> None:
    """The lognormal is cut far beyond its three deviations; the median of all of them lies between 2 and 2.6 h."""
    found = simulate(experiment(network({"a": WIDE}), {"a": WIDE}, ONE_TIER, ModelOptions(distribution)), 2000)
    if distribution is not Distribution.LOGNORMAL:
        assert 1 * HOUR <= min(found.makespans) < max(found.makespans) <= 6 * HOUR
    assert 1.95 * HOUR < found.percentile(50) < 2.95 * HOUR


def test_percentiles_are_kept_by_their_share() -> None:
    """Of 1 to 10 the least that 80 % do not exceed is 8; the extremes are the ends."""
    values = list(range(1, 11))
    assert [percentile(values, at) for at in (0, 10, 50, 80, 81, 100)] == [1, 1, 5, 8, 9, 10]
    assert percentile([7], 50) == 7


def test_the_probability_of_a_deadline_is_the_share_that_keeps_it() -> None:
    efforts = {"a": constant(100)}
    found = simulate(experiment(network(efforts), efforts), 10)
    assert (found.probability(99), found.probability(100)) == (0.0, 1.0)


def test_a_histogram_counts_everything_once() -> None:
    """1 to 9 in at most four bins at multiples of their width: 3 are too many of 2 s, so 5 s. One value: one bin of 1 s."""
    assert histogram(range(1, 10), 4) == Histogram(0, 5, [4, 5])
    assert histogram([5, 5], 20) == Histogram(5, 1, [2])


@pytest.mark.parametrize(
    ("least", "step"), [(0.1, 1), (3, 5), (31, 60), (601, 900), (1801, 3600), (3601, 7200), (1e6, 3600 * 512)]
)
def test_steps_are_round(least: float, step: int) -> None:
    assert nice_step(least) == step


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1), st.integers(1, 40))
def test_a_histogram_has_no_more_bins_than_asked_for(values: list[int], bins: int) -> None:
    found = histogram(values, bins)
    assert len(found.counts) <= bins
    assert sum(found.counts) == len(values)
    assert found.counts[0]
    assert found.counts[-1]


def test_no_sample_is_no_forecast() -> None:
    with pytest.raises(UsageError, match="at least one sample"):
        simulate(experiment(network({"a": WIDE}), {"a": WIDE}), 0)


def test_a_plan_without_anything_is_over_at_once() -> None:
    found = simulate(experiment(network({}), {}), 3)
    assert (list(found.makespans), found.deviation) == ([0, 0, 0], 0)


def test_watched_activities_keep_their_finishes() -> None:
    efforts = {"a": WIDE, "b": constant(HOUR)}
    found = simulate(experiment(network(efforts, [Link(0, 1)]), efforts, watched=(0,)), 300)
    assert [finish + HOUR for finish in found.watched["a"]] == list(found.makespans)


def test_the_same_seed_gives_the_same_samples_and_another_one_others() -> None:
    given_ = experiment(network({"a": WIDE}), {"a": WIDE})
    first, again, other = (simulate(given_, 200, seed=seed).makespans for seed in (3, 3, 4))
    assert first == again != other


# Capacities

TWO_TIERS = {1: TierModel(1), 2: TierModel(2)}


def test_tasks_of_a_full_tier_wait_for_each_other() -> None:
    """One place, three independent tasks: they come one after the other, and all of them are critical."""
    efforts = {"a": WIDE, "b": WIDE, "c": WIDE}
    found = simulate(experiment(network(efforts), efforts, ONE_TIER, capacities=True), 1000)
    assert found.mean == pytest.approx(7.5 * HOUR, abs=3 * sqrt(3 * 0.75) * HOUR / sqrt(1000))
    assert list(found.critical) == [1000] * 3


def test_two_places_take_two_tasks_at_once() -> None:
    """Constant 3, 2 and 2 h on two places, longest first: 3 | 2 + 2."""
    efforts = {"a": constant(3 * HOUR), "b": constant(2 * HOUR), "c": constant(2 * HOUR)}
    tiers = {2: TierModel(2)}
    found = simulate(experiment(network(efforts), efforts, tiers, capacities=True), 2)
    assert found.makespans[0] == 4 * HOUR


def test_the_rest_of_an_escalated_task_waits_for_the_stronger_tier() -> None:
    """Tier 1 is busy with b until 5 h. a runs over its limit of 2 h on tier 2, waits, and takes 1 h there: 6 h.

    Critical are b, which held a back, and a; that b was what a waited for is seen through the place.
    """
    efforts = {"a": constant(3 * HOUR), "b": constant(5 * HOUR)}
    given_ = experiment(network(efforts, tiers={"a": 2, "b": 1}), efforts, TWO_TIERS, capacities=True)
    given_.order[:] = [1, 0]  # type: ignore[index]
    given_.model.limit[0] = 2 * HOUR
    found = simulate(given_, 1)
    assert found.makespans[0] == 6 * HOUR
    assert list(found.critical) == [1, 1]


durations = st.integers(0, 5)


@st.composite
def networks(draw: st.DrawFn, kinds: tuple[int, ...] = (FS, FS, FS, SS, FF, SF)) -> Network:
    """Up to eight tasks of two tiers with links forward and lags of up to two seconds."""
    count = draw(st.integers(1, 8))
    tiers = draw(st.lists(st.sampled_from([1, 2]), min_size=count, max_size=count))
    times = draw(st.lists(durations, min_size=count, max_size=count))
    pairs = [(before, after) for after in range(count) for before in range(after)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=10)) if pairs else []
    links = [Link(*pair, draw(st.sampled_from(kinds)), draw(st.integers(0, 2))) for pair in chosen]
    return Network.from_links([Activity(f"T{place}", tier=tier) for place, tier in enumerate(tiers)], times, links)


def certain(net: Network) -> dict[str, ThreePoint]:
    return {name: constant(time) for name, time in zip(net.ids, net.durations, strict=True)}


@given(networks())
@settings(deadline=None)
def test_without_doubt_the_forecast_is_the_critical_path(net: Network) -> None:
    path = compute(net)
    found = simulate(experiment(net, certain(net), TWO_TIERS), 2)
    assert list(found.makespans) == [path.makespan] * 2
    assert {here for here, count in enumerate(found.critical) if count} == set(path.longest_successors)


@given(networks((FS, SS)))
@settings(deadline=None)
def test_without_doubt_a_forecast_within_capacity_is_no_longer_than_the_schedule(net: Network) -> None:
    """And no shorter than what no schedule can undercut. Links to a finish may have a task placed before one that
    starts earlier, so that this does not hold for them.
    """
    leveled = level(compute(net), {1: 1, 2: 2})
    found = simulate(experiment(net, certain(net), TWO_TIERS, capacities=True), 1)
    assert leveled.lower_bound <= found.makespans[0] <= leveled.makespan


@given(networks(), st.integers(0, 5))
@settings(deadline=None, max_examples=30)
def test_what_is_not_critical_is_never_the_last(net: Network, seed: int) -> None:
    """Something critical ends last, in every sample: the counts of what could end last cover all samples."""
    efforts = {name: ThreePoint(time, 2 * time, 5 * time) for name, time in zip(net.ids, net.durations, strict=True)}
    for capacities in (False, True):
        found = simulate(experiment(net, efforts, TWO_TIERS, capacities=capacities), 20, seed=seed)
        assert sum(found.critical) >= 20
        assert fmean(found.makespans) == pytest.approx(found.mean)
        assert pstdev(found.makespans) == pytest.approx(found.deviation)
