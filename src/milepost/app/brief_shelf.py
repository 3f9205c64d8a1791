"""The documents beside a plan that briefs are written from, read again only where they changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from milepost.app.briefs import Surroundings
from milepost.app.designs import BESIDE, read_design
from milepost.app.requirement_files import find_requirements
from milepost.app.traces import requirements_beside


class BriefShelf:
    """What lies around the plan at ``path``, for one brief after the other."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._signature: object = None
        self._kept = Surroundings()

    def around(self, now: float, log: Callable[[str, int], Sequence[str]]) -> Surroundings:
        """The plan's surroundings at a moment, in seconds since 1970; ``log`` gives what attempts printed."""
        folder = Path(self.path) if os.path.isdir(self.path) else Path(self.path).parent
        signature = [_stamp(name) for name in (*find_requirements(self.path), str(folder / BESIDE))]
        if signature != self._signature:
            self._kept = Surroundings(requirements_beside(self.path), read_design(self.path))
            self._signature = signature
        return Surroundings(self._kept.requirements, self._kept.design, now, log)


def _stamp(name: str) -> tuple[str, int, int, int] | None:
    try:
        found = os.stat(name)
    except OSError:
        return None
    return name, found.st_mtime_ns, found.st_size, found.st_ino
