"""Files in a folder that is the user's alone, for what can be made again at any time."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from milepost.app.documents import new_file_beside


class PrivateFiles:
    """A folder of such files.

    Nothing is read from or written to a folder that others may write to, and none of its troubles is anybody else's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> bytes:
        """What a file holds.

        Raises:
            OSError: there is none, or the folder is not the user's alone.
        """
        self._require_private()
        return (self.folder / name).read_bytes()

    def write(self, name: str, raw: bytes) -> None:
        """Write a file in one step, if that can be."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._require_private()
            file = self.folder / name
            descriptor, temporary = new_file_beside(file)
            try:
                with os.fdopen(descriptor, "wb") as opened:
                    opened.write(raw)
                os.replace(temporary, file)
            except BaseException:
                os.unlink(temporary)
                raise

    def prune(self, before: float, *, dry_run: bool = False) -> int:
        """Delete what was written before a moment (seconds since 1970), and give how many bytes that frees."""
        freed = 0
        with contextlib.suppress(OSError):
            for file in self.folder.iterdir():
                found = file.lstat()
                if stat.S_ISREG(found.st_mode) and found.st_mtime < before:
                    freed += found.st_size
                    if not dry_run:
                        file.unlink()
        return freed

    def _require_private(self) -> None:
        found = os.stat(self.folder)
        if found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise PermissionError(f"{self.folder} is not the user's alone")
