"""A whole plan in another dialect."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from milepost.plan.blocks import BlockKind, parse_blocks
from milepost.plan.model import (
    Anchor,
    AnchorKind,
    Checkpoint,
    Criterion,
    Dependency,
    Plan,
    TaskState,
)
from milepost.plan.reader import read_plan
from milepost.plan.writing.arrangement import Arrangement, Group, Placed, arrange
from milepost.plan.writing.losses import Loss, foreign, losses
from milepost.plan.writing.styles import STYLES, Style
from milepost.plan.writing.tasks import body, box, head
from milepost.source import SourceText

_TOKEN = re.compile(r"(?<![\w.])[\w][\w.-]*[\w]|(?<![\w.])\w")
_PLAN_NOTES = re.compile(r"critical\s+path|paralleli[sz]able|parallel", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Written:
    """A plan in another dialect.

    ``names``: the new id of each task that has one. ``lost``: what cannot be read back from the text. ``foreign``:
    what can, by Milepost, while the dialect's own tools take it for mere text.
    """

    source: SourceText
    names: Mapping[str, str]
    lost: tuple[Loss, ...]
    foreign: tuple[str, ...]


def write_plan(plan: Plan, target: str, path: str = "") -> Written:
    """Write a plan in the style ``target`` (a key of ``STYLES``), read it back, and tell what did not survive."""
    style = STYLES[target]
    arrangement = arrange(plan, style)
    text = "\n".join(_Writer(plan, style, arrangement).lines()).strip("\n") + "\n"
    front = _front_matter(plan)
    source = SourceText(f"{front}\n\n{text}" if front else text, path=path)
    again = read_plan(source)
    if front and again.dialect != style.dialect:  # A tool's own front matter makes the text one of that tool's.
        source = SourceText(text, path=path)
        again = read_plan(source)
    lost = list(losses(plan, again, arrangement, style))
    if again.dialect != style.dialect:
        lost.append(Loss("what it looks like", (f"it is taken for {again.dialect}",)))
    return Written(source, arrangement.names, tuple(lost), tuple(foreign(plan, style)))


def _front_matter(plan: Plan) -> str:
    blocks = parse_blocks(plan.source.text).children if plan.source.text.startswith("---") else ()
    if not blocks or blocks[0].kind is not BlockKind.FRONT_MATTER or not plan.metadata:
        return ""
    return plan.source.slice(blocks[0].span).replace("\r\n", "\n").replace("\r", "\n")


@dataclass
class _Writer:
    """Writes the parts of a plan one after the other, each ended by an empty line."""

    plan: Plan
    style: Style
    arrangement: Arrangement
    waits: dict[str, list[Dependency]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = self.arrangement.names
        for one in self.plan.dependencies:
            if one.predecessor in names and one.successor in names:
                self.waits.setdefault(one.successor, []).append(one)

    def lines(self) -> Iterator[str]:
        plan, overview = self.plan, self.style.overview
        yield from (self.style.title.format(plan.title or "Plan"), "")
        if plan.purpose:
            yield from (f"> **Purpose:** {plan.purpose}", "")
        if overview:
            yield from ("---", "", "## Task Overview", "", "**Total Tasks:** [Number]  ")
            yield from ("**Estimated Time:** [Hours]  ", "**Status:** [Status]", "", "---", "", "## Task Breakdown", "")
        for group in self.arrangement.groups:
            yield from self._group(group)
        yield from self._checkpoints()
        yield from self._criteria()
        yield from self._assignments()
        yield from self._notes()
        if overview:
            yield from ("---", "", "**Last Updated:** [Date]  ", "**Progress:** [X/Y tasks complete]")

    def _group(self, group: Group) -> Iterator[str]:
        as_task = not self.style.phases and group.id is not None
        if as_task:
            state = _state([one.task.state for top in group.tasks for one in top.walk() if not one.parts])
            yield f"- {box(state)} {self.style.top_head.format(id=group.id, title=group.title)}"
        elif group.id is not None or (group.old is not None and not self.style.named):
            yield from (self.style.phases.format(id=group.id, title=group.title), "")
        for placed in group.tasks:
            yield from self._task(placed, depth=int(as_task), top=not as_task)
        if (group.tasks and not self.style.overview) or not group.tasks:
            yield ""

    def _task(self, placed: Placed, *, depth: int, top: bool) -> Iterator[str]:
        if not self.style.nests and placed.parts:
            yield from ("", f"**{placed.task.title}**", "")
            for part in placed.parts:
                yield from self._task(part, depth=depth, top=top)
            return
        task, margin = placed.task, "  " * depth
        yield f"{margin}- {head(task, placed.id, self.style, top=top)}"
        waits = self.waits.get(task.id, []) if self.plan.by_id[task.id] is task else []
        for line in body(task, waits, self.style, self.arrangement.names):
            yield f"{margin}  {line}"
        for part in placed.parts:
            yield from self._task(part, depth=depth + 1, top=False)
        if self.style.overview and depth == 0:
            yield ""

    def _checkpoints(self) -> Iterator[str]:
        if not self.plan.checkpoints:
            return
        if self.style.overview:
            yield from ("---", "")
        yield from ("## Checkpoints", "")
        for checkpoint in self.plan.checkpoints:
            yield f"### {self._bold(self._checkpoint(checkpoint))}"
            yield from (_criterion(criterion) for criterion in checkpoint.criteria)
            yield ""

    def _checkpoint(self, checkpoint: Checkpoint) -> str:
        anchor = self._anchor(checkpoint.anchor)
        named = checkpoint.name if re.search(r"checkpoint|gate", checkpoint.name, re.IGNORECASE) else "Checkpoint"
        return f"{named}: {anchor or checkpoint.title}".rstrip(": ")

    def _anchor(self, anchor: Anchor) -> str:
        """The words for an anchor, with the new ids; a phase that is a task is named as one."""
        ids = self.arrangement.phases if anchor.kind is AnchorKind.PHASE else self.arrangement.names
        named = [ids[one] for one in anchor.ids if one in ids]
        if anchor.kind is AnchorKind.COMPLETION:
            return anchor.text or "Before Completion"
        if not named or (not self.style.named and anchor.kind is AnchorKind.TASK):
            return ""
        is_phase = anchor.kind is AnchorKind.PHASE and bool(self.style.phases)
        word = "Phase" if is_phase else "Task"
        return f"After {word}{'s' if len(named) > 1 else ''} {', '.join(named)}"

    def _criteria(self) -> Iterator[str]:
        if self.plan.criteria:
            yield from ("## Acceptance Criteria", "", *(_criterion(one) for one in self.plan.criteria), "")

    def _assignments(self) -> Iterator[str]:
        rows = [row for row in self.plan.assignments if row.tasks] if self.style.named else []
        if not rows:
            return
        if self.style.overview:
            yield from ("---", "")
        yield from ("## Task Assignment", "", "| Task | Assigned To | Status | Notes |")
        yield "|------|-------------|--------|-------|"
        names = self.arrangement.names
        for row in rows:
            same = all(names.get(task) == task for task in row.tasks)
            ids = row.reference.text if same else ", ".join(names[task] for task in row.tasks if task in names)
            cells = (ids, row.assignee.text, row.status.text if row.status else "", row.notes.text if row.notes else "")
            yield f"| {' | '.join(cells)} |"
        yield ""

    def _notes(self) -> Iterator[str]:
        if not self.plan.notes:
            return
        if self.style.overview:
            yield from ("---", "")
        yield from ("## Notes", "")
        for note in self.plan.notes:
            text = self._renamed(note.text) if _PLAN_NOTES.search(note.label) else note.text
            yield f"- **{note.label}:** {text}" if note.label else f"- {text}"
        yield ""

    def _renamed(self, text: str) -> str:
        names = self.arrangement.names
        return _TOKEN.sub(lambda found: names.get(found.group(), found.group()), text)

    def _bold(self, text: str) -> str:
        return f"**{text}**" if self.style.overview else text


def _criterion(criterion: Criterion) -> str:
    mark = f"{box(criterion.checkbox.state, criterion.checkbox)} " if criterion.checkbox else ""
    command = f" `{criterion.command.text}`" if criterion.command and criterion.command.text != criterion.text else ""
    text = f"`{criterion.text}`" if criterion.command and not command else criterion.text
    return f"- {mark}{text}{command}"


def _state(states: list[TaskState]) -> TaskState:
    """The state of a task whose parts have some states."""
    if states and all(state is TaskState.DONE for state in states):
        return TaskState.DONE
    untouched = all(state is TaskState.NOT_STARTED for state in states)
    return TaskState.NOT_STARTED if untouched else TaskState.IN_PROGRESS
