"""Which plan a document is: the one whose runs the ledger holds under its path, one that was moved, or another one.

The ledger knows a plan by its path below the project's folder. Whoever moves a plan says so once, and the ledger goes
on under the name it knows; which names these are is kept beside it.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from milepost.app.documents import replace_file
from milepost.app.ports import Ledger
from milepost.app.runs import RunSession, common_tasks
from milepost.app.suggestions import in_shell
from milepost.errors import Refused, UnknownName
from milepost.execution.policy import RunSpec
from milepost.source.lazy_dataclass import lazy_dataclass

_LOOKED_AT = 20
"""Of how many plans that are gone the runs are compared, the newest first."""


@lazy_dataclass(frozen=True, slots=True)
class Identities:
    """The names under which the ledger knows plans that were moved. ``root`` is the project's folder."""

    root: Path

    def resolve(self, path: str) -> str:
        """The name under which the ledger knows the plan at a path below the root.

        Raises:
            Refused: it stands where another plan was moved away from, so that both have one name.
        """
        moved = self._read()
        if path not in moved:
            for new, old in moved.items():
                if old == path and (self.root / new).exists():
                    raise Refused(
                        f"the ledger knows {new} as {old} since it was moved; this is another plan of that name",
                        place=path,
                        remedy=f"move it elsewhere, or have it back with `milepost runs --relink {in_shell(new, old)}`",
                    )
        return moved.get(path, path)

    def relink(self, ledger: Ledger, old: str, new: str) -> str:
        """Have the ledger go on with the runs of the plan that was at ``old`` for the one at ``new``.

        Raises:
            UnknownName: it knows no run of a plan at ``old``.
            Refused: the plan at ``new`` has runs of its own.
        """
        moved = self._read()
        known = moved.pop(old, old)
        names = _names(ledger)
        if known not in names:
            ran = ", ".join(names) or "none"
            raise UnknownName(f"the ledger has no run of {old}", remedy=f"it has runs of: {ran}")
        if new in names and new != known:
            raise Refused(f"{new} has runs of its own", remedy=f"`milepost runs {in_shell(new)}` lists them")
        moved = {path: name for path, name in moved.items() if name != known}
        if new != known:
            moved[new] = known
        self._path.parent.mkdir(exist_ok=True)
        replace_file(self._path, (json.dumps(moved, indent=1) + "\n").encode(), shown=str(self._path))
        return known

    def require_not_moved(self, ledger: Ledger, spec: RunSpec) -> None:
        """Check that a plan without any run is not one that had some at another path.

        Raises:
            Refused: it seems to be; the message says which.
        """
        names = _names(ledger)
        gone = [name for name in reversed(names) if not (self.root / name).exists()]
        for name in gone[:_LOOKED_AT]:
            stream = ledger.streams(f"{name}#")[-1].name
            state = RunSession(ledger, stream).state
            total = len(state.spec.tasks)
            same = common_tasks(state, spec)
            if 2 * same > max(total, len(spec.tasks)):
                raise Refused(
                    f"it has no run, but {name}, which is gone, had: {same} of its {total} tasks are the same",
                    place=spec.plan,
                    remedy=f"`milepost runs --relink {in_shell(name, spec.plan)}` if it was moved, else "
                    f"`milepost run --new {in_shell(spec.plan)}`",
                )

    @property
    def _path(self) -> Path:
        return self.root / ".milepost" / "moved.json"

    def _read(self) -> dict[str, str]:
        with contextlib.suppress(OSError, ValueError):
            data = json.loads(self._path.read_text("utf-8"))
            if isinstance(data, dict):
                return {str(new): str(old) for new, old in data.items()}
        return {}


def _names(ledger: Ledger) -> list[str]:
    """The names of all plans that have runs."""
    return list(dict.fromkeys(stream.name.rpartition("#")[0] for stream in ledger.streams()))
