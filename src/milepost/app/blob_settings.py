"""The section ``[blobs]`` of the settings: where machines leave each other what is too large for messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from milepost.app.settings_tables import TableReader

BLOB_KEYS: dict[str, tuple[type, ...]] = {"store": (str,), "endpoint": (str,), "max_size_mb": (int, float)}
_OWN = ".milepost/blobs"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class BlobSettings:
    """Where the blob store is, and how large a blob may be.

    ``store`` is ``file:///FOLDER`` or ``s3://BUCKET/PREFIX`` (empty: a folder of the project's own, which other
    machines do not see); ``endpoint`` is the address of an S3-compatible server (empty: that of the standard variables,
    or else Amazon's).
    """

    store: str = ""
    endpoint: str = ""
    max_size_mb: float = 2000.0

    @property
    def max_size(self) -> int:
        """How many bytes a blob may have."""
        return round(self.max_size_mb * 1_000_000)

    def folder(self, root: Path) -> Path | None:
        """The folder that is the store of the project at ``root``; None when it is none."""
        if not self.store:
            return root / _OWN
        found = urlsplit(self.store)
        return Path(unquote(found.path)) if found.scheme == "file" else None

    @property
    def bucket(self) -> tuple[str, str]:
        """The S3 bucket, and what the names of all blobs in it begin with."""
        found = urlsplit(self.store)
        return found.netloc, unquote(found.path).strip("/")


def read_blobs(reader: TableReader, table: Any) -> BlobSettings:
    """Read the section ``[blobs]``.

    Raises:
        SettingsInvalid: it holds something that is not understood.
    """
    values = reader.section("blobs", table, BLOB_KEYS)
    store = values.get("store", "")
    if "store" in values and not _is_store(store):
        raise reader.invalid(
            f"`{store}` is no blob store", "blobs", "store", 'write "file:///FOLDER" or "s3://BUCKET/PREFIX"'
        )
    endpoint = values.get("endpoint", "")
    if endpoint and (urlsplit(endpoint).scheme not in ("http", "https") or not urlsplit(endpoint).hostname):
        remedy = 'write it as "https://HOST:PORT"; the store itself is "s3://BUCKET/PREFIX"'
        raise reader.invalid(f"`{endpoint}` is no address of a server", "blobs", "endpoint", remedy)
    if endpoint and not store.startswith("s3:"):
        remedy = 'add store = "s3://BUCKET/PREFIX", or leave it out'
        raise reader.invalid("only a store in a bucket has an endpoint", "blobs", "endpoint", remedy)
    return BlobSettings(**values)


def _is_store(text: str) -> bool:
    try:
        found = urlsplit(text)
    except ValueError:
        return False
    if found.query or found.fragment:
        return False
    if found.scheme == "file":
        return not found.netloc and found.path.startswith("/")
    return found.scheme == "s3" and _BUCKET.fullmatch(found.netloc) is not None
