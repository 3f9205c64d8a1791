"""Which ledger a project has, and under which names it knows the plans."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from milepost.adapters import own_folder
from milepost.adapters.event_rows import Known, nothing_known
from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.app.documents import plan_identity
from milepost.app.identities import Identities
from milepost.app.ports import LedgerArchive
from milepost.app.runs import latest_run
from milepost.app.settings import Settings, load_settings
from milepost.errors import LedgerUnavailable, WorkerUnavailable

if TYPE_CHECKING:
    from milepost.app.traces import Trace

_FILE = f"{own_folder.NAME}/ledger.db"


def project_settings(place: str) -> Settings:
    """The settings of the project that a file or folder belongs to."""
    inside = Path(place)
    return load_settings(str(inside / "any" if inside.is_dir() else inside))


def open_ledger(place: str) -> tuple[Path, LedgerArchive]:
    """The folder of the project that a file or folder belongs to, and its ledger."""
    settings = project_settings(place)
    return settings.root, ledger_of(settings)


def ledger_of(settings: Settings, known: Known = nothing_known) -> LedgerArchive:
    """The ledger that a project's settings name; ``known`` gives a specification that need not be parsed again.

    Raises:
        LedgerUnavailable: its address is not where the settings say or is none, or an extra is not installed.
    """
    if not settings.ledger:
        return SqliteLedger(settings.root / _FILE, durable=settings.durable, known=known)
    from milepost.adapters.ledger_postgres import PostgresLedger

    return PostgresLedger(_address(settings), settings.project, known=known)


def require_own_folder(settings: Settings) -> None:
    """Make the folder in which a project's runs keep what is of this machine, where no ledger in a file does it.

    Raises:
        LedgerUnavailable: it cannot be made.
    """
    folder = settings.root / own_folder.NAME
    if not settings.ledger or folder.is_dir():
        return
    try:
        own_folder.make_own_folder(folder)
    except OSError as error:
        raise LedgerUnavailable(
            f"the folder beside the plan cannot be made: {error.strerror}",
            place=str(folder),
            remedy="make the project's folder writable",
        ) from None


def _address(settings: Settings) -> str:
    from milepost.adapters.surroundings import resolve_secrets
    from milepost.app.ledger_settings import REFERENCES

    if not settings.ledger.startswith(REFERENCES):
        return settings.ledger
    try:
        return resolve_secrets({"ledger": settings.ledger}, root=settings.root, wanted_by="the settings")["ledger"]
    except WorkerUnavailable:
        kind, _, where = settings.ledger.partition(":")
        remedy = "put the file in its place, and try again"
        if kind == "env":
            remedy = (
                f"set the variable {where} where this program is started; a program of agents hands it on to its "
                "server once `milepost agents init` has written that into its configuration"
            )
        raise LedgerUnavailable(
            f"the address of the ledger is not there: {settings.ledger!s} cannot be read",
            place=settings.path,
            remedy=remedy,
        ) from None


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

    ledger = ledger_of(load_settings(path))
    if not ledger.exists():
        return trace_plan(path, requirements)
    session = latest_run(ledger, known_name(path))
    return trace_plan(path, requirements, evidence_of_run(session.state) if session else None)
