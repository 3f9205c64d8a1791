"""Commits that travel as git bundles in a blob store.

The way to a run's base is a chain of bundles, each with what the one before lacks; the last one grows until it is
large enough to be left alone. A *manifest*, itself a blob, lists them, so that an order needs to name one digest only.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from milepost.adapters.git import Git
from milepost.app.documents import new_file_beside
from milepost.app.ports import BlobStore
from milepost.errors import TransportRefused

LINK = 256_000
"""Bytes from which on a bundle of the chain is left alone."""

_SENT = "refs/milepost/sent"
_TRUNK = "refs/trunk/"
_REMOTE = "have trees travel by a git remote: `remote` in [run]"


@dataclass(frozen=True, slots=True)
class Link:
    """A bundle of the chain: ``tip`` is the commit it leads to, ``bundle`` its digest, ``size`` its bytes."""

    tip: str
    bundle: str
    size: int


class BundleRoute:
    """How commits travel through a blob store; ``folder`` keeps the chain of this repository, and what is under way."""

    def __init__(self, blobs: BlobStore, folder: Path) -> None:
        self.blobs = blobs
        self.folder = folder
        self._seen: set[str] = set()

    # At home ------------------------------------------------------------------------------------------------------

    def publish(self, git: Git, run: str, base: str, branches: Mapping[str, str]) -> dict[str, Any]:
        """Make a base, and branches (name → commit), available to workers; gives what they have to know."""
        if git("rev-parse", "--is-shallow-repository").strip() == "true":
            raise TransportRefused(
                "the repository is a shallow clone: workers could make nothing of a history without its beginning",
                place=str(git.folder),
                remedy=f"`git fetch --unshallow`, or {_REMOTE}",
            )
        with self._alone(), self._scratch("manifest.json") as file:
            links = self._extended(git, self._links(), base)
            self._keep(links)
            file.write_text(json.dumps([asdict(link) for link in links]), "utf-8")
            manifest = self.blobs.put(file)
        more = self._packed(git, [f"refs/heads/{name}" for name in branches], [base]) if branches else None
        return {"manifest": manifest, "more": more.bundle if more else ""}

    def collect(self, git: Git, run: str, branch: str, parcel: Mapping[str, Any]) -> None:
        """Bring what a worker handed in into the repository.

        Raises:
            TransportRefused: it is not there, or damaged.
        """
        if parcel["bundle"]:
            with self._scratch("work.bundle") as file:
                self.blobs.get(parcel["bundle"], file)
                git("fetch", *_PLAIN, str(file), f"refs/heads/{branch}")

    def _extended(self, git: Git, links: list[Link], base: str) -> list[Link]:
        """The chain as it leads to a base."""
        while links and not (git.commit(links[-1].tip) and git.contains(base, links[-1].tip)):
            links = links[:-1]
        if not all(map(self._is_there, links)):
            links = []
        if links and links[-1].tip == base:
            return links
        if links and links[-1].size < LINK:
            links = links[:-1]
        git("update-ref", _SENT, base)
        new = self._packed(git, [_SENT], [link.tip for link in links[-1:]], base)
        git("update-ref", "-d", _SENT)
        return [*links, new] if new else links

    def _is_there(self, link: Link) -> bool:
        """Whether the store holds a bundle, which is asked once."""
        if link.bundle not in self._seen and self.blobs.size(link.bundle) is not None:
            self._seen.add(link.bundle)
        return link.bundle in self._seen

    def _packed(self, git: Git, refs: list[str], without: list[str], tip: str = "") -> Link | None:
        """Put a bundle of some references into the store; None when there is nothing to be packed."""
        reach = [*refs, *(f"^{commit}" for commit in without)]
        if not git("rev-list", "--max-count=1", *reach):
            return None
        with self._scratch("new.bundle") as file:
            git("bundle", "create", "--quiet", str(file), *reach)
            size = file.stat().st_size
            try:
                return Link(tip, self.blobs.put(file), size)
            except TransportRefused as error:
                raise TransportRefused(
                    f"the repository's files cannot travel: {error}",
                    place=self.blobs.place,
                    remedy=f"{error.remedy}, or {_REMOTE}",
                ) from None

    def _links(self) -> list[Link]:
        try:
            return [Link(**link) for link in json.loads((self.folder / "chain.json").read_text("utf-8"))]
        except (OSError, ValueError, TypeError):
            return []

    def _keep(self, links: list[Link]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = new_file_beside(self.folder / "chain.json")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump([asdict(link) for link in links], file)
        os.replace(temporary, self.folder / "chain.json")

    # At a worker --------------------------------------------------------------------------------------------------

    def bring(self, git: Git, tree: Mapping[str, Any]) -> None:
        """Bring an order's base and branches into a worker's cache.

        Raises:
            TransportRefused: something of it is not there, or damaged.
        """
        if not git.commit(_TRUNK + tree["base"]):
            self._follow(git, tree)
        if any(not git.commit(commit) for commit in tree["branches"].values()):
            with self._scratch("more.bundle") as file:
                self.blobs.get(tree["more"], file)
                git(
                    "fetch", *_PLAIN, str(file), *(f"+refs/heads/{name}:refs/heads/{name}" for name in tree["branches"])
                )

    def _follow(self, git: Git, tree: Mapping[str, Any]) -> None:
        """Fetch the bundles of a chain that the cache has not seen, up to the base."""
        with self._scratch("manifest.json") as file:
            self.blobs.get(tree["manifest"], file)
            links = [Link(**link) for link in json.loads(file.read_text("utf-8"))]
        known = [number for number, link in enumerate(links) if git.commit(_TRUNK + link.tip)]
        for link in links[known[-1] + 1 if known else 0 :]:
            with self._scratch("next.bundle") as file:
                self.blobs.get(link.bundle, file)
                git("fetch", *_PLAIN, str(file), f"+{_SENT}:{_TRUNK}{link.tip}")
        passed = {_TRUNK + link.tip for link in links}
        for ref in git("for-each-ref", "--format=%(refname)", _TRUNK).splitlines():
            if ref not in passed:
                git("update-ref", "-d", ref)

    def hand_in(self, git: Git, run: str, branch: str, base: str) -> dict[str, Any]:
        """Make a branch that grew out of a base available to the home; gives what that has to know.

        Raises:
            TransportRefused: it is too large.
        """
        tip = git.commit(f"refs/heads/{branch}")
        if not git("rev-list", "--max-count=1", tip, f"^{base}"):
            return {"commit": tip, "bundle": ""}
        with self._scratch("work.bundle") as file:
            git("bundle", "create", "--quiet", str(file), f"refs/heads/{branch}", f"^{base}")
            return {"commit": tip, "bundle": self.blobs.put(file)}

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Be the only one, of all runs of the repository, who looks after the chain."""
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.folder / "chain.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _scratch(self, name: str) -> Iterator[Path]:
        """A file to be, gone afterwards."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="under-way-", dir=self.folder) as folder:
            yield Path(folder) / name


_PLAIN = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")
