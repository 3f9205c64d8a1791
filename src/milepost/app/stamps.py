"""Whether files are as they were, without reading them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from milepost.app.documents import PYPROJECT, SETTINGS, project_root
from milepost.app.folders import task_files

_GRAIN_NS = 50_000_000
"""File systems tell two changes apart only when some milliseconds lie between them."""

Look = tuple[tuple[str, int, int, int], ...]
"""What the system knows of files: each one's path, time of change (ns since 1970), size and inode number."""


class Stamp(NamedTuple):
    """What the system knows of a plan's document, or of all files of a folder that is one, and of its settings."""

    documents: Look
    settings: Look

    def settled(self, now: int) -> bool:
        """Whether the last change is long enough ago that another one would show; ``now`` in ns since 1970."""
        return all(now - changed > _GRAIN_NS for _, changed, _, _ in (*self.documents, *self.settings))


def stamp_of(path: str) -> Stamp:
    """The stamp of the plan at a path."""
    documents = task_files(path) if os.path.isdir(path) else [path]
    root = project_root(path)
    return Stamp(look_at(documents), look_at(str(root / name) for name in (SETTINGS, PYPROJECT)))


def look_at(files: Iterable[str]) -> Look:
    """What the system knows of files; those that are not there are left out."""
    found = []
    for file in files:
        try:
            state = os.stat(file)
        except OSError:
            continue
        found.append((file, state.st_mtime_ns, state.st_size, state.st_ino))
    return tuple(found)
