"""A ledger in a file copied to another one while others go on writing: whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from milepost.errors import DocumentUnwritable

_OF_TARGET = {sqlite3.SQLITE_FULL: "the disk is full", sqlite3.SQLITE_IOERR: "the disk reported an error"}


def copy_ledger(source: sqlite3.Connection, path: Path) -> None:
    """Copy what a connection shows to a file that is not there yet.

    Raises:
        DocumentUnwritable: it cannot be written; nothing is left of it.
        sqlite3.Error: the ledger itself cannot be read.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.touch(exist_ok=False)
        with contextlib.closing(sqlite3.connect(partial)) as target:
            source.backup(target)
        partial.rename(path)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from None
    except sqlite3.Error as error:
        why = _OF_TARGET.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if why is None:
            raise
        raise _unwritable(path, why) from None
    finally:
        for left in (partial, partial.with_name(f"{partial.name}-journal")):
            with contextlib.suppress(OSError):
                left.unlink(missing_ok=True)


def _unwritable(path: Path, why: str) -> DocumentUnwritable:
    remedy = "name a file in a folder that is there, that you may write to, and that has space"
    return DocumentUnwritable(f"the copy cannot be written: {why}", place=str(path), remedy=remedy)
