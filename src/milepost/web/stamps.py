"""Whether files are as they were, without reading them."""

from __future__ import annotations

import os
from dataclasses import dataclass

from milepost.app.documents import PYPROJECT, SETTINGS, project_root
from milepost.app.folders import task_files

_GRAIN_NS = 50_000_000
"""File systems tell two changes apart only when some milliseconds lie between them."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the system knows of some files: each one's path, time of change, size and inode number."""

    files: tuple[tuple[str, int, int, int], ...]

    def settled(self, now: int) -> bool:
        """Whether the last change is long enough ago that another one would show; ``now`` in ns since 1970."""
        return all(now - changed > _GRAIN_NS for _, changed, _, _ in self.files)


def stamp_of(path: str) -> Stamp:
    """The stamp of a plan's document, or of all files of a folder that is one, and of its settings."""
    documents = task_files(path) if os.path.isdir(path) else [path]
    root = project_root(path)
    files = [*documents, *(str(root / name) for name in (SETTINGS, PYPROJECT))]
    return Stamp(tuple(found for file in files if (found := _look(file)) is not None))


def _look(file: str) -> tuple[str, int, int, int] | None:
    try:
        state = os.stat(file)
    except OSError:
        return None
    return file, state.st_mtime_ns, state.st_size, state.st_ino
