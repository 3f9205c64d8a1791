"""What travelled is cleared away when it is old, and no sooner than nobody needs it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.adapters.repository import SILENCE, Repo
from tests.cli.conftest import Milepost, milepost, project

from milepost.adapters.blobs_folder import FolderBlobs
from milepost.adapters.git import Git
from milepost.adapters.git_away import AwayWorkspace, clear_away, trees
from milepost.adapters.git_bundles import LINK, BundleRoute
from milepost.errors import TransportRefused, WorkspaceUnavailable

__all__ = ["milepost", "project"]
NAME = "plan.md-1"


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    for name, value in SILENCE.items():
        monkeypatch.setenv(name, value)
    return Repo(tmp_path / "repo", a="a\n")


class Post:
    """A home that publishes what is at HEAD, and a worker's folder that brings it there."""

    def __init__(self, repo: Repo, folder: Path) -> None:
        self.repo = repo
        self.folder = folder
        self.blobs = FolderBlobs(folder.parent / "blobs", 10**9, own=True)
        self.home = BundleRoute(self.blobs, repo.root / ".milepost" / "bundles")

    def tree(self) -> dict[str, object]:
        base = self.repo.git("rev-parse", "HEAD").strip()
        own = {"name": NAME, "prefix": "", "base": base, "branches": {}}
        return {**own, **self.home.publish(Git(self.repo.root), NAME, base, {})}

    def workspace(self) -> AwayWorkspace:
        route = BundleRoute(self.blobs, self.folder / ".milepost" / "bundles")
        return AwayWorkspace(self.folder, "plan.md#1", self.tree(), route, "plan.md")


@pytest.fixture
def post(repo: Repo, tmp_path: Path) -> Post:
    (tmp_path / "worker").mkdir()
    return Post(repo, tmp_path / "worker")


def sizes(post: Post) -> list[int]:
    chain = json.loads((post.repo.root / ".milepost" / "bundles" / "chain.json").read_text())
    return [link["size"] for link in chain]


def test_a_chain_of_bundles_grows_by_what_is_new(post: Post) -> None:
    """A bundle below the limit is packed anew with what came; above it, what came gets a bundle of its own."""
    first = post.workspace()
    first.begin()
    assert len(sizes(post)) == 1
    post.repo.commit("b", b="b\n")
    post.workspace().begin()
    assert len(sizes(post)) == 1
    (post.repo.root / "noise").write_bytes(os.urandom(LINK))
    post.repo.commit("noise", c="c\n")
    post.repo.git("add", "noise")
    post.repo.git("commit", "-qm", "more noise")
    post.workspace().begin()
    assert len(sizes(post)) == 1
    assert sizes(post)[0] > LINK
    post.repo.commit("d", d="d\n")
    last = post.workspace()
    last.begin()
    large, small = sizes(post)
    assert large > LINK > 2000 > small  # so a worker that has the first need not fetch it again
    assert (last.enter("1.1", 1) / "d").read_text() == "d\n"
    assert (last.enter("1.2", 1) / "noise").stat().st_size == LINK


def test_bundles_that_were_deleted_are_packed_again(post: Post) -> None:
    post.workspace().begin()
    assert post.blobs.prune(1e12) > 0
    again = Post(post.repo, post.folder.with_name("other"))  # the next home, and a worker that has nothing yet
    again.folder.mkdir()
    workspace = again.workspace()
    workspace.begin()
    assert (workspace.enter("1.1", 1) / "a").read_text() == "a\n"


def test_a_cache_that_is_damaged_is_filled_again(post: Post) -> None:
    post.workspace().begin()
    for pack in (trees(post.folder) / "cache.git" / "objects").rglob("*"):
        if pack.is_file():
            pack.chmod(0o644)
            pack.unlink()
    workspace = post.workspace()
    workspace.begin()
    assert (workspace.enter("1.1", 1) / "a").read_text() == "a\n"


def test_worktrees_of_the_dead_are_removed_and_those_of_the_living_stay(post: Post) -> None:
    dead, living = post.workspace(), post.workspace()
    for workspace, task in ((dead, "1.1"), (living, "1.2")):
        workspace.begin()
        (workspace.enter(task, 1) / "b").write_text("b")
        workspace.keep(task, 1, "kept")
    for descriptor in dead._held:  # as when its process is killed
        os.close(descriptor)
    assert clear_away(post.folder, 0.0, dry_run=True) > 0
    assert dead.place("1.1", 1).exists()
    assert clear_away(post.folder, 0.0) > 0
    assert not dead.place("1.1", 1).exists()
    assert (living.place("1.2", 1) / "b").exists()
    assert (trees(post.folder) / "cache.git").exists()
    branches = living.repository.git("for-each-ref", "--format=%(refname)", "refs/heads").split()
    assert branches == [f"refs/heads/milepost/{NAME}/1.2/1"]
    clear_away(post.folder, 1e12)  # however old: somebody works with it
    assert (trees(post.folder) / "cache.git").exists()
    living.end("1.2", 1)
    clear_away(post.folder, 1e12)
    assert not (trees(post.folder) / "cache.git").exists()


def test_two_workers_on_a_machine_do_not_make_the_same_attempt(post: Post) -> None:
    ours, theirs = post.workspace(), post.workspace()
    ours.begin()
    theirs.begin()
    ours.enter("1.1", 1)
    with pytest.raises(WorkspaceUnavailable, match="another worker on this machine makes this attempt"):
        theirs.enter("1.1", 1)
    theirs.end("1.1", 1)
    ours.end("1.1", 1)


@pytest.mark.parametrize(
    "forged",
    [
        {"name": "../../home"},
        {"name": "a/b"},
        {"name": ".."},
        {"prefix": "../.."},
        {"prefix": "/etc"},
        {"base": "--upload-pack=x"},
        {"branches": {"main": "0" * 40}},
        {"branches": {"milepost/../x": "0" * 40}},
        {"branches": {"milepost/a/1": "HEAD"}},
    ],
)
def test_an_order_leads_nowhere_but_into_the_workers_folder(post: Post, forged: dict[str, object]) -> None:
    """Without a key anybody who reaches the server could have written it."""
    with pytest.raises(TransportRefused, match="would lead out of the worker's folder"):
        AwayWorkspace(post.folder, "plan.md#1", {**post.tree(), **forged}, post.home, "plan.md")


@pytest.mark.parametrize("digest", ["../../passwd", "/etc/passwd", "", "F" * 64])
def test_a_digest_leads_nowhere_but_into_the_store(post: Post, digest: str, tmp_path: Path) -> None:
    with pytest.raises(TransportRefused, match="no digest"):
        post.blobs.get(digest, tmp_path / "copy")


def test_a_shallow_clone_cannot_travel(post: Post, tmp_path: Path) -> None:
    post.repo.commit("b", b="b\n")
    post.repo.git("clone", "-q", "--depth", "1", post.repo.root.as_uri(), str(tmp_path / "shallow"))
    shallow = Git(tmp_path / "shallow")
    with pytest.raises(TransportRefused, match="the repository is a shallow clone"):
        post.home.publish(shallow, NAME, shallow.commit("HEAD"), {})


def test_gc_clears_away_what_travelled(milepost: Milepost, project: Path) -> None:
    blob = project / ".milepost" / "blobs" / "ab" / ("ab" * 32)
    log = project / ".milepost" / "runs" / "plan.md#1" / "tasks" / "1.1" / "1" / "output.log"
    for path in (blob, log):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * 2048)
    assert "travelled" not in milepost("gc").out  # it is new
    assert (
        "4 KiB would be freed that had travelled between machines"
        in milepost("gc", "--older-than", "0", "--dry-run").out
    )
    assert milepost("gc", "--older-than", "0", "--json").json["travelled_bytes"] == 4096
    assert not blob.exists()
    assert not log.exists()
