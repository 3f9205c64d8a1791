"""What `[blobs]` says, and what is said where it says nothing that can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from milepost.adapters.blobs_folder import FolderBlobs
from milepost.adapters.blobs_s3 import BucketBlobs
from milepost.app.settings import parse_settings
from milepost.bootstrap.blobs import blobs_of
from milepost.errors import SettingsInvalid


def store_of(text: str, root: Path) -> object:
    return blobs_of(parse_settings(text.encode(), path="milepost.toml", root=root))


def test_without_a_word_a_folder_of_the_projects_own(tmp_path: Path) -> None:
    store = store_of("", tmp_path)
    assert isinstance(store, FolderBlobs)
    assert (store.folder, store.own, store.most) == (tmp_path / ".milepost" / "blobs", True, 2_000_000_000)


def test_a_folder(tmp_path: Path) -> None:
    store = store_of('[blobs]\nstore = "file:///mnt/our%20share"\nmax_size_mb = 1.5', tmp_path)
    assert isinstance(store, FolderBlobs)
    assert (store.folder, store.own, store.most) == (Path("/mnt/our share"), False, 1_500_000)
    assert store.place == "file:///mnt/our%20share"


def test_a_bucket(tmp_path: Path) -> None:
    store = store_of('[blobs]\nstore = "s3://builds/milepost/wordcount"\nendpoint = "http://localhost:9000"', tmp_path)
    assert isinstance(store, BucketBlobs)
    assert store._settings.bucket == ("builds", "milepost/wordcount")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('store = "/mnt/share"', "`/mnt/share` is no blob store"),
        ('store = "file://server/share"', "is no blob store"),
        ('store = "file:share"', "is no blob store"),
        ('store = ""', "is no blob store"),
        ('store = "s3://"', "is no blob store"),
        ('store = "s3://key:secret@bucket"', "is no blob store"),
        ('store = "s3://bucket?region=x"', "is no blob store"),
        ('store = "https://bucket.example.org"', "is no blob store"),
        ('endpoint = "localhost:9000"', "`localhost:9000` is no address of a server"),
        ('endpoint = "http://localhost:9000"', "only a store in a bucket has an endpoint"),
        ("max_size_mb = 0", "`max_size_mb` of [blobs] must be above 0"),
        ('key = "AKIA"', "[blobs] has no setting `key`"),
    ],
)
def test_settings_that_make_no_sense(line: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        store_of(f"[blobs]\n{line}\n", tmp_path)
    assert message in str(refused.value)
    assert refused.value.place == "milepost.toml:2"


@pytest.mark.parametrize("remote", ["", "--upload-pack=touch x"])
def test_remotes_that_are_none(remote: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="is no git remote") as refused:
        store_of(f'[run]\nremote = "{remote}"\n', tmp_path)
    assert refused.value.place == "milepost.toml:2"
