"""What a document was last seen to say, so that a box that is open can be told from one that was unticked."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection
from pathlib import Path

from milepost.app.documents import replace_file
from milepost.errors import DocumentUnwritable
from milepost.source.lazy_dataclass import lazy_dataclass


@lazy_dataclass(frozen=True, slots=True)
class SyncMemory:
    """Which boxes of a plan were last seen ticked, kept beside the ledger; losing it loses only the memory.

    Without it a box that is open although its task is done could not be told from one not ticked yet.
    """

    path: Path

    def read(self) -> frozenset[str]:
        """Ids of the tasks whose boxes were ticked."""
        try:
            found = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError):
            return frozenset()
        return frozenset(name for name in found if isinstance(name, str)) if isinstance(found, list) else frozenset()

    def write(self, ticked: Collection[str]) -> None:
        """Remember the ids of the tasks whose boxes are ticked, if that can be."""
        if self.path.parent.parent.is_dir():
            with contextlib.suppress(OSError, DocumentUnwritable):
                self.path.parent.mkdir(exist_ok=True)
                replace_file(self.path, json.dumps(sorted(ticked)).encode(), shown=str(self.path))
