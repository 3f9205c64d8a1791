"""Networks for the tests of forecasts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from milepost.schedule.critical_path import compute
from milepost.schedule.distributions import ThreePoint
from milepost.schedule.leveling import level
from milepost.schedule.network import Activity, Link, Network
from milepost.schedule.sampling import ModelOptions, TierModel, build_model
from milepost.schedule.simulation import Experiment, activity_list

WEEK = 40 * 3600

# Reliable Construction Co., from Hillier and Lieberman, Introduction to Operations Research, chapter on project
# management with PERT/CPM: predecessors, and optimistic, most likely and pessimistic durations in weeks.
RELIABLE: Mapping[str, tuple[str, float, float, float]] = {
    "A": ("", 1, 2, 3),
    "B": ("A", 2, 3.5, 8),
    "C": ("B", 6, 9, 18),
    "D": ("C", 4, 5.5, 10),
    "E": ("C", 1, 4.5, 5),
    "F": ("E", 4, 4, 10),
    "G": ("D", 5, 6.5, 11),
    "H": ("EG", 5, 8, 17),
    "I": ("C", 3, 7.5, 9),
    "J": ("FI", 3, 9, 9),
    "K": ("J", 4, 4, 4),
    "L": ("J", 1, 5.5, 7),
    "M": ("H", 1, 2, 3),
    "N": ("KL", 5, 5.5, 9),
}

ONE_TIER = {1: TierModel(1)}


def reliable() -> tuple[Network, dict[str, ThreePoint]]:
    """The textbook's network with its mean durations, and its three-point estimates, in working seconds."""
    efforts = {
        name: ThreePoint(low * WEEK, likely * WEEK, high * WEEK) for name, (_, low, likely, high) in RELIABLE.items()
    }
    names = list(RELIABLE)
    links = [(names.index(before), names.index(name)) for name, row in RELIABLE.items() for before in row[0]]
    return Network.from_links(names, [round(effort.mean) for effort in efforts.values()], links), efforts


def network(
    efforts: Mapping[str, ThreePoint], links: Iterable[Link] = (), tiers: Mapping[str, int] | None = None
) -> Network:
    """A network of activities with likely durations."""
    activities = [Activity(name, tier=(tiers or {}).get(name)) for name in efforts]
    return Network.from_links(activities, [round(effort.likely) for effort in efforts.values()], links)


def experiment(
    net: Network,
    efforts: Mapping[str, ThreePoint],
    tiers: Mapping[int, TierModel] = ONE_TIER,
    options: ModelOptions | None = None,
    *,
    capacities: bool = False,
    watched: tuple[int, ...] = (),
) -> Experiment:
    """Something to simulate, placed in the order of the leveled schedule when capacities count."""
    order = net.order
    if capacities:
        order = activity_list(net, level(compute(net), {rank: tier.capacity for rank, tier in tiers.items()}).start)
    return Experiment(net, build_model(net, efforts, tiers, options), [0] * len(net), order, capacities, watched)


def constant(seconds: float) -> ThreePoint:
    """An estimate without doubt."""
    return ThreePoint(seconds, seconds, seconds)
