"""What runs leave behind on disk, listed and cleared away. The ledger is never trimmed: events are forever."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from milepost.app.ports import Ledger
from milepost.app.runs import RunSession
from milepost.execution.queries import Outcome, outcome
from milepost.execution.records import TaskStatus


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in a list. Times are seconds since 1970; ``started_at`` is None for a stream that holds no run."""

    run: str
    plan: str
    outcome: Outcome
    done: int
    total: int
    started_at: float | None
    finished_at: float | None
    cost: float


@dataclass(frozen=True, slots=True)
class Leftover:
    """The files of a run that is over: its folder, and their size in bytes."""

    run: str
    folder: Path
    size: int


def list_runs(ledger: Ledger, now: float, plan: str = "") -> list[RunLine]:
    """Every run of the project, or of one plan (by its identity), in the order in which they began."""
    lines = []
    for stream in ledger.streams(f"{plan}#" if plan else ""):
        state = RunSession(ledger, stream.name).state
        records = [record for record in state.tasks.values() if not record.retired]
        done = sum(record.status is TaskStatus.DONE for record in records)
        cost = sum(record.cost for record in records)
        times = (state.started_at, state.finished_at)
        lines.append(RunLine(stream.name, state.spec.plan, outcome(state, now), done, len(records), *times, cost))
    return lines


def leftovers(runs: Iterable[RunLine], folder_of: dict[str, Path], *, before: float) -> list[Leftover]:
    """The files of runs that ended before a moment (seconds since 1970); ``folder_of`` gives each run's folder."""
    return [
        Leftover(line.run, folder, _size(folder))
        for line in runs
        if line.finished_at is not None and line.finished_at < before and (folder := folder_of[line.run]).is_dir()
    ]


def clear(leftover: Leftover) -> int:
    """Delete the files of a run that is over: logs, briefs, exit records. What happened stays in the ledger.

    Gives how many bytes could not be deleted.
    """
    shutil.rmtree(leftover.folder, ignore_errors=True)
    return _size(leftover.folder) if leftover.folder.is_dir() else 0


def abandoned(folder: Path, before: float, *, dry_run: bool = False) -> int:
    """Delete those of a worker's folders of runs in which nothing was written since a moment; gives the bytes."""
    freed = 0
    for run in folder.iterdir() if folder.is_dir() else ():
        if max(path.lstat().st_mtime for path in (run, *run.rglob("*"))) < before:
            freed += _size(run)
            if not dry_run:
                shutil.rmtree(run, ignore_errors=True)
    return freed


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
