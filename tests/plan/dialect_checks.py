"""What holds for every dialect: a tick changes one character, whatever the line ends and marks of the document."""

from __future__ import annotations

from collections.abc import Iterator

from milepost.plan import edits
from milepost.plan.model import Plan, TaskState
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
    if task.checkbox is None:
        assert edits.tick(plan, task_id, TaskState.DONE) == []
        return
    wanted = TaskState.DONE if task.state is not TaskState.DONE else TaskState.NOT_STARTED
    changed = apply(plan.source, edits.tick(plan, task_id, wanted))
    before, after = plan.source.to_bytes(), changed.to_bytes()
    assert len(before) == len(after)
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1
    assert read_plan(changed).by_id[task_id].state is wanted
