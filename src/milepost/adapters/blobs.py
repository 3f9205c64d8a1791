"""What all blob stores share: digests, the size limit, and names."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from milepost.app.documents import new_file_beside
from milepost.errors import TransportRefused

_CHUNK = 1 << 20
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DAMAGED = "delete it in the store, where the next run puts it again"


def megabytes(size: int) -> str:
    """A number of bytes, for people."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"


def file_digest(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal. Raises ``OSError``."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def name_of(digest: str) -> str:
    """Where a content lies, from the top of its store.

    Raises:
        TransportRefused: it is no digest.
    """
    if not _DIGEST.fullmatch(digest):
        raise TransportRefused("what was named is no blob: its name is no digest")
    return f"{digest[:2]}/{digest}"


def require_size(file: Path, most: int) -> None:
    """Check that a blob store takes a file of ``most`` bytes. Raises ``OSError``.

    Raises:
        TransportRefused: it is larger.
    """
    size = file.stat().st_size
    if size > most:
        raise TransportRefused(
            f"it has {megabytes(size)}, and a blob may have {megabytes(most)}",
            remedy="raise `max_size_mb` in [blobs], here and where workers are",
        )


def write_checked(chunks: Iterable[bytes], digest: str, to: Path, place: str) -> None:
    """Write a content into a file that appears whole, if it is what its digest says. Raises ``OSError``.

    Raises:
        TransportRefused: it is something else.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = new_file_beside(to)
    found = hashlib.sha256()
    try:
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chunks:
                found.update(chunk)
                file.write(chunk)
        if found.hexdigest() != digest:
            raise TransportRefused(
                f"the blob {digest} is damaged: it holds {found.hexdigest()}", place=place, remedy=_DAMAGED
            )
        os.replace(temporary, to)
    except BaseException:
        os.unlink(temporary)
        raise


def chunks_of(file: Path) -> Iterable[bytes]:
    """What a file holds, piece by piece. Raises ``OSError``."""
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            yield chunk


def missing(digest: str, place: str) -> TransportRefused:
    """That a store does not hold a content."""
    return TransportRefused(
        f"there is no blob {digest}",
        place=place,
        remedy="is `store` in [blobs] the same on every machine? What is old is deleted by `milepost gc`",
    )
