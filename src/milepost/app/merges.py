"""Plans merged: two branches that tick different tasks agree, and lines that are computed are computed again.

Boxes and computed lines are taken out of the dispute before the texts are merged: a box that one side changed is as
that side says, a box that both changed shows the work that is further along, and what is derived from boxes is
derived from the merged ones. What is left, people's own words, is merged line by line as git does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from milepost.app.projection import project
from milepost.app.suggestions import in_shell
from milepost.errors import MilepostError, PlanInvalid
from milepost.plan.conflicts import conflicts, hunks
from milepost.plan.edits import set_assignment_status, set_header, tick, tick_criterion
from milepost.plan.model import ClaimKind, Plan, TaskState
from milepost.plan.reader import read_plan
from milepost.source import Edit, SourceText, Span, apply

COMPUTED = (
    ClaimKind.TOTAL_TASKS,
    ClaimKind.ESTIMATED_TIME,
    ClaimKind.STATUS,
    ClaimKind.PROGRESS,
    ClaimKind.LAST_UPDATED,
)
_FURTHER = (TaskState.NOT_STARTED, TaskState.DEFERRED, TaskState.IN_PROGRESS, TaskState.BLOCKED, TaskState.DONE)
_Box = tuple[str, int]  # a task and -1, or a checkpoint and the number of a criterion


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged document; ``conflicts`` counts the places where people's own words disagree."""

    source: SourceText
    conflicts: int


def merge(base: SourceText, ours: SourceText, theirs: SourceText, today: str) -> Merged:
    """Merge two descendants of a document. ``today`` is an ISO date.

    Raises:
        MilepostError: git is not there to merge the words.
    """
    plans = [read_plan(source) for source in (base, ours, theirs)]
    boxes = _merged_boxes(*(_boxes(plan) for plan in plans))
    settled = [_settle(plan, boxes, plans[1]) for plan in plans]
    text, left = _merge_words(*settled)
    merged = SourceText(text, path=ours.path, bom=ours.bom)
    return Merged(merged if left else project(merged, None, today), left)


def repair(source: SourceText, today: str) -> Merged:
    """Resolve the conflict markers git left around boxes and computed lines; others stay, and are counted."""
    left = 0
    pieces: list[str] = []
    cursor = 0
    for hunk in hunks(source):
        pieces.append(source.text[cursor : hunk.start()])
        resolved = _resolve(hunk["ours"], hunk["theirs"])
        left += resolved is None
        pieces.append(hunk.group() if resolved is None else resolved)
        cursor = hunk.end()
    pieces.append(source.text[cursor:])
    repaired = source.with_text("".join(pieces))
    return Merged(repaired if left else project(repaired, None, today), left)


def require_no_conflicts(source: SourceText) -> None:
    """Refuse a document in which git left a conflict: what stands there twice can be read in no good way.

    Raises:
        PlanInvalid: there is one.
    """
    found = conflicts(source)
    if found:
        raise PlanInvalid(
            "the plan holds git's conflict markers",
            place=place_of(source, found[0]),
            remedy=f"`milepost sync {in_shell(source.path)} --repair` resolves those around boxes and computed lines",
        )


def place_of(source: SourceText, span: Span) -> str:
    """Path and line of a place in a document."""
    file, where = source.locate(span)
    return f"{file.path}:{file.position(where.start).line}"


def _boxes(plan: Plan) -> dict[_Box, TaskState]:
    found = {(task.id, -1): task.state for task in plan.by_id.values() if task.checkbox}
    for checkpoint in plan.checkpoints:
        for index, criterion in enumerate(checkpoint.criteria):
            if criterion.checkbox:
                found[checkpoint.id, index] = criterion.checkbox.state
    return found


def _merged_boxes(
    base: Mapping[_Box, TaskState], ours: Mapping[_Box, TaskState], theirs: Mapping[_Box, TaskState]
) -> dict[_Box, TaskState]:
    """Each box as the side says that changed it; changed by both, as the one further along."""
    merged: dict[_Box, TaskState] = {}
    for box in {**ours, **theirs}:
        one, other = ours.get(box), theirs.get(box)
        if one is None or other is None or one is other:
            merged[box] = one or other or TaskState.NOT_STARTED
        elif base.get(box) in (one, other):
            merged[box] = other if base[box] is one else one
        else:
            merged[box] = max(one, other, key=_progress)
    return {box: state for box, state in merged.items() if state is not TaskState.UNKNOWN}


def _progress(state: TaskState) -> int:
    return _FURTHER.index(state) if state in _FURTHER else -1


def _settle(plan: Plan, boxes: Mapping[_Box, TaskState], model: Plan) -> str:
    """Give a document the merged boxes, and the computed lines of the model, so that no side differs there."""
    edits: list[Edit] = []
    for (name, index), state in boxes.items():
        if index < 0:
            edits += tick(plan, name, state) if name in plan.by_id else []
        elif any(item.id == name and index < len(item.criteria) for item in plan.checkpoints):
            edits += tick_criterion(plan, name, index, state)
    for kind in COMPUTED:
        wanted = model.claim(kind)
        edits += set_header(plan, kind, wanted.text) if wanted else []
    rows = {row.reference.text: row.status.text for row in model.assignments if row.status}
    for row in plan.assignments:
        edits += set_assignment_status(plan, row, rows.get(row.reference.text, row.status.text if row.status else ""))
    return apply(plan.source, edits).text


def _merge_words(base: str, ours: str, theirs: str) -> tuple[str, int]:
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
            paths.append(Path(folder) / name)
            paths[-1].write_bytes(text.encode("utf-8", "surrogateescape"))
        try:
            done = subprocess.run(
                ["git", "merge-file", "-p", "-L", "ours", "-L", "base", "-L", "theirs", *map(str, paths)],
                capture_output=True,
                check=False,
            )
        except OSError as error:
            raise MilepostError(f"git cannot be run: {error.strerror}", remedy="install git") from None
    if not 0 <= done.returncode < 128:
        raise MilepostError(f"git could not merge: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done.stdout.decode("utf-8", "surrogateescape"), done.returncode


_END = r"(?:\r\n|\n|\r|\Z)"
_LINE = re.compile(rf"[^\r\n]*{_END}")
_MARK = re.compile(r"^(\s*(?:[-*+]|\d+[.)])\s+\[)(.)(\])")
_COMPUTED_LINE = re.compile(
    r"^\s*(?:[-*>]\s+)?\**(?:Total Tasks|Estimated Time|Status|Progress|Last Updated):?\**:?", re.IGNORECASE
)


def _resolve(ours: str, theirs: str) -> str | None:
    """The lines both sides mean, when they differ in nothing but boxes, computed lines and table rows' status."""
    one, other = _lines(ours), _lines(theirs)
    if len(one) != len(other):
        return None
    resolved = [_resolve_line(*pair) for pair in zip(one, other, strict=True)]
    return None if None in resolved else "".join(line for line in resolved if line is not None)


def _resolve_line(one: str, other: str) -> str | None:
    if one == other:
        return one
    mine, theirs = _MARK.match(one), _MARK.match(other)
    if mine and theirs and _MARK.sub(r"\1 \3", one) == _MARK.sub(r"\1 \3", other):
        return _further_line(one, mine.group(2), other, theirs.group(2))
    if _COMPUTED_LINE.match(one) and _same(_COMPUTED_LINE, one, other):
        return one
    cells, others = one.split("|"), other.split("|")
    differing = [pair for pair in zip(cells, others, strict=False) if pair[0].strip() != pair[1].strip()]
    if len(cells) == len(others) > 3 and len(differing) == 1 and all(map(_is_status, differing[0])):
        return one
    return None


def _further_line(one: str, mark: str, other: str, other_mark: str) -> str:
    order = " >-~/!xX"
    return one if order.find(mark) >= order.find(other_mark) else other


def _same(pattern: re.Pattern[str], one: str, other: str) -> bool:
    first, second = pattern.match(one), pattern.match(other)
    return first is not None and second is not None and first.group() == second.group()


def _is_status(cell: str) -> bool:
    from milepost.lint.status import read_status

    return read_status(cell.strip()) is not None


def _lines(text: str) -> list[str]:
    return [line for line in _LINE.findall(text) if line]


def install(run: Callable[[Iterable[str]], str], attributes: Path, patterns: Iterable[str]) -> list[str]:
    """Register the merge driver with a repository, and give what was added to its attributes.

    ``run`` executes git with arguments, ``attributes`` is the ``.gitattributes`` file, ``patterns`` its plans.
    """
    run(["config", "merge.milepost.name", "merge of Markdown plans"])
    run(["config", "merge.milepost.driver", "milepost merge-driver %O %A %B %P"])
    known = attributes.read_text("utf-8", "surrogateescape") if attributes.exists() else ""
    wanted = [f"{pattern} merge=milepost" for pattern in patterns]
    missing = [line for line in wanted if line not in known.split("\n")]
    if missing:
        glue = "" if not known or known.endswith("\n") else "\n"
        attributes.write_text(known + glue + "\n".join(missing) + "\n", "utf-8", "surrogateescape")
    return missing
