from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from milepost.schedule import Network, compute
from milepost.schedule.chains import critical_chains, driving_chain, missed_deadlines, near_critical


def test_every_longest_chain_is_given_once_in_plan_order() -> None:
    """A, then B or C (2 s each; D takes only 1 s), then E: two chains of 1 + 2 + 1 s."""
    network = Network.from_links("ABCDE", [1, 2, 2, 1, 1], [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)])
    found = critical_chains(compute(network))
    assert found.chains == (("A", "B", "E"), ("A", "C", "E"))
    assert found.total == 2


def test_a_dependency_beside_a_gate_makes_no_chain_of_its_own() -> None:
    """A → G → B with G taking no time, and A → B directly."""
    found = critical_chains(compute(Network.from_links("AGB", [1, 0, 1], [(0, 1), (1, 2), (0, 2)])))
    assert found.chains == (("A", "G", "B"),)


def test_many_chains_are_counted_but_not_all_listed() -> None:
    """Fifty diamonds in a row, each with two equal sides: 2 to the power of 50 chains."""
    size = 50
    links: list[tuple[int, int]] = []
    for here in range(0, 3 * size, 3):
        links += [(here, here + 1), (here, here + 2), (here + 1, here + 3), (here + 2, here + 3)]
    found = critical_chains(compute(Network.from_links(map(str, range(3 * size + 1)), [1] * (3 * size + 1), links)), 5)
    assert (len(found.chains), len(set(found.chains)), found.total) == (5, 5, 2**50)


def test_a_long_chain_is_listed_without_recursion() -> None:
    size = 5_000
    network = Network.from_links(map(str, range(size)), [1] * size, [(i, i + 1) for i in range(size - 1)])
    assert critical_chains(compute(network)).chains == (tuple(map(str, range(size))),)


def test_no_activities_no_chains() -> None:
    assert critical_chains(compute(Network.from_links([], [], []))).chains == ()


def test_near_critical_is_between_nothing_and_the_threshold() -> None:
    """Beside a task of 10 s, tasks of 9, 7, 8 and 5 s have 1, 3, 2 and 5 s of float."""
    found = compute(Network.from_links("ABCDE", [10, 9, 7, 8, 5], []))
    assert near_critical(found, 3) == ("B", "D", "C")
    assert near_critical(found, 0) == ()


def test_the_driving_chain_leads_to_an_activity_with_float() -> None:
    """C waits for A (1 s) and B (2 s): B drives it, although L (10 s) alone is critical."""
    found = compute(Network.from_links("ABCL", [1, 2, 3, 10], [(0, 2), (1, 2)]))
    assert driving_chain(found, "C") == ("B", "C")


def test_a_missed_deadline_names_its_chain_and_by_how_much() -> None:
    """B → C ends at 5: C due at 4 is 1 s late and B due at 0 is 2 s late; A due at 1 is kept."""
    network = Network.from_links("ABC", [1, 2, 3], [(0, 2), (1, 2)])
    deadlines = {"C": 4, "B": 0, "A": 1}
    found = compute(network, deadlines=deadlines)
    worst, other = missed_deadlines(found, deadlines)
    assert (worst.id, worst.late, worst.chain) == ("B", 2, ("B",))
    assert (other.id, other.finish, other.late, other.chain) == ("C", 5, 1, ("B", "C"))


def test_a_missed_deadline_tells_when_a_release_is_the_cause() -> None:
    """A is released at 6 and takes 1 s, so B (2 s) ends at 9: 1 s after its deadline."""
    network = Network.from_links("AB", [1, 2], [(0, 1)])
    (missed,) = missed_deadlines(compute(network, releases={"A": 6}), {"B": 8})
    assert (missed.chain, missed.begins, missed.late) == (("A", "B"), 6, 1)


@given(st.data())
def test_chains_agree_with_plain_enumeration(data: st.DataObject) -> None:
    """With positive durations and plain links a longest chain is a path whose durations add up to the makespan."""
    size = data.draw(st.integers(1, 7))
    durations = data.draw(st.lists(st.integers(1, 3), min_size=size, max_size=size))
    pairs = [(i, j) for i in range(size) for j in range(i + 1, size)]
    links = data.draw(st.sets(st.sampled_from(pairs))) if pairs else set()
    paths: list[tuple[int, ...]] = [(i,) for i in range(size)]
    for chain in paths:
        paths += [(*chain, then) for first, then in links if first == chain[-1]]
    longest = max(sum(durations[i] for i in chain) for chain in paths)
    expected = {chain for chain in paths if sum(durations[i] for i in chain) == longest}
    found = critical_chains(compute(Network.from_links(map(str, range(size)), durations, links)), 10_000)
    assert {tuple(map(int, chain)) for chain in found.chains} == expected
    assert found.total == len(expected)
    assert all(pair in links for chain in expected for pair in pairwise(chain))
