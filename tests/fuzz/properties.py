"""What has to hold for any bytes: reading never raises, nothing gets lost, an edit touches only its span."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from milepost.errors import MeaningWouldChange
from milepost.plan.edits import set_assignment_status, set_header, tick, tick_criterion, tick_step
from milepost.plan.formatting import format_source
from milepost.plan.model import ClaimKind, Plan, Step, TaskState
from milepost.plan.reader import read_plan
from milepost.source import Edit, SourceText, apply

WRITABLE = tuple(state for state in TaskState if state is not TaskState.UNKNOWN)

_FEW = 3


def check(raw: bytes, *, formats: bool = True) -> None:
    """Check everything that holds for any document; formatting, which reads it many times, only if wanted."""
    source = SourceText.from_bytes(raw, path="tasks.md")
    assert source.to_bytes() == raw
    plan = read_plan(source)
    assert plan.source.to_bytes() == raw
    for edits in all_edits(plan):
        only_their_spans(plan.source, edits)
    if formats:
        comes_to_rest(source)


def comes_to_rest(source: SourceText) -> None:
    """A document in canonical form is formatted no further."""
    try:
        after = format_source(source)
    except MeaningWouldChange:
        return
    assert format_source(after).text == after.text


def all_edits(plan: Plan) -> Iterator[Sequence[Edit]]:
    """Edits of every kind, of the first few places each."""
    for task in plan.tasks[:_FEW]:
        if task is plan.by_id[task.id]:
            yield from (tick(plan, task.id, state) for state in WRITABLE)
            yield from (tick_step(step, TaskState.DONE) for step in _steps(task.steps[:_FEW]))
    for checkpoint in plan.checkpoints[:_FEW]:
        for index in range(len(checkpoint.criteria[:_FEW])):
            yield tick_criterion(plan, checkpoint.id, index, TaskState.DONE)
    yield from (set_header(plan, kind, "2 | done\r\n`x`") for kind in ClaimKind)
    for place in range(len(plan.assignments[:_FEW])):
        yield set_assignment_status(plan, place, "Done | 深い")


def _steps(steps: Sequence[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from step.steps[:_FEW]


def only_their_spans(before: SourceText, edits: Sequence[Edit]) -> SourceText:
    """Carry edits out; every byte outside their spans is still there, in its place."""
    after = apply(before, edits)
    ordered = sorted(dict.fromkeys(edits), key=lambda edit: edit.span)
    cursor_before = cursor_after = 0
    for span, replacement in ordered:
        kept = before.text[cursor_before : span.start]
        assert after.text[cursor_after : cursor_after + len(kept) + len(replacement)] == kept + replacement
        cursor_before, cursor_after = span.end, cursor_after + len(kept) + len(replacement)
    assert after.text[cursor_after:] == before.text[cursor_before:]
    assert after.bom == before.bom
    return after
