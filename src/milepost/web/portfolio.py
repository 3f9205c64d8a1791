"""The plans that are served: found below the given paths, named for URLs, and kept in memory until they change."""

from __future__ import annotations

import os
import re
import threading
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from milepost.app.plan_files import find_plans
from milepost.app.stamps import Stamp, stamp_of
from milepost.bootstrap import Project, open_ledger, open_project
from milepost.errors import InputError, PlanUnreadable, UnknownName
from milepost.web.plan_view import PlanView
from milepost.web.shelf import Shelf

SCAN_SECONDS = 2.0
"""How old the list of plans may be before the folders are searched again."""

_PLAIN_NAMES = frozenset({"tasks", "plan", "implementation-plan", "backlog"})


@dataclass
class ServedPlan:
    """A plan that is served. ``id`` is for URLs, ``name`` its path below what is served; it stays in ``folder``."""

    id: str
    name: str
    path: str
    folder: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: tuple[Stamp, Project, Shelf] | None = None

    @contextmanager
    def opened(self) -> Iterator[PlanView]:
        """Look at the plan as it is now, in the present thread; what it was read to be is shared with other threads.

        Raises:
            InputError: the document or its settings cannot be read; PlanUnreadable where it is gone.
        """
        project, shelf = self._current()
        mine = project.again()
        try:
            yield PlanView(self.id, self.name, mine, shelf)
        finally:
            mine.close()

    def require_ledger(self) -> None:
        """Check that the ledger of the plan's project answers.

        Raises:
            LedgerUnavailable: it does not.
        """
        _, ledger = open_ledger(self.path)
        try:
            ledger.streams("\0")
        finally:
            ledger.close()

    def _current(self) -> tuple[Project, Shelf]:
        self._require_inside()
        stamp = stamp_of(self.path)
        with self._lock:
            if self._kept is not None and self._kept[0] == stamp:
                return self._kept[1:]
            self._kept = None
            project, shelf = open_project(self.path), Shelf()
            _ = project.plan
            if stamp.settled(time.time_ns()):
                self._kept = stamp, project, shelf
            return project, shelf

    def _require_inside(self) -> None:
        """Check that the document has not become a link out of the folder that is served."""
        if not _inside(self.path, self.folder):
            raise PlanUnreadable("it lies outside of the folder that is served", place=self.name)


class Portfolio:
    """All plans below some paths: files, folders of tasks, or folders to search. Used from many threads.

    Plans that appear are found, plans that go away are dropped, at most ``SCAN_SECONDS`` later.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        """Serve what these paths hold.

        Raises:
            InputError: one of them is not there, or the settings that say what to leave out cannot be read.
        """
        self.paths = tuple(dict.fromkeys(os.path.abspath(path) for path in paths))
        for path, shown in zip(self.paths, dict.fromkeys(paths), strict=False):
            if not os.path.exists(path):
                raise InputError(
                    "there is no such file or folder", place=shown, remedy="name plans, or a folder of them"
                )
        self._lock = threading.Lock()
        self._plans: dict[str, ServedPlan] = {}
        self._scanned = float("-inf")

    def plans(self) -> list[ServedPlan]:
        """The plans there are, in the order of their ids."""
        with self._lock:
            if time.monotonic() - self._scanned > SCAN_SECONDS:
                self._scan()
                self._scanned = time.monotonic()
            return list(self._plans.values())

    def find(self, plan_id: str) -> ServedPlan:
        """The plan of an id.

        Raises:
            UnknownName: there is none, or none any more.
        """
        known = self._plans.get(plan_id)
        if known is not None and os.path.exists(known.path):
            return known
        self._scanned = float("-inf") if known is not None else self._scanned
        found = next((plan for plan in self.plans() if plan.id == plan_id), None)
        if found is None:
            raise UnknownName(f"no plan is served as {plan_id}", remedy="GET /api/v1/plans lists those that are")
        return found

    @contextmanager
    def opened(self, plan_id: str) -> Iterator[PlanView]:
        """Look at the plan of an id; raises as :meth:`find` and :meth:`ServedPlan.opened` do."""
        with self.find(plan_id).opened() as view:
            yield view

    def _scan(self) -> None:
        before = {plan.path: plan for plan in self._plans.values()}
        found: dict[str, ServedPlan] = {}
        for path, folder, name in sorted(_search(self.paths), key=lambda each: each[2]):
            known = before.get(path)
            if known is None:
                shown = name if "/" in name else f"{Path(path).parent.name}/{name}"
                known = ServedPlan(_unused(slug(shown), name, found), name, path, folder)
            found[known.id] = known
        self._plans = dict(sorted(found.items()))


def slug(name: str) -> str:
    """A path as one part of a URL: ``specs/login/tasks.md`` is ``specs-login``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    parts = [re.sub(r"[^a-z0-9]+", "-", part).strip("-") for part in re.sub(r"\.(md|json)$", "", plain).split("/")]
    while len(parts) > 1 and parts[-1] in _PLAIN_NAMES:
        parts.pop()
    return "-".join(part for part in parts if part)[:80].strip("-") or "plan"


def _unused(wanted: str, name: str, used: dict[str, ServedPlan]) -> str:
    return wanted if wanted not in used else f"{wanted}-{sha256(os.fsencode(name)).hexdigest()[:8]}"


def _search(paths: Sequence[str]) -> Iterator[tuple[str, Path, str]]:
    """Each plan's path, the folder it must stay in, and its name below what is served."""
    seen: set[str] = set()
    shared = os.path.commonpath(paths) if len(paths) > 1 else paths[0]
    base = shared if os.path.isdir(shared) else os.path.dirname(shared)
    for served in paths:
        folder = Path(os.path.realpath(served if os.path.isdir(served) else os.path.dirname(served)))
        try:
            plans = find_plans(served)
        except PlanUnreadable:
            continue  # an empty folder: plans may come
        for path in plans:
            path = os.path.abspath(path)
            if path not in seen and os.path.exists(path) and (path == served or _inside(path, folder)):
                seen.add(path)
                yield path, folder, Path(os.path.relpath(path, base)).as_posix()


def _inside(path: str, folder: Path) -> bool:
    real = os.path.realpath(path)
    return real == str(folder) or real.startswith(f"{folder}{os.sep}".replace("//", "/"))
