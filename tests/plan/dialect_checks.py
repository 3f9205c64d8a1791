"""What holds for every dialect: a tick changes one character, or the words that say a state, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from milepost.plan import edits
from milepost.plan.model import Plan, Task, TaskState
from milepost.plan.reader import read_plan
from milepost.source import SourceText, apply


def read(text: str, path: str = "tasks.md") -> Plan:
    return read_plan(SourceText(text, path=path))


def variants(text: str) -> Iterator[bytes]:
    """The document with other line ends, a byte order mark, tabs, no last line end, and bytes that are not UTF-8."""
    raw = text.encode()
    yield raw
    yield raw.replace(b"\n", b"\r\n")
    yield b"\xef\xbb\xbf" + raw
    yield raw.rstrip(b"\n")
    yield raw.replace(b"- [", b"-\t[")
    yield raw + b"\nEnd \xff\xfe \xe2\x98\x83\n"


def check_ticks(text: str, dialect: str) -> None:
    """Every task of every variant is read alike, and ticking it changes its mark and nothing else."""
    expected = [(task.id, task.parent, task.state) for task in read(text).tasks]
    assert expected
    for raw in variants(text):
        plan = read_plan(SourceText.from_bytes(raw))
        assert plan.dialect == dialect
        assert [(task.id, task.parent, task.state) for task in plan.tasks] == expected
        assert plan.source.to_bytes() == raw
        for task in plan.tasks:
            _check_tick(plan, task.id)


def _check_tick(plan: Plan, task_id: str) -> None:
    task = plan.by_id[task_id]
    wanted = TaskState.DONE if task.state is not TaskState.DONE else TaskState.NOT_STARTED
    if task.checkbox is None:
        _check_words(plan, task, wanted)
        return
    changed = apply(plan.source, edits.tick(plan, task_id, wanted))
    before, after = plan.source.to_bytes(), changed.to_bytes()
    assert len(before) == len(after)
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1
    assert read_plan(changed).by_id[task_id].state is wanted


def _check_words(plan: Plan, task: Task, wanted: TaskState) -> None:
    """A state in words is said in other words, in the same place; a heading without gets a line, any other task nothing."""
    changes = edits.tick(plan, task.id, wanted)
    if task.written is None and plan.dialect in {"headings", "bmad"} and task.id not in plan.parents:
        (inserted,) = changes
        assert inserted.span.start == inserted.span.end
        again = read_plan(apply(plan.source, changes), plan.dialect)
        assert {one.id: one.state for one in again.tasks} == {
            one.id: wanted if one.id == task.id else one.state for one in plan.tasks
        }
        return
    if task.written is None:
        assert changes == []
        return
    changed = apply(plan.source, changes)
    (change,) = changes
    before, after, span = plan.source.text, changed.text, change.span
    assert after.startswith(before[: span.start])
    assert after.endswith(before[span.end :])
    assert span.start <= task.written.span.start
    assert read_plan(changed).by_id[task.id].state is wanted
