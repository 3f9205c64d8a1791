"""Changes to the text of a plan that are shown first, and written only if the document is still the one shown."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from milepost.app.checks import Checked, Selection, check_document
from milepost.app.documents import read_document, unified_diff, update_document
from milepost.app.extracts import ticks_of
from milepost.errors import DocumentChanged, NoTasksFound, PlanInvalid, Refused, UsageError
from milepost.plan.model import Checkpoint, Plan, Task
from milepost.source import Diagnostic, Edit, Severity, SourceText, Span, apply

_NAMED = 3


class Replacement(NamedTuple):
    """A passage of the document, which must stand there exactly once, and what is to stand in its place."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change as it would be: both versions, what a check says afterwards that it did not say before.

    ``token`` stands for this change of this version of the document.
    """

    before: SourceText
    after: SourceText
    news: tuple[Diagnostic, ...]
    token: str

    @property
    def diff(self) -> str:
        """The change as ``diff -u`` shows it."""
        return unified_diff(self.before, self.after)


def propose(path: str, replacements: Sequence[Replacement], *, guards_too: bool = False) -> Proposal:
    """Work out a change of a plan, and write nothing.

    What guards the work (checkpoints, verifications, that a task is for people) may only be added to, unless
    ``guards_too``.

    Raises:
        PlanUnreadable: the plan cannot be read.
        UsageError: a passage stands there not at all or more than once, or nothing would change.
        Refused: the change would say of a task that it is done, or not, which is for the run to say; or take away
            what guards the work.
        PlanInvalid: it would bring errors that the plan does not have.
    """
    return _proposal(read_document(path), replacements, guards_too)


def carry_out(path: str, replacements: Sequence[Replacement], token: str, *, guards_too: bool = False) -> Proposal:
    """Write a change that was proposed. Raises what :func:`propose` raises.

    Raises:
        DocumentChanged: the document is not the one any more that the proposal was about, or the change another one.
        DocumentUnwritable: it cannot be written; nothing was changed.
    """
    done: list[Proposal] = []

    def change(source: SourceText) -> SourceText:
        if _token(source, replacements) != token:
            raise DocumentChanged(
                "the document or the edits are not those that were shown",
                place=path,
                remedy="call again without confirm, look at the new diff, and confirm that",
            )
        done[:] = [_proposal(source, replacements, guards_too)]
        return done[0].after

    update_document(path, change)
    return done[0]


def _proposal(before: SourceText, replacements: Sequence[Replacement], guards_too: bool) -> Proposal:
    if not replacements:
        raise UsageError("nothing is to be changed", remedy="give edits: [{old, new}]")
    after = apply(before, [_edit(before, one) for one in replacements])
    if after.text == before.text:
        raise UsageError("the plan would be the same as before", remedy="give a `new` that differs from its `old`")
    known, found = _checked(before), _check_after(after)
    _require_same_states(known, found)
    if known and not guards_too:
        _require_guards(known.plan, found.plan)
    had = {(one.code, one.message) for one in known.findings} if known else set()
    news = tuple(one for one in found.findings if (one.code, one.message) not in had)
    errors = [one for one in news if one.severity is Severity.ERROR]
    if errors:
        named = "; ".join(f"[{one.name}] {one.message}" for one in errors[:_NAMED])
        raise PlanInvalid(f"the plan would have new errors: {named}", place=before.path, remedy="change it otherwise")
    return Proposal(before, after, news, _token(before, replacements))


def _edit(source: SourceText, one: Replacement) -> Edit:
    if not one.old:
        raise UsageError("`old` is empty", remedy="give the passage that is to be replaced, a line before an insertion")
    start = source.text.find(one.old)
    if start < 0:
        raise UsageError(
            f"the plan does not say `{_short(one.old)}`",
            remedy="copy the passage exactly from get_plan with section `document`",
        )
    if source.text.find(one.old, start + 1) >= 0:
        raise UsageError(f"the plan says `{_short(one.old)}` more than once", remedy="give more of what stands around")
    return Edit(Span(start, start + len(one.old)), one.new)


def _checked(source: SourceText) -> Checked | None:
    try:
        return check_document(source, Selection())
    except NoTasksFound:
        return None


def _check_after(source: SourceText) -> Checked:
    try:
        return check_document(source, Selection())
    except NoTasksFound:
        raise PlanInvalid("the plan would have no task any more", place=source.path) from None


def _require_same_states(before: Checked | None, after: Checked) -> None:
    """Refuse a change that ticks a box, clears one, or brings a task that is done already."""
    said = dict(_states(before)) if before else {}
    for name, state in _states(after):
        if said.get(name, "") != state:
            raise Refused(
                f"the edit would change the state of task {name}; what was done is for the run to say",
                remedy="use complete_task, block_task or fail_task; new tasks begin with an empty box",
            )
    gone = [name for name, state in said.items() if state == "done" and name not in after.plan.by_id]
    if gone:
        raise Refused(f"the edit would take out task {gone[0]}, which is done", remedy="leave it; it is history")


def _require_guards(before: Plan, after: Plan) -> None:
    """Refuse a change that takes away or alters a checkpoint, a verification, or that a task is for people."""
    gates = {gate.id: gate for gate in after.checkpoints}
    for gate in before.checkpoints:
        now = gates.get(gate.id)
        if now is None or now.anchor != gate.anchor or not _wanted(gate) <= _wanted(now):
            raise _guarded(f"the edit would change {gate.name}")
    for name, task in before.by_id.items():
        other = after.by_id.get(name)
        for_people = task.human and not (other and other.human)
        if for_people or (other and not _verified_by(task) <= _verified_by(other)):
            raise _guarded(f"the edit would change who does task {name}, or what verifies it")


def _verified_by(task: Task) -> set[str]:
    return {command.text for command in task.verify}


def _wanted(gate: Checkpoint) -> set[tuple[str, str, str]]:
    """What a checkpoint asks for, and what its boxes say."""
    return {
        (one.text, one.command.text if one.command else "", one.checkbox.mark if one.checkbox else "")
        for one in gate.criteria
    }


def _guarded(message: str) -> Refused:
    return Refused(message, remedy="that is for people: tell the person you work for what should change, and why")


def _states(checked: Checked) -> list[tuple[str, str]]:
    """The tasks whose boxes say something, with what they say."""
    ticks = ticks_of(checked.plan)
    said = {"done": ticks.done, "deferred": ticks.deferred, "otherwise": ticks.otherwise}
    return [(name, state) for state, names in said.items() for name in names]


def _token(source: SourceText, replacements: Sequence[Replacement]) -> str:
    told = "\x00".join((source.digest, *(part for one in replacements for part in one)))
    return hashlib.blake2b(told.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"
