"""Which ledger the settings name: none (a file of the project), or a PostgreSQL database that projects share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from milepost.app.settings_tables import TableReader

REFERENCES = ("env:", "file:")
SCHEMES = ("postgresql://", "postgres://")
_LONGEST_NAME = 200


class Hidden(str):
    """A text that may hold a password: it shows in no representation."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def read_ledger(reader: TableReader, run: Mapping[str, Any]) -> dict[str, Any]:
    """The settings ``ledger`` and ``project`` of ``[run]``.

    Raises:
        SettingsInvalid: the ledger is no address, or there is no name under which it keeps the project.
    """
    ledger, project = run.get("ledger", ""), run.get("project", "").strip()
    if "ledger" in run and not ledger.startswith((*SCHEMES, *REFERENCES)):
        raise reader.invalid(  # what it says instead is not repeated: it may hold a password
            f"`ledger` of [{reader.prefix}run] is no address of a database",
            "run",
            "ledger",
            'write "postgresql://USER@HOST/DATABASE", or where that is kept: "env:NAME" or "file:PATH"; '
            "without it the ledger is a file of the project",
        )
    if "ledger" in run and not project:
        raise reader.invalid(
            "a ledger that projects share needs a name for this one",
            "run",
            "ledger",
            f'add project = "NAME" to [{reader.prefix}run], the same on every machine',
        )
    if len(project) > _LONGEST_NAME or not project.isprintable():
        raise reader.invalid(
            f"`project` of [{reader.prefix}run] is no name", "run", "project", "give a short name on one line"
        )
    return {"ledger": Hidden(ledger), "project": project}
