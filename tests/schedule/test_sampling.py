from __future__ import annotations

from math import sqrt
from statistics import fmean, pvariance

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.schedule.forecast_examples import ONE_TIER, constant, experiment, network

from milepost.schedule.distributions import ThreePoint
from milepost.schedule.forecast import simulate
from milepost.schedule.network import Link
from milepost.schedule.sampling import (
    ModelOptions,
    TierModel,
    bits,
    build_model,
    draw,
    hashed,
    keys,
    segments,
    tier_keys,
)

HOUR = 3600
WIDE = ThreePoint(1 * HOUR, 2 * HOUR, 6 * HOUR)
TIERS = {1: TierModel(1, 2.0, 100.0), 2: TierModel(2, 1.0, 50.0), 3: TierModel(4, 0.5, 10.0)}


def test_the_generator_is_splitmix64() -> None:
    """The first numbers of SplitMix64 from state 0, as published with its reference implementation."""
    assert bits(0, range(2)) == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4]


@given(st.integers(0, 2**64 - 1), st.integers(0, 10_000), st.integers(1, 50))
def test_a_number_depends_on_its_place_only(key: int, first: int, count: int) -> None:
    assert bits(key, range(first, first + count)) == bits(key, range(first + count))[first:]


def test_names_are_hashed_the_same_everywhere() -> None:
    """The first eight bytes of BLAKE2b with a digest of eight bytes, little-endian; pinned so that seeds keep."""
    assert hashed("1.1") == int.from_bytes(__import__("hashlib").blake2b(b"1.1", digest_size=8).digest(), "little")
    assert len({hashed(f"{phase}.{task}") for phase in range(100) for task in range(100)}) == 10_000


def test_seeds_do_not_merely_shift_the_samples() -> None:
    model = build_model(network({"a": WIDE}), {"a": WIDE}, ONE_TIER)
    seen = [set(bits(keys(model, seed)[0], range(1000))) for seed in range(20)]
    assert len(set.union(*seen)) == 20_000


def drawn(options: ModelOptions, count: int = 4000) -> list[list[float]]:
    net = network({"a": WIDE, "b": WIDE}, tiers={"a": 1, "b": 1})
    model = build_model(net, {"a": WIDE, "b": WIDE}, ONE_TIER, options)
    shared = bits(tier_keys(model, 7)[0], range(count))
    return [draw(model, here, keys(model, 7)[here], shared, range(count)) for here in range(2)]


def correlation(first: list[float], second: list[float]) -> float:
    mean = fmean(first), fmean(second)
    both = fmean((a - mean[0]) * (b - mean[1]) for a, b in zip(first, second, strict=True))
    return both / sqrt(pvariance(first) * pvariance(second))


@pytest.mark.parametrize("wanted", [0.0, 0.3, 0.7, 1.0])
def test_tasks_of_a_tier_are_correlated_as_asked(wanted: float) -> None:
    """The standard error of a correlation of 4,000 pairs is at most 1 ÷ √4000 = 0.016."""
    assert correlation(*drawn(ModelOptions(correlation=wanted))) == pytest.approx(wanted, abs=3 * 0.016)


def test_correlation_leaves_each_task_s_own_distribution_alone() -> None:
    """The mean is (1 + 8 + 6) / 6 = 2.5 h; PERT's deviation is about 5/6 h, that of 4,000 means 0.013 h."""
    for options in (ModelOptions(), ModelOptions(correlation=0.7)):
        for row in drawn(options):
            assert fmean(row) / HOUR == pytest.approx(2.5, abs=3 * 0.014)


def test_a_duration_within_the_limit_stays_on_its_tier() -> None:
    """Tier 3 at half speed turns 2 h of effort into 4 h; the limit is twice that."""
    model = build_model(network({"a": WIDE}, tiers={"a": 3}), {"a": WIDE}, TIERS)
    assert model.limit[0] == 8 * HOUR
    assert segments(model, 0, 8 * HOUR) == [(2, 8 * HOUR)]


def test_what_is_beyond_the_limit_goes_on_at_the_next_tier() -> None:
    """12 h at half speed are 6 h of effort. 8 h on tier 3 do 4 h of it, the other 2 h take tier 2 at speed 1 two hours."""
    model = build_model(network({"a": WIDE}, tiers={"a": 3}), {"a": WIDE}, TIERS)
    assert segments(model, 0, 12 * HOUR) == [(2, 8 * HOUR), (1, 2 * HOUR)]


def test_tier_by_tier_to_the_strongest_which_keeps_what_it_gets() -> None:
    """24 h at half speed are 12 h of effort: 4 on tier 3 (8 h), 4 on tier 2 (4 h), 4 on tier 1 at double speed (2 h)."""
    model = build_model(network({"a": WIDE}, tiers={"a": 3}), {"a": WIDE}, TIERS)
    assert segments(model, 0, 24 * HOUR) == [(2, 8 * HOUR), (1, 4 * HOUR), (0, 2 * HOUR)]
    assert segments(model, 0, 40 * HOUR) == [(2, 8 * HOUR), (1, 4 * HOUR), (0, 6 * HOUR)]


def test_escalation_costs_what_each_tier_costs() -> None:
    """A task that always takes 3 × its likely effort: 2 h at 10 and 1 h, on tier 2, at 50 an hour."""
    efforts = {"a": ThreePoint(3 * HOUR, 3 * HOUR, 3 * HOUR)}
    tiers = {2: TierModel(1, 1.0, 50.0), 3: TierModel(1, 1.0, 10.0)}
    given_ = experiment(network(efforts, tiers={"a": 3}), efforts, tiers)
    given_.model.limit[0] = 2 * HOUR
    found = simulate(given_, 1)
    assert (found.makespans[0], found.costs[0], found.escalated[0]) == (3 * HOUR, 2 * 10 + 1 * 50, 1)


def test_the_strongest_tier_and_a_plan_without_escalation_never_escalate() -> None:
    net = network({"a": WIDE}, tiers={"a": 1})
    assert build_model(net, {"a": WIDE}, TIERS).limit[0] == float("inf")
    net = network({"a": WIDE}, tiers={"a": 3})
    assert build_model(net, {"a": WIDE}, TIERS, ModelOptions(escalation=None)).limit[0] == float("inf")


@pytest.mark.parametrize("elapsed", [1 * HOUR, 3 * HOUR, 5.5 * HOUR])
def test_what_remains_of_a_running_task_is_what_its_longer_samples_leave(elapsed: float) -> None:
    """The mean of the remainder is the mean excess of the unconditional samples that outlive the elapsed time."""
    options = ModelOptions(elapsed={"a": elapsed}, escalation=None)
    found = simulate(experiment(network({"a": WIDE}), {"a": WIDE}, ONE_TIER, options), 4000)
    plain = simulate(experiment(network({"a": WIDE}), {"a": WIDE}), 40_000).makespans
    excess = [time - elapsed for time in plain if time > elapsed]
    error = sqrt(pvariance(excess) * (1 / 4000 + 1 / len(excess)))
    assert found.mean == pytest.approx(fmean(excess), abs=3 * error + 1)
    assert min(found.makespans) >= 1


def test_a_task_that_outlived_its_estimate_still_needs_time() -> None:
    """A tenth of its likely 2 h."""
    options = ModelOptions(elapsed={"a": 100 * HOUR})
    found = simulate(experiment(network({"a": WIDE}), {"a": WIDE}, ONE_TIER, options), 100)
    assert set(found.makespans) == {HOUR // 5}


def test_a_task_without_doubt_leaves_exactly_the_rest() -> None:
    options = ModelOptions(elapsed={"a": HOUR})
    found = simulate(experiment(network({"a": constant(3 * HOUR)}), {"a": constant(3 * HOUR)}, ONE_TIER, options), 10)
    assert set(found.makespans) == {2 * HOUR}


def test_an_altered_plan_meets_the_same_luck_everywhere_else() -> None:
    """Without b, which is not on the way from a to c, every sample is the same."""
    efforts = {"a": WIDE, "b": ThreePoint(1, 2, 3), "c": WIDE}
    whole = simulate(experiment(network(efforts, [Link(0, 1), Link(0, 2)]), efforts), 500)
    del efforts["b"]
    assert simulate(experiment(network(efforts, [Link(0, 1)]), efforts), 500).makespans == whole.makespans


def test_more_samples_continue_the_fewer_ones() -> None:
    given_ = experiment(network({"a": WIDE}), {"a": WIDE})
    assert simulate(given_, 2500).makespans[:100] == simulate(given_, 100).makespans
