"""A blob store in a bucket, Amazon's or that of any server that speaks S3.

Who may use it is said by AWS's standard variables, or by the machine's own role, never by the settings.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from milepost.adapters.blobs import file_digest, missing, name_of, require_size, write_checked
from milepost.app.blob_settings import BlobSettings
from milepost.errors import TransportUnavailable

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Store

Answer = TypeVar("Answer")
_TIMES: ClientConfig = {"connect_timeout": "5s", "read_timeout": "30s", "timeout": "1h"}
_TRIES = 2
_REFUSED = "see to AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the machine's role, and what they may do there"


class BucketBlobs:
    """The blobs of a bucket.

    Raises:
        TransportUnavailable: the extra is not installed.
    """

    def __init__(self, settings: BlobSettings) -> None:
        if importlib.util.find_spec("obstore") is None:
            raise TransportUnavailable(
                "a blob store in a bucket needs obstore, which is not installed",
                place=settings.store,
                remedy="pip install 'milepost[s3]'",
            )
        self.place = settings.store
        self.most = settings.max_size
        self._settings = settings
        self._store: S3Store | None = None

    def put(self, file: Path) -> str:
        """Upload a file, unless the bucket has what it holds."""
        import obstore

        def put(store: S3Store) -> str:
            require_size(file, self.most)
            digest = file_digest(file)
            if self._size(store, digest) is None:
                obstore.put(store, name_of(digest), file)
            return digest

        return self._asked(put)

    def get(self, digest: str, to: Path) -> None:
        """Download a blob."""
        import obstore

        def get(store: S3Store) -> None:
            try:
                found = obstore.get(store, name_of(digest))
            except FileNotFoundError:
                raise missing(digest, self.place) from None
            write_checked((bytes(chunk) for chunk in found.stream()), digest, to, self.place)

        self._asked(get)

    def size(self, digest: str) -> int | None:
        """How many bytes a blob has."""
        return self._asked(lambda store: self._size(store, digest))

    def prune(self, before: float, *, dry_run: bool = False) -> int:
        """Leave that to a rule of the bucket's own."""
        return 0

    @staticmethod
    def _size(store: S3Store, digest: str) -> int | None:
        import obstore

        try:
            return obstore.head(store, name_of(digest))["size"]
        except FileNotFoundError:
            return None

    def _asked(self, ask: Callable[[S3Store], Answer]) -> Answer:
        from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

        try:
            return ask(self._connected())
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise self._trouble("it refuses us", error, _REFUSED) from None
        except FileNotFoundError as error:
            raise self._trouble("there is no such bucket", error, "make it, or correct `store` in [blobs]") from None
        except (BaseError, OSError, ValueError) as error:
            why = "no answer" if _unanswered(error) else "its server fails"
            raise self._trouble(why, error, "see to the server, or correct `endpoint` in [blobs]") from None

    def _connected(self) -> S3Store:
        """The bucket; no word has been spoken yet."""
        if self._store is None:
            from obstore.store import S3Store

            bucket, prefix = self._settings.bucket
            endpoint = self._settings.endpoint or _stated("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
            self._store = S3Store(
                bucket,
                prefix=prefix or None,
                config={"endpoint": endpoint} if endpoint else {},
                region=_stated("AWS_REGION", "AWS_DEFAULT_REGION") or "us-east-1",
                client_options={"allow_http": endpoint.startswith("http:"), **_TIMES},
                retry_config={"max_retries": _TRIES},
            )
        return self._store

    def _trouble(self, why: str, error: Exception, remedy: str) -> TransportUnavailable:
        said = " ".join(str(error).partition("\n\nDebug source")[0].split())[:300]
        return TransportUnavailable(f"the blob store cannot be used: {why}: {said}", place=self.place, remedy=remedy)


def _stated(*names: str) -> str:
    """The first of some variables that holds anything."""
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def _unanswered(error: Exception) -> bool:
    return any(sign in str(error) for sign in ("onnect", "timed out", "dns error"))
