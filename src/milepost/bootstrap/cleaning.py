"""What runs left in a project's repository, and which of its runs are not over."""

from __future__ import annotations

from collections.abc import Collection

from milepost.adapters.git_cleaning import GitCleaning
from milepost.app.housekeeping import RunLine, abandoned, list_runs
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


def clear_travelled(place: str, runs: Collection[RunLine], before: float, *, dry_run: bool) -> int:
    """Delete what travelled between machines before a moment (seconds since 1970), and give how many bytes it took.

    These are blobs, where they lie in a folder, and what a worker keeps here: worktrees that nobody works in, the
    cache of commits, logs of runs where the ledger knows none. What a run needs that is not over stays.

    Raises:
        TransportUnavailable: the blob store cannot be reached.
    """
    from milepost.adapters.git_away import clear_away
    from milepost.bootstrap.blobs import blobs_of

    settings = project_settings(place)
    root = settings.root.resolve()
    before = min([before, *(line.started_at for line in runs if line.started_at and line.finished_at is None)])
    freed = clear_away(root, before, dry_run=dry_run)
    if not runs:
        freed += abandoned(root / ".milepost" / "runs", before, dry_run=dry_run)
    return freed + blobs_of(settings).prune(before, dry_run=dry_run)
