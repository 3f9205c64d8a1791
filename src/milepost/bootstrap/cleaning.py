"""What runs left in a project's repository, and which of its runs are not over."""

from __future__ import annotations

from milepost.adapters.git_cleaning import GitCleaning
from milepost.app.housekeeping import list_runs
from milepost.bootstrap.ledgers import open_ledger, project_settings
from milepost.bootstrap.projects import wall_clock


def work_branches(place: str) -> tuple[GitCleaning, set[str]]:
    """The branches of the repository of a project, and the names in them of runs that are not over.

    Raises:
        WorkspaceUnavailable: there is no repository, or git is not there or too old.
    """
    cleaning = GitCleaning(project_settings(place).root.resolve())
    _, ledger = open_ledger(place)
    runs = list_runs(ledger, wall_clock())
    return cleaning, {cleaning.name_of(line.run) for line in runs if line.finished_at is None}
