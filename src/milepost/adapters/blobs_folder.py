"""A blob store in a folder, which several machines may share."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from pathlib import Path

from milepost.adapters.blobs import chunks_of, file_digest, missing, name_of, require_size, write_checked
from milepost.app.documents import new_file_beside
from milepost.errors import TransportUnavailable

_BLOB = re.compile(r"[0-9a-f]{64}|\.[0-9a-f]{64}\.\w+\.tmp")


class FolderBlobs:
    """The blobs of a folder: each a file, called by its digest, that appears with a rename when it is on the disk.

    A folder that is ``own`` is made when it is first needed; one that was to be there and is not may be one that has
    not been mounted.
    """

    def __init__(self, folder: Path, most: int, *, own: bool = False) -> None:
        self.folder = folder
        self.most = most
        self.own = own

    @property
    def place(self) -> str:
        """The address of the folder."""
        return self.folder.as_uri()

    def put(self, file: Path) -> str:
        """Copy a file into the store, unless that has what it holds."""
        with self._reached():
            require_size(file, self.most)
            digest = file_digest(file)
            target = self.folder / name_of(digest)
            if target.is_file():
                os.utime(target)
                return digest
            target.parent.mkdir(exist_ok=True)
            descriptor, temporary = new_file_beside(target)
            try:
                with os.fdopen(descriptor, "wb") as copy, file.open("rb") as source:
                    os.fchmod(copy.fileno(), 0o644)
                    shutil.copyfileobj(source, copy, 1 << 20)
                    copy.flush()
                    os.fsync(copy.fileno())
                os.replace(temporary, target)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
                raise
            return digest

    def get(self, digest: str, to: Path) -> None:
        """Copy a blob out of the store."""
        with self._reached():
            source = self.folder / name_of(digest)
            if not source.is_file():
                raise missing(digest, self.place)
            write_checked(chunks_of(source), digest, to, self.place)

    def size(self, digest: str) -> int | None:
        """How many bytes a blob has."""
        with self._reached():
            try:
                return (self.folder / name_of(digest)).stat().st_size
            except FileNotFoundError:
                return None

    def prune(self, before: float, *, dry_run: bool = False) -> int:
        """Delete old blobs, and what puts that were killed left; other files in the folder stay."""
        freed = 0
        if self.own and not self.folder.is_dir():
            return 0
        with self._reached():
            for file in self.folder.glob("[0-9a-f][0-9a-f]/*"):
                with contextlib.suppress(FileNotFoundError):
                    found = file.lstat()
                    if _BLOB.fullmatch(file.name) and found.st_mtime < before:
                        freed += found.st_size
                        if not dry_run:
                            file.unlink()
        return freed

    def _reached(self) -> _Reached:
        return _Reached(self)


class _Reached(contextlib.AbstractContextManager[None]):
    """A step that needs the folder; what the file system refuses is told as trouble of the store."""

    def __init__(self, store: FolderBlobs) -> None:
        self.store = store

    def __enter__(self) -> None:
        folder = self.store.folder
        try:
            if self.store.own:
                folder.mkdir(parents=True, exist_ok=True)
            elif not folder.is_dir():
                raise NotADirectoryError
        except NotADirectoryError:
            raise TransportUnavailable(
                "the blob store cannot be reached: there is no such folder",
                place=self.store.place,
                remedy="mount or make it, or correct `store` in [blobs]",
            ) from None
        except OSError as error:
            raise self._trouble(error) from None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise self._trouble(error) from None

    def _trouble(self, error: OSError) -> TransportUnavailable:
        return TransportUnavailable(
            f"the blob store cannot be used: {error.strerror}",
            place=self.store.place,
            remedy="see to space and permissions there",
        )
