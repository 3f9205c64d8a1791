"""When things can happen: pure computation in integer working seconds, without a clock."""

from milepost.schedule.critical_path import CriticalPath, compute
from milepost.schedule.dependencies import ALL_ORIGINS, unite
from milepost.schedule.leveling import DEFAULT_CAPACITIES, LeveledSchedule, level, lower_bound
from milepost.schedule.network import DEFAULT_EFFORT, Activity, Link, Network, find_cycle, reachable

__all__ = [
    "ALL_ORIGINS",
    "DEFAULT_CAPACITIES",
    "DEFAULT_EFFORT",
    "Activity",
    "CriticalPath",
    "LeveledSchedule",
    "Link",
    "Network",
    "compute",
    "find_cycle",
    "level",
    "lower_bound",
    "reachable",
    "unite",
]
