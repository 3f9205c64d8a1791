"""When things can happen: pure computation in integer working seconds, without a clock."""

from milepost.schedule.chains import (
    CriticalChains,
    MissedDeadline,
    critical_chains,
    driving_chain,
    missed_deadlines,
    near_critical,
)
from milepost.schedule.critical_path import CriticalPath, compute
from milepost.schedule.dependencies import ALL_ORIGINS, unite
from milepost.schedule.leveling import DEFAULT_CAPACITIES, LeveledSchedule, level, lower_bound
from milepost.schedule.network import DEFAULT_EFFORT, Activity, Link, Network, find_cycle, reachable

__all__ = [
    "ALL_ORIGINS",
    "DEFAULT_CAPACITIES",
    "DEFAULT_EFFORT",
    "Activity",
    "CriticalChains",
    "CriticalPath",
    "LeveledSchedule",
    "Link",
    "MissedDeadline",
    "Network",
    "compute",
    "critical_chains",
    "driving_chain",
    "find_cycle",
    "level",
    "lower_bound",
    "missed_deadlines",
    "near_critical",
    "reachable",
    "unite",
]
