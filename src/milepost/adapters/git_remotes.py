"""Commits that travel by a git remote that the home and its workers reach.

Nothing of it shows among the remote's branches: what travels is below ``refs/milepost/RUN``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from milepost.adapters.git import Git, GitFailed
from milepost.errors import TransportRefused, TransportUnavailable

_TRUNK = "refs/trunk/"
_AWAY = re.compile(
    r"[Cc]ould not resolve|[Cc]onnection (?:refused|reset|timed out|closed)|timed out|unable to connect"
    r"|Failed to connect|Couldn't connect|Network is unreachable|No route to host|early EOF|hung up unexpectedly"
    r"|returned error: 5\d\d"
)
_PLAIN = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")
_ADDRESS = re.compile(r"[/:\\]")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")


class RemoteRoute:
    """How commits travel by the remote at an address, as the machine's own user may use it."""

    def __init__(self, address: str) -> None:
        self.address = address

    @property
    def place(self) -> str:
        """The address, for messages, without who we are there."""
        return _CREDENTIALS.sub("", self.address)

    def publish(self, git: Git, run: str, base: str, branches: Mapping[str, str]) -> dict[str, Any]:
        """Make a base, and branches (name → commit), available to workers; gives what they have to know."""
        moves = [f"+{base}:{_ref(run, 'base')}", *(f"+{tip}:{_work(run, name)}" for name, tip in branches.items())]
        self._asked(git, "push", "--quiet", "--no-verify", "--", self.address, *moves)
        return {"remote": True}

    def collect(self, git: Git, run: str, branch: str, parcel: Mapping[str, Any]) -> None:
        """Bring what a worker handed in into the repository."""
        self._asked(git, "fetch", *_PLAIN, "--", self.address, _work(run, branch))

    def bring(self, git: Git, tree: Mapping[str, Any]) -> None:
        """Bring an order's base and branches into a worker's cache."""
        base, run = tree["base"], tree["name"]
        if not git.commit(_TRUNK + base):
            self._asked(git, "fetch", *_PLAIN, "--", self.address, f"+{_ref(run, 'base')}:{_TRUNK}newest")
            if not git.contains(f"{_TRUNK}newest", base):
                raise TransportRefused(f"the git remote does not hold the commit {base}", place=self.place)
            git("update-ref", _TRUNK + base, base)
        for name, tip in tree["branches"].items():
            if not git.commit(tip):
                self._asked(git, "fetch", *_PLAIN, "--", self.address, f"+{_work(run, name)}:refs/heads/{name}")

    def hand_in(self, git: Git, run: str, branch: str, base: str) -> dict[str, Any]:
        """Make a branch available to the home; gives what that has to know."""
        tip = git.commit(f"refs/heads/{branch}")
        self._asked(git, "push", "--quiet", "--no-verify", "--", self.address, f"+{tip}:{_work(run, branch)}")
        return {"commit": tip, "bundle": "", "remote": True}

    def _asked(self, git: Git, *arguments: str) -> None:
        try:
            git("-c", "core.sshCommand=ssh -o BatchMode=yes -o ConnectTimeout=10", *arguments)
        except GitFailed as error:
            said = _CREDENTIALS.sub("", " ".join(str(error).split()))[:300]
            if _AWAY.search(said):
                raise TransportUnavailable(
                    f"the git remote cannot be reached: {said}", place=self.place, remedy="see to the network, or to it"
                ) from None
            raise TransportRefused(
                f"the git remote refuses: {said}",
                place=self.place,
                remedy="see that `remote` in [run] is right, and that git may read and write there without being asked",
            ) from None


def remote_address(remote: str, folder: Path) -> str:
    """The address of a remote that is given by its name, in the repository at a folder, or by itself.

    Raises:
        TransportRefused: there is no remote of that name.
    """
    if _ADDRESS.search(remote):
        return remote
    try:
        return Git(folder)("remote", "get-url", "--", remote).strip()
    except GitFailed:
        raise TransportRefused(
            f"there is no git remote `{remote}` here",
            place=str(folder),
            remedy="write its address as `remote` in [run]; a folder without a repository knows no names",
        ) from None


def _ref(run: str, name: str) -> str:
    return f"refs/milepost/{run}/{name}"


def _work(run: str, branch: str) -> str:
    return _ref(run, f"work/{branch.removeprefix(f'milepost/{run}/')}")
