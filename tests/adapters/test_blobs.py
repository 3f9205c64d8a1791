"""What every blob store keeps its word on; and what each says when it cannot."""

from __future__ import annotations

import hashlib
import http.server
import importlib.util
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adapters.bucket import BUCKET, CREDENTIALS, running_bucket

from milepost.adapters.blobs import name_of
from milepost.adapters.blobs_folder import FolderBlobs
from milepost.adapters.blobs_s3 import BucketBlobs
from milepost.app.blob_settings import BlobSettings
from milepost.app.ports import BlobStore
from milepost.errors import TransportRefused, TransportUnavailable

MOST = 12_000_000
WORDS = b"so it goes\n"
DIGEST = hashlib.sha256(WORDS).hexdigest()


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with running_bucket() as address:
        yield address


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


def in_bucket(address: str, bucket: str = BUCKET) -> BucketBlobs:
    return BucketBlobs(BlobSettings(f"s3://{bucket}/of/tests", address, MOST / 1e6))


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, credentials: None) -> BlobStore:
    if request.param == "bucket":
        return in_bucket(request.getfixturevalue("bucket"))
    (tmp_path / "blobs").mkdir()
    return FolderBlobs(tmp_path / "blobs", MOST)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    (tmp_path / "words").write_bytes(WORDS)
    return tmp_path / "words"


def test_what_is_put_comes_back_by_its_digest(store: BlobStore, words: Path, tmp_path: Path) -> None:
    assert store.put(words) == DIGEST
    assert store.put(words) == DIGEST  # once more changes nothing
    assert store.size(DIGEST) == len(WORDS)
    store.get(DIGEST, tmp_path / "new" / "copy")
    assert (tmp_path / "new" / "copy").read_bytes() == WORDS


def test_what_takes_several_requests(store: BlobStore, tmp_path: Path) -> None:
    large = os.urandom(MOST)
    (tmp_path / "large").write_bytes(large)
    digest = store.put(tmp_path / "large")
    store.get(digest, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == large


def test_what_is_too_large_names_the_limit_and_the_setting(store: BlobStore, tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(MOST + 1_000_000)
    with pytest.raises(TransportRefused, match=r"it has 13\.0 MB, and a blob may have 12\.0 MB") as refused:
        store.put(tmp_path / "large")
    assert "`max_size_mb` in [blobs]" in refused.value.remedy


def test_what_is_not_there(store: BlobStore, tmp_path: Path) -> None:
    assert store.size("0" * 64) is None
    with pytest.raises(TransportRefused, match=f"there is no blob {'0' * 64}"):
        store.get("0" * 64, tmp_path / "copy")
    assert list(tmp_path.glob("*copy*")) == []


def test_what_was_damaged_is_not_taken(tmp_path: Path, words: Path) -> None:
    (tmp_path / "blobs").mkdir()
    store = FolderBlobs(tmp_path / "blobs", MOST)
    (tmp_path / "blobs" / name_of(store.put(words))).write_bytes(b"something else")
    (tmp_path / "copy").write_text("before")
    with pytest.raises(TransportRefused, match=f"the blob {DIGEST} is damaged"):
        store.get(DIGEST, tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blobs", "copy", "words"]


def test_a_folder_that_is_not_mounted_and_then_is(tmp_path: Path, words: Path) -> None:
    store = FolderBlobs(tmp_path / "share", MOST)
    for ask in (lambda: store.put(words), lambda: store.size(DIGEST), lambda: store.get(DIGEST, tmp_path / "copy")):
        with pytest.raises(TransportUnavailable, match="there is no such folder") as refused:
            ask()
        assert refused.value.place == (tmp_path / "share").as_uri()
    assert not (tmp_path / "share").exists()  # else it would lie below the mount, out of sight
    (tmp_path / "share").mkdir()
    assert store.put(words) == DIGEST


def test_a_folder_of_the_projects_own_is_made(tmp_path: Path, words: Path) -> None:
    store = FolderBlobs(tmp_path / "own" / "blobs", MOST, own=True)
    assert store.prune(1e12) == 0
    assert store.put(words) == DIGEST


def test_a_disk_that_is_full(tmp_path: Path, words: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FolderBlobs(tmp_path / "blobs", MOST, own=True)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(TransportUnavailable, match="No space left on device"):
            store.put(words)
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []
    assert store.put(words) == DIGEST


def test_old_blobs_are_deleted_and_nothing_else(tmp_path: Path, words: Path) -> None:
    store = FolderBlobs(tmp_path / "blobs", MOST, own=True)
    blob = store.folder / name_of(store.put(words))
    torn = blob.with_name(f".{'1' * 64}.0123456789ab.tmp")  # a put that was killed
    others = blob.with_name("readme")
    for path in (torn, others):
        path.write_bytes(b"12345")
    for path in (blob, torn, others):
        os.utime(path, (1000.0, 1000.0))
    assert store.prune(1000.0) == 0
    assert store.prune(1001.0, dry_run=True) == len(WORDS) + 5
    assert store.put(words) == DIGEST  # which makes it fresh
    assert store.prune(1001.0) == 5
    assert sorted(path.name for path in blob.parent.iterdir()) == sorted([blob.name, "readme"])


def test_a_bucket_that_is_not_there(bucket: str, words: Path, credentials: None) -> None:
    with pytest.raises(TransportUnavailable, match="there is no such bucket"):
        in_bucket(bucket, "nothing-here").put(words)


def test_a_bucket_whose_server_is_away(words: Path, credentials: None) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
        store = in_bucket(address)
        with pytest.raises(TransportUnavailable, match="the blob store cannot be used: no answer"):
            store.put(words)


def test_a_bucket_that_refuses_us(words: Path, credentials: None) -> None:
    class Forbidding(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_error(403)

        def log_message(self, *said: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Forbidding) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with pytest.raises(TransportUnavailable, match="it refuses us") as refused:
                in_bucket(f"http://127.0.0.1:{server.server_port}").put(words)
        finally:
            server.shutdown()
            thread.join()
    assert "AWS_ACCESS_KEY_ID" in refused.value.remedy


def test_the_address_of_the_standard_variables(
    bucket: str, words: Path, credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket)
    assert in_bucket("").put(words) == DIGEST


def test_a_bucket_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "obstore" else find(name))
    with pytest.raises(TransportUnavailable, match="obstore, which is not installed") as refused:
        in_bucket("")
    assert refused.value.remedy == "pip install 'milepost[s3]'"
