"""The blob store that the settings name."""

from __future__ import annotations

from milepost.app.blob_settings import BlobSettings
from milepost.app.ports import BlobStore
from milepost.app.settings import Settings


def blobs_of(settings: Settings) -> BlobStore:
    """The blob store of a project: what its settings say, or else a folder below ``.milepost``.

    Raises:
        TransportUnavailable: what it needs is not installed.
    """
    stated = settings.blobs or BlobSettings()
    folder = stated.folder(settings.root.resolve())
    if folder is None:
        from milepost.adapters.blobs_s3 import BucketBlobs

        return BucketBlobs(stated)
    from milepost.adapters.blobs_folder import FolderBlobs

    return FolderBlobs(folder, stated.max_size, own=not stated.store)
