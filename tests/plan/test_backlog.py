from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.plan.edits import tick, tick_step
from milepost.plan.formats.backlog import is_task_file
from milepost.plan.formats.front_matter import read_front_matter
from milepost.plan.model import ObservationKind, Plan, TaskState
from milepost.plan.reader import read_plan
from milepost.source import Edit, JoinedText, SourceText, Span, apply

TASK = """\
---
id: task-12
title: 'Parser: don''t crash'
status: In Progress
assignee:
  - '@ann'
  - bob
created_date: '2026-01-02 10:00'
labels: [parser, "bug fix"]
dependencies:
  - task-3
priority: high
custom: {kept: as it is}
---

## Description

<!-- SECTION:DESCRIPTION:BEGIN -->
Empty input must
not crash.
<!-- SECTION:DESCRIPTION:END -->

## Acceptance Criteria
<!-- AC:BEGIN -->
- [x] #1 Empty file
- [ ] #2 Only blanks
  - [ ] tabs
<!-- AC:END -->

```
- [ ] no criterion
```
"""


def task(number: str, status: str = "To Do", *, more: str = "", prefix: str = "task") -> str:
    return f"---\nid: {prefix}-{number}\ntitle: Task {number}\nstatus: {status}\n{more}dependencies: []\n---\n\nText.\n"


def folder(**files: str) -> JoinedText:
    """Documents by their path below ``backlog``; ``__`` stands for a slash."""
    return JoinedText(
        [SourceText(text, path=f"backlog/{name.replace('__', '/')}.md") for name, text in files.items()],
        path="backlog",
    )


def edges(plan: Plan) -> list[tuple[str, str]]:
    return [(one.predecessor, one.successor) for one in plan.dependencies]


def test_one_file_is_a_plan_of_one_task() -> None:
    source = SourceText(TASK)
    plan = read_plan(source)
    (one,) = plan.tasks
    assert (plan.dialect, one.id, one.title, one.state) == (
        "backlog",
        "task-12",
        "Parser: don't crash",
        TaskState.IN_PROGRESS,
    )
    assert (one.owner, one.priority) == ("@ann, bob", "high")
    assert [(step.text, step.checkbox.mark if step.checkbox else None) for step in one.steps] == [
        ("Empty input must not crash.", None),
        ("Empty file", "x"),
        ("Only blanks", " "),
    ]
    assert [step.text for step in one.steps[2].steps] == ["tabs"]
    # Criteria are no tasks, and what the task waits for is in another file: nothing to accuse.
    assert len(plan.required) == 1
    assert plan.observations == ()
    assert one.id_span
    assert one.written
    assert source.slice(one.id_span) == "task-12"
    assert source.slice(one.written.span) == "In Progress"
    assert {field.key: field.value for field in one.fields}["labels"] == "parser, bug fix"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("To Do", TaskState.NOT_STARTED),
        ('"To Do"', TaskState.NOT_STARTED),
        ("Done", TaskState.DONE),
        ("'In Progress'", TaskState.IN_PROGRESS),
        ("Completed", TaskState.DONE),
        ("Blocked  # waits", TaskState.BLOCKED),
        ("", TaskState.NOT_STARTED),
    ],
)
@pytest.mark.parametrize("style", ["lf", "crlf", "bom", "bytes", "open"])
def test_a_changed_status_changes_nothing_else(status: str, state: TaskState, style: str) -> None:
    text = TASK.replace("status: In Progress", f"status: {status}".rstrip())
    raw = {
        "lf": text.encode(),
        "crlf": text.replace("\n", "\r\n").encode(),
        "bom": b"\xef\xbb\xbf" + text.encode(),
        "bytes": text.encode().replace(b"Empty", b"\xfe\xff \xe4\xb8\xad\xd7\x90"),
        "open": text.rstrip("\n").encode(),
    }[style]
    source = SourceText.from_bytes(raw)
    plan = read_plan(source)
    assert plan.tasks[0].state is state
    changed = apply(source, tick(plan, "task-12", TaskState.DONE))
    bare = status.partition("#")[0].strip().strip("\"'")
    if state is TaskState.DONE:
        assert changed.to_bytes() == raw
    else:
        # A quoted word stays quoted, a comment stays; where nothing stood there is a blank before the word now.
        before = f"status: {status}".rstrip().encode()
        after = before.replace(bare.encode(), b"Done") if bare else b"status: Done"
        assert changed.to_bytes() == raw.replace(before, after, 1)
    assert read_plan(changed).tasks[0].state is TaskState.DONE


def test_a_criterion_is_ticked_where_it_stands() -> None:
    source = folder(tasks__a=task("1"), tasks__b=TASK)
    plan = read_plan(source)
    step = plan.by_id["task-12"].steps[2]
    changed = apply(source, tick_step(step, TaskState.DONE))
    assert isinstance(changed, JoinedText)
    assert changed.parts[0].text == task("1")
    assert changed.parts[1].text == TASK.replace("- [ ] #2", "- [x] #2")


def test_a_folder_is_one_plan() -> None:
    source = folder(
        tasks__one=task("1", more="dependencies:\n  - TASK-2\n  - '3'\nmilestone: m-1\n").replace(
            "dependencies: []\n", ""
        ),
        tasks__two=task("2", "Done"),
        tasks__part=task("2.1"),
        tasks__other=task("4", more="parent_task_id: '2'\n"),
        tasks__readme="# About this folder\n\n- [ ] no task\n",
        completed__three=task("3", "Done"),
        archive__tasks__nine=task("9"),
    )
    plan = read_plan(source)
    assert [one.id for one in plan.tasks] == ["task-1", "task-2", "task-2.1", "task-4", "task-3"]
    # Ids are found whatever their case, and a bare number takes the prefix of the file's own id.
    assert edges(plan) == [("task-2", "task-1"), ("task-3", "task-1")]
    # A parent is named, or follows from the number.
    assert {one.id: one.parent for one in plan.tasks if one.parent} == {"task-2.1": "task-2", "task-4": "task-2"}
    assert [(phase.id, phase.tasks) for phase in plan.phases] == [("m-1", ("task-1",))]
    assert plan.observations == ()


def test_only_ids_that_are_nowhere_in_a_folder_are_unknown() -> None:
    waiting = task("1", more="dependencies: [task-9, task-77]\n").replace("dependencies: []\n", "")
    source = folder(tasks__one=waiting, archive__tasks__nine=task("9"))
    plan = read_plan(source)
    assert [(one.kind, one.text) for one in plan.observations] == [(ObservationKind.UNKNOWN_TASK, "task-77")]
    document, span = source.locate(plan.observations[0].span)
    assert (document.path, document.slice(span)) == ("backlog/tasks/one.md", "task-77")


def test_two_files_with_one_id_are_noticed() -> None:
    plan = read_plan(folder(tasks__a=task("1"), tasks__b=task("1", prefix="TASK")))
    assert [(one.kind, one.text) for one in plan.observations] == [(ObservationKind.DUPLICATE_ID, "TASK-1")]


def test_states_are_said_in_the_words_of_the_folder() -> None:
    source = folder(a=task("1"), b=task("2", "Complete"), c=task("3", "Complete"), d=task("4", "Done"))
    changed = apply(source, tick(read_plan(source), "task-1", TaskState.DONE))
    assert isinstance(changed, JoinedText)
    # Two files say Complete and one says Done.
    assert changed.parts[0].text == task("1", "Complete")
    assert [part.text for part in changed.parts[1:]] == [part.text for part in source.parts[1:]]
    # No file says blocked, and Backlog.md has no word for it: nothing is written that its tool would not know.
    assert tick(read_plan(source), "task-1", TaskState.BLOCKED) == []


UNHEADED = """\
# Task 11.2: Split the reader

**Status:** ✅ COMPLETE
**Dependencies:** task-epic-11.1 (tests)
**Estimated Effort:** 2 hours

- [x] One file each
"""


def test_a_task_file_without_front_matter() -> None:
    source = SourceText(UNHEADED, path="backlog/tasks/task-epic-11.2-Split-the-reader.md")
    (one,) = read_plan(source).tasks
    assert (one.id, one.title, one.state) == ("task-epic-11.2", "Split the reader", TaskState.DONE)
    assert one.effort
    assert one.effort.likely == 2 * 3600
    assert not is_task_file(SourceText(UNHEADED, path="specs/tasks.md"))


@pytest.mark.parametrize(
    "front",
    [
        "title: A feature\nstatus: draft",  # no id
        "id: 7\ntitle: A page\nstatus: draft",  # an id of another kind
        "id: task-1\nlabels: []",  # no title
        "- a\n- list",
        "",
    ],
)
def test_other_front_matter_makes_no_task(front: str) -> None:
    source = SourceText(f"---\n{front}\n---\n\n- [ ] **1.1** Do it\n")
    assert not is_task_file(source)
    assert read_plan(source).dialect != "backlog"


@pytest.mark.parametrize(
    ("yaml", "values"),
    [
        ("k: plain text # comment", ["plain text"]),
        ("k: with#hash", ["with#hash"]),
        ('k: "a \\"b\\""', ['a "b"']),
        ("k: 'it''s'", ["it's"]),
        ("k: [a, 'b, c', \"d\"]", ["a", "b, c", "d"]),
        ("k: []", []),
        ("k:\n  - a\n  - 'b'", ["a", "b"]),
        ("k:\n- a", ["a"]),
        ("k: >-\n  two\n  lines", ["two lines"]),
        ("k: two\n  lines", ["two lines"]),
        ("k: [a,\n  b]", ["a", "b"]),
        ("k:\n  - >-\n    folded\n    item\n  - next", ["folded item", "next"]),
        ("k: '一, 二'", ["一, 二"]),
        ("k:", []),
    ],
)
def test_front_matter(yaml: str, values: list[str]) -> None:
    text = f"---\nfirst: 1\n{yaml}\nlast: 2\n---\nBody\n"
    front = read_front_matter(text)
    assert front
    assert [value.text for value in front.texts("k")] == values
    assert (front.text("first"), front.text("last")) == ("1", "2")
    assert text[front.end :].strip() == "Body"


@given(st.text(alphabet="-k: []'\"\n\r\t>#,aä\\", max_size=60))
def test_any_front_matter_is_read_without_fail(inner: str) -> None:
    text = f"---\n{inner}\n---\n"
    front = read_front_matter(text)
    for entry in front.entries.values() if front else ():
        assert text[entry.span.start :].startswith(entry.key)
        assert all(0 <= value.span.start <= value.span.end <= len(text) for value in entry.values)


@given(st.data())
def test_a_damaged_task_is_read_without_fail(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(TASK)))
    end = data.draw(st.integers(start, min(start + 30, len(TASK))))
    source = SourceText(TASK[:start] + data.draw(st.text(max_size=3)) + TASK[end:])
    plan = read_plan(source)
    for one in plan.tasks:
        if one.written:
            assert source.slice(one.written.span).split() == one.written.text.split()


PARTS = st.lists(st.text(st.characters(exclude_characters="\x00")), max_size=5)


@given(PARTS)
def test_a_joined_text_can_be_cut_apart_again(texts: list[str]) -> None:
    source = JoinedText([SourceText(text, path=str(place)) for place, text in enumerate(texts)])
    for place, text in enumerate(texts):
        edit = Edit(Span(source.starts[place], source.starts[place]), "+")
        changed = apply(source, [edit])
        assert isinstance(changed, JoinedText)
        assert [part.text for part in changed.parts] == [*texts[:place], "+" + text, *texts[place + 1 :]]
        document, span = source.locate(Span(source.starts[place], source.starts[place] + len(text)))
        assert (document.path, document.slice(span)) == (str(place), text)


def test_what_cannot_be_cut_apart_is_not_joined() -> None:
    with pytest.raises(ValueError, match="NUL"):
        JoinedText([SourceText("a\x00b")])
    with pytest.raises(ValueError):
        JoinedText([SourceText("a"), SourceText("b")]).with_text("ab")
