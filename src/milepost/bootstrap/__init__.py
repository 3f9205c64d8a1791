"""Settings turned into a working whole: the only place that picks adapters."""

from milepost.bootstrap.ledgers import (
    known_name,
    ledger_of,
    open_ledger,
    project_settings,
    relink_plan,
    run_folder,
    trace,
)
from milepost.bootstrap.optimizing import assignment_search, optimizing_leveler, solving_effort
from milepost.bootstrap.projects import Project, extracts, open_project, wall_clock

__all__ = [
    "Project",
    "assignment_search",
    "extracts",
    "known_name",
    "ledger_of",
    "open_ledger",
    "open_project",
    "optimizing_leveler",
    "project_settings",
    "relink_plan",
    "run_folder",
    "solving_effort",
    "trace",
    "wall_clock",
]
