"""The repository itself, for tests about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = {".git", ".venv", ".milepost", "build", "dist", "__pycache__"}
_CACHES = ("_cache", ".egg-info")


def own_files(folder: Path = ROOT) -> Iterator[Path]:
    """Every file that belongs to the project, as opposed to what tools leave behind."""
    for path in sorted(folder.iterdir()):
        if path.name in _NOT_OURS or path.name.endswith(_CACHES) or path.name == ".hypothesis":
            continue
        if path.is_dir():
            yield from own_files(path)
        else:
            yield path


def text(name: str) -> str:
    """The text of a file by its path below the root."""
    return (ROOT / name).read_text(encoding="utf-8")
