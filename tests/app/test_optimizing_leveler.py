"""Levelling in three layers, with whatever extras are installed here."""

from __future__ import annotations

from itertools import pairwise

import pytest

from milepost.bootstrap import optimizing_leveler
from milepost.schedule.critical_path import compute
from milepost.schedule.leveling import level
from milepost.schedule.network import Activity, Link, Network

# On one worker, what is long and late (B, then D) competes with what is short (A, C): rules of thumb go wrong here.
HOURS = {"A": 3, "B": 4, "C": 2, "D": 5, "E": 3, "F": 6, "G": 2, "H": 4}
LINKS = [("A", "D"), ("A", "E"), ("B", "F"), ("C", "G"), ("D", "H"), ("E", "H")]
TIERS = {"A": 1, "B": 2, "C": 1, "D": 2, "E": 1, "F": 1, "G": 2, "H": 1}


@pytest.fixture
def network() -> Network:
    names = list(HOURS)
    activities = [Activity(name, tier=TIERS[name]) for name in names]
    links = [Link(names.index(one), names.index(other)) for one, other in LINKS]
    return Network.from_links(activities, [HOURS[name] * 3600 for name in names], links)


def test_the_optimizer_is_never_worse_than_the_rules_and_keeps_every_constraint(network: Network) -> None:
    path, capacities = compute(network), {1: 1, 2: 1}
    told: list[str] = []
    rules, best = level(path, capacities), optimizing_leveler(2.0, told.append)(path, capacities)
    assert rules.lower_bound <= best.lower_bound <= best.makespan <= rules.makespan
    for one, other in LINKS:
        assert best.finish[network.number(one)] <= best.start[network.number(other)]
    for rank in (1, 2):
        turns = sorted((best.start[n], best.finish[n]) for n, name in enumerate(HOURS) if TIERS[name] == rank)
        assert all(before[1] <= after[0] for before, after in pairwise(turns))


def test_what_cannot_be_shorter_is_not_searched(network: Network) -> None:
    told: list[str] = []
    path, capacities = compute(network), {1: 8, 2: 8}
    assert optimizing_leveler(60.0, told.append)(path, capacities) == level(path, capacities)
    assert told == []
