"""Which ledger a project has, and under which names it knows the plans."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.app.documents import plan_identity
from milepost.app.identities import Identities
from milepost.app.ports import LedgerArchive
from milepost.app.runs import latest_run
from milepost.app.settings import Settings, load_settings

if TYPE_CHECKING:
    from milepost.app.traces import Trace

LEDGER = ".milepost/ledger.db"


def project_settings(place: str) -> Settings:
    """The settings of the project that a file or folder belongs to."""
    inside = Path(place)
    return load_settings(str(inside / "any" if inside.is_dir() else inside))


def open_ledger(place: str) -> tuple[Path, LedgerArchive]:
    """The ledger of the project that a file or folder belongs to, and its path."""
    settings = project_settings(place)
    path = settings.root / LEDGER
    return path, SqliteLedger(path, durable=settings.durable)


def known_name(place: str) -> str:
    """The name under which its ledger knows the plan at a path, whether it is there or not."""
    return Identities(project_settings(place).root).resolve(plan_identity(place))


def relink_plan(old: str, new: str) -> str:
    """Have the ledger go on with the runs of the plan that was at ``old`` for the one at ``new``; gives their name.

    Raises:
        UnknownName: there is no such run.
        Refused: the plan at ``new`` has runs of its own.
    """
    _, ledger = open_ledger(new)
    return Identities(project_settings(new).root).relink(ledger, plan_identity(old), plan_identity(new))


def run_folder(root: Path, run: str) -> Path:
    """Where a run of the project at ``root`` keeps its files."""
    from milepost.adapters.run_folder import RunFolder

    return RunFolder(root, run).path


def trace(path: str, requirements: Sequence[str] = ()) -> Trace:
    """Trace the requirements of a plan, with what its newest run recorded. Raises as ``trace_plan`` does."""
    from milepost.app.traces import evidence_of_run, trace_plan

    settings = load_settings(path)
    if not (settings.root / LEDGER).is_file():
        return trace_plan(path, requirements)
    session = latest_run(SqliteLedger(settings.root / LEDGER, durable=settings.durable), known_name(path))
    return trace_plan(path, requirements, evidence_of_run(session.state) if session else None)
