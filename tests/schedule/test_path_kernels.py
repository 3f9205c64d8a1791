"""The compiled critical path against the one in plain Python, in whatever order activities and links come."""

from __future__ import annotations

import sys
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.errors import PlanInvalid
from milepost.schedule import Link, Network, critical_path
from milepost.schedule.critical_path import CriticalPath, compute
from milepost.schedule.network import FS

np = pytest.importorskip("numpy")
pytest.importorskip("numba")

from milepost.schedule import path_kernels  # noqa: E402

FIELDS = ("early_start", "early_finish", "late_start", "late_finish", "total_float", "free_float", "makespan")


@st.composite
def cases(draw: st.DrawFn) -> tuple[Network, dict[str, int], dict[str, int]]:
    """Networks with links of all kinds or of the usual one, numbered in plan order or not, with dates to keep."""
    chance = Random(draw(st.integers(0, 10**6)))
    size = draw(st.integers(0, 40))
    usual, numbers = draw(st.booleans()), list(range(size))
    if draw(st.booleans()):
        chance.shuffle(numbers)
    links = [
        Link(
            numbers[chance.randrange(place)],
            numbers[place],
            FS if usual else chance.randrange(4),
            0 if usual else chance.randint(-9, 9),
        )
        for place in range(1, size)
        for _ in range(draw(st.integers(0, 3)))
    ]
    names = [str(number) for number in range(size)]
    network = Network.from_links(names, [chance.randint(0, 20) for _ in names], links)
    releases = {name: chance.randint(-5, 60) for name in names if chance.random() < draw(st.sampled_from([0, 0.2]))}
    deadlines = {name: chance.randint(-5, 60) for name in names if chance.random() < draw(st.sampled_from([0, 0.2]))}
    return network, releases, deadlines


def plain_and_compiled(
    network: Network, releases: dict[str, int], deadlines: dict[str, int]
) -> tuple[CriticalPath, CriticalPath]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(critical_path, "COMPILED_FROM", sys.maxsize)
        plain = compute(network, releases=releases, deadlines=deadlines)
        patch.setattr(critical_path, "COMPILED_FROM", 0)
        patch.setattr(critical_path, "_plain_passes", None)
        return plain, compute(network, releases=releases, deadlines=deadlines)


@given(cases())
def test_compiled_and_plain_agree(case: tuple[Network, dict[str, int], dict[str, int]]) -> None:
    plain, compiled = plain_and_compiled(*case)
    for name in FIELDS:
        assert getattr(compiled, name) == getattr(plain, name), name
    assert compiled.critical_path == plain.critical_path
    assert compiled.driving_predecessors == plain.driving_predecessors


@given(cases(), st.randoms(use_true_random=False))
def test_links_may_come_in_any_order(case: tuple[Network, dict[str, int], dict[str, int]], chance: Random) -> None:
    """The same from bare arrays whose links are shuffled; ``driving`` follows the order given."""
    network = case[0]
    links = [
        Link(before, here, kind, lag)
        for here in range(len(network))
        for before, kind, lag in zip(
            network.predecessors.of(here),
            *(
                values[network.predecessors.starts[here] : network.predecessors.starts[here + 1]]
                for values in (network.predecessors.kinds, network.predecessors.lags)
            ),
            strict=True,
        )
    ]
    chance.shuffle(links)
    before, after, kinds, lags = (np.array([link[part] for link in links], dtype=np.int32) for part in range(4))
    found = path_kernels.dates(np.array(network.durations), before, after, kinds=kinds, lags=lags)
    expected = compute(network)
    assert found is not None
    for name in FIELDS[:-1]:
        assert getattr(found, name).tolist() == getattr(expected, name), name
    drivers: list[list[int]] = [[] for _ in range(len(network))]
    for link, drives in zip(links, found.driving, strict=True):
        if drives:
            drivers[link.successor].append(link.predecessor)
    assert [sorted(row) for row in drivers] == [sorted(row) for row in expected.driving_predecessors]


def test_a_cycle_is_named_by_the_compiled_way_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(critical_path, "COMPILED_FROM", 0)
    with pytest.raises(PlanInvalid, match="cycle: B → C → B"):
        compute(Network.from_links("ABCD", [1, 1, 1, 1], [(0, 1), (1, 2), (2, 1), (2, 3)]))


def test_a_chain_numbered_backwards_needs_no_recursion() -> None:
    """300,000 activities of 2, each waiting for the next number: the first in time is the last in number."""
    size = 300_000
    before, after = np.arange(1, size), np.arange(size - 1)
    found = path_kernels.dates(np.full(size, 2), before, after)
    assert found is not None
    assert found.makespan == 2 * size
    assert found.early_start[0] == 2 * (size - 1)
    assert not found.total_float.any()
    assert found.driving.all()


@pytest.mark.parametrize("pair", [(-1, 0), (0, 2), (2, 0), (0, -1)])
def test_a_link_of_nothing_is_refused(pair: tuple[int, int]) -> None:
    with pytest.raises(PlanInvalid, match="numbered from 0 to 1"):
        path_kernels.dates(np.array([1, 1]), np.array(pair[:1]), np.array(pair[1:]))


def test_arrays_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(PlanInvalid, match="same lengths"):
        path_kernels.dates(np.array([1, 1]), np.array([0]), np.array([1]), lags=np.array([1, 2]))
