"""Spec folders: new ones."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from milepost.errors import DocumentUnwritable, SpecExists, UsageError
from milepost.plan.template import spec_files

_NAME = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


@dataclass(frozen=True, slots=True)
class NewSpec:
    """A spec folder that was just written: its files in the order people read them; the plan is the last."""

    name: str
    folder: Path
    files: tuple[Path, ...]

    @property
    def plan(self) -> Path:
        """The plan among the files."""
        return self.files[-1]


def create_spec(name: str, parent: Path, *, today: str, force: bool = False) -> NewSpec:
    """Write ``parent/name`` with requirements, design and plan, last updated ``today`` (a date as ISO 8601 has it).

    ``force`` replaces what is there.

    Raises:
        UsageError: the name does not suit a folder.
        SpecExists: a file is already there, and nothing was written.
        DocumentUnwritable: the folder or a file cannot be written.
    """
    _require_name(name)
    folder = parent / name
    texts = {folder / file: text for file, text in spec_files(_title(name), today).items()}
    present = [path for path in texts if path.exists() or path.is_symlink()]
    if present and not force:
        raise SpecExists(
            f"there is already {', '.join(path.name for path in present)}",
            place=str(folder),
            remedy="choose another name, or replace what is there with --force",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            path.write_bytes(text.encode())
    except OSError as error:
        raise DocumentUnwritable(
            f"it cannot be written: {error.strerror}", place=str(error.filename or folder)
        ) from None
    return NewSpec(name, folder, tuple(texts))


def _require_name(name: str) -> None:
    if _NAME.fullmatch(name) and name == name.lower():
        return
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", name).lower())
    raise UsageError(
        f"`{name}` does not suit a folder",
        remedy=f"use words joined by hyphens, such as `{'-'.join(words) or 'word-count'}`",
    )


def _title(name: str) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in name.split("-"))
