"""What the commands that act on a run need to know of a plan, kept so that an unchanged plan is not read again.

An extract holds for one text of the document, one set of settings and one version of Milepost; its key is a digest
of all three. It is kept in a folder of the user's own, so that no repository can bring one along. Whatever is wrong
with a kept extract, the plan is read instead.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from milepost import __version__
from milepost.app.kept_specs import KeptSpec
from milepost.app.kept_values import digest_of, from_bytes, sealed, to_bytes, unsealed
from milepost.app.private_files import PrivateFiles
from milepost.execution.policy import SpecPayload
from milepost.source.lazy_dataclass import lazy_dataclass

if TYPE_CHECKING:
    from milepost.app.settings import Settings
    from milepost.app.sheets import Sheet
    from milepost.execution.policy import RunSpec
    from milepost.plan.model import Plan
    from milepost.source import SourceText

_FORMAT = 7
_SUFFIX = ".extract"
_SPEC_SUFFIX = ".spec"
_PAYLOAD_SUFFIX = ".payload"


class Ticks(NamedTuple):
    """What the boxes of a document say: the tasks that are done, deferred, or marked otherwise; the rest is open.

    ``digest`` tells the document.
    """

    digest: str
    done: tuple[str, ...]
    deferred: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()


class Apart(NamedTuple):
    """Why a task of the plan takes no part in its runs, and what to do instead."""

    why: str
    remedy: str = ""


@lazy_dataclass(frozen=True)
class Extract:
    """What a run needs of a plan.

    ``apart`` has the tasks that take no part in runs, ``unread`` counts lines that look like tasks but are none,
    ``kept_spec`` is what its runs obey, ``sheet_json`` what a sheet of the plan says, if it has one.
    """

    title: str
    ticks: Ticks
    apart: Mapping[str, Apart]
    unread: int
    kept_spec: KeptSpec
    sheet_json: bytes = b""

    @property
    def spec(self) -> RunSpec:
        """What a run of the plan obeys."""
        return self.kept_spec.spec

    @cached_property
    def sheet(self) -> Sheet | None:
        """Where boxes and computed lines stand, if that is simple enough."""
        from milepost.app.sheets import Sheet

        try:
            return Sheet.from_bytes(self.sheet_json) if self.sheet_json else None
        except (LookupError, TypeError, ValueError):
            return None

    def to_bytes(self) -> bytes:
        """Give all but the specification as what :meth:`from_bytes` reads."""
        reasons = {name: tuple(reason) for name, reason in self.apart.items()}
        return to_bytes((self.kept_spec.digest, self.title, tuple(self.ticks), reasons, self.unread, self.sheet_json))

    @classmethod
    def from_bytes(cls, raw: bytes | memoryview, kept_spec: KeptSpec) -> Extract:
        """Build the extract that :meth:`to_bytes` described; any exception says that it is none."""
        wanted, title, ticks, apart, unread, sheet = from_bytes(raw)
        if wanted != kept_spec.digest:
            raise ValueError("the specification is that of another one")
        _ = kept_spec.spec  # now is the time to find that it is none
        reasons = {name: Apart(*reason) for name, reason in apart.items()}
        return cls(title, Ticks(*ticks), reasons, unread, kept_spec, sheet)


def ticks_of(plan: Plan) -> Ticks:
    """What the boxes of a plan say."""
    from milepost.plan.model import TaskState

    done = dict.fromkeys(task.id for task in plan.tasks if task.state is TaskState.DONE)
    marked: dict[bool, list[str]] = {True: [], False: []}
    for name, task in plan.by_id.items():
        if task.state not in (TaskState.DONE, TaskState.NOT_STARTED):
            marked[task.state is TaskState.DEFERRED].append(name)
    return Ticks(plan.source.digest, tuple(done), tuple(marked[True]), tuple(marked[False]))


def unread_lines(plan: Plan) -> int:
    """How many lines of a plan look like tasks but were not read."""
    from milepost.plan.coverage import unread_tasks

    return sum(1 for _ in unread_tasks(plan))


def extract(plan: Plan, settings: Settings, identity: str) -> Extract:
    """Take from a plan what its runs need.

    Raises:
        PlanInvalid: the dependencies form a cycle.
        SettingsInvalid: a task is assigned to a tier that is not configured.
    """
    from milepost.app.run_specs import build_run_spec

    spec = KeptSpec.of(build_run_spec(plan, settings, identity))
    return Extract(plan.title or "", ticks_of(plan), _apart(plan), unread_lines(plan), spec, _sheet_json(plan))


def carried_over(found: Extract, before: Plan, after: Plan) -> Extract | None:
    """The extract of a plan in which Milepost itself has changed the state of tasks, and nothing else.

    None when more is different: the plan has to be read for it.
    """
    if before.source.digest != found.ticks.digest or _outline(before) != _outline(after):
        return None
    return replace(found, ticks=ticks_of(after), sheet_json=_sheet_json(after))


def _sheet_json(plan: Plan) -> bytes:
    from milepost.app.sheets import sheet_of

    found = sheet_of(plan)
    return found.to_bytes() if found else b""


def _outline(plan: Plan) -> tuple[object, ...]:
    """What tells a plan from one of another shape, states aside."""
    tasks = [(task.id, task.title, task.optional, task.struck, task.parent) for task in plan.tasks]
    return tasks, [task.id for task in plan.required], plan.tiers, len(plan.dependencies), len(plan.checkpoints)


def _apart(plan: Plan) -> dict[str, Apart]:
    parts: dict[str, list[str]] = {}
    for task in plan.tasks:
        if task.parent and not task.struck:
            parts.setdefault(task.parent, []).append(task.id)
    found: dict[str, Apart] = {}
    for name, task in plan.by_id.items():
        if name in parts:
            found[name] = Apart(
                "is made of parts and done when they are", f"name one of them: {', '.join(parts[name])}"
            )
        elif task.struck:
            found[name] = Apart("is struck out")
        elif task.optional:
            remedy = "tick its box in the plan when it is done"
            found[name] = Apart("is optional and takes no part in runs", remedy)
    return found


def key(source: SourceText, settings: Settings, identity: str) -> str:
    """What tells an extract from any other: the document, the settings, the plan's name, and who takes it."""
    taken = "\n".join((f"{_FORMAT} {__version__}", source.digest, repr(settings), identity))
    return hashlib.sha256(taken.encode("utf-8", "surrogateescape")).hexdigest()


class ExtractStore:
    """Extracts in a folder that is the user's alone, the newest of each plan."""

    def __init__(self, folder: Path) -> None:
        self.files = PrivateFiles(folder)

    def get(self, path: str, wanted: str) -> Extract | None:
        """The extract of the plan at a path, if there is one with the key that is wanted, and whole."""
        name = _name(path)
        try:
            (known,), body = unsealed(self.files.read(name + _SUFFIX))
            if known != wanted:
                return None
            (digest,), rows = unsealed(self.files.read(name + _SPEC_SUFFIX))
            return Extract.from_bytes(body, KeptSpec(rows, digest))
        except Exception:  # whatever is wrong with it, the plan itself is there to be read
            return None

    def payload(self, path: str, kept_spec: KeptSpec) -> tuple[str, SpecPayload] | None:
        """The JSON text by which events know a specification of the plan at a path, and what it means."""
        try:
            text = self.files.read(_name(path) + _PAYLOAD_SUFFIX)
            right = digest_of(text) == kept_spec.digest
            return (text.decode("ascii"), SpecPayload(kept_spec.spec)) if right else None
        except (OSError, ValueError):  # then it is parsed where it is met
            return None

    def put(self, path: str, known: str, found: Extract, *, before: Extract | None = None) -> None:
        """Keep an extract under its key, if that can be; the specification of the one before need not be written."""
        name = _name(path)
        if before is None or before.kept_spec is not found.kept_spec:
            kept = found.kept_spec
            self.files.write(name + _PAYLOAD_SUFFIX, kept.payload)
            self.files.write(name + _SPEC_SUFFIX, sealed(kept.digest, kept.rows))
        self.files.write(name + _SUFFIX, sealed(known, found.to_bytes()))

    def prune(self, before: float, *, dry_run: bool = False) -> int:
        """Delete what was kept before a moment (seconds since 1970), and give how many bytes that frees."""
        return self.files.prune(before, dry_run=dry_run)


def _name(path: str) -> str:
    return hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()
