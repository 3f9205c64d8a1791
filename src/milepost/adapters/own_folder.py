"""The folder of a project in which Milepost keeps its own files."""

from __future__ import annotations

from pathlib import Path

NAME = ".milepost"


def make_own_folder(folder: Path) -> None:
    """Make the folder if it is not there; it keeps itself out of version control. Raises ``OSError``."""
    if not folder.is_dir():
        folder.mkdir(exist_ok=True)
        (folder / ".gitignore").write_text("*\n")
