from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.plan.edits import tick
from milepost.plan.formats.json_values import JsonKind, JsonValue, read_json
from milepost.plan.model import ObservationKind, TaskState
from milepost.plan.reader import read_plan
from milepost.source import SourceText, apply

FLAT = """\
{
  "tasks": [
    {"id": 1, "title": "Set up", "status": "done", "priority": "high", "dependencies": [], "details": "a\\nb"},
    {"id": 2, "title": "Build \\u00fcber", "status": "pending", "dependencies": [1], "subtasks": [
      {"id": 1, "title": "First", "status": "in-progress", "dependencies": []},
      {"id": 2, "title": "Second", "status": "pending", "dependencies": [1, "1"]},
      {"id": "2.3", "title": "Third", "status": "pending", "dependencies": ["2.2"]}
    ]},
    {"id": 3, "title": "Dropped", "status": "cancelled", "dependencies": [2]},
    {"id": "4", "title": "Ship", "status": "review", "dependencies": ["3"]}
  ],
  "meta": {"projectName": "Shop", "version": 1}
}
"""


def test_the_flat_format() -> None:
    plan = read_plan(SourceText(FLAT))
    assert (plan.dialect, plan.title) == ("task-master", "Shop")
    assert [task.id for task in plan.tasks] == ["1", "2", "2.1", "2.2", "2.3", "3", "4"]
    assert [task.parent for task in plan.tasks] == [None, None, "2", "2", "2", None, None]
    assert plan.by_id["2"].title == "Build über"
    assert plan.by_id["1"].priority == "high"
    assert [step.text for step in plan.by_id["1"].steps] == ["a\nb"]
    states = {task.id: task.state for task in plan.tasks}
    assert states["1"] is TaskState.DONE
    assert states["2.1"] is states["4"] is TaskState.IN_PROGRESS
    # 2 is divided into parts and 3 was cancelled, so five tasks count.
    assert [task.id for task in plan.required] == ["1", "2.1", "2.2", "2.3", "4"]
    assert plan.observations == ()


def test_a_bare_number_in_a_subtask_means_its_sibling() -> None:
    plan = read_plan(SourceText(FLAT))
    assert [(one.predecessor, one.successor) for one in plan.dependencies] == [
        ("1", "2"),
        ("2.1", "2.2"),  # said twice, as a number and as text, and kept once
        ("2.2", "2.3"),
        ("2", "3"),
        ("3", "4"),
    ]


def test_every_span_covers_what_it_says() -> None:
    source = SourceText(FLAT)
    for task in read_plan(source).tasks:
        assert task.id_span
        assert task.written
        assert task.id.endswith(source.slice(task.id_span))
        assert source.slice(task.written.span) == task.written.text
        assert source.slice(task.span)[0] + source.slice(task.span)[-1] == "{}"


TAGGED = json.dumps(
    {
        "master": {"tasks": [{"id": 1, "title": "One", "status": "pending", "dependencies": []}], "metadata": {}},
        "search": {
            "tasks": [
                {"id": 1, "title": "Index", "status": "pending", "dependencies": []},
                {"id": 2, "title": "Query", "status": "pending", "dependencies": [1, 9]},
            ]
        },
    }
)


def test_tags_keep_their_tasks_apart() -> None:
    plan = read_plan(SourceText(TAGGED))
    assert [task.id for task in plan.tasks] == ["1", "search:1", "search:2"]
    assert [(phase.id, phase.tasks) for phase in plan.phases] == [
        ("master", ("1",)),
        ("search", ("search:1", "search:2")),
    ]
    # 1 means the task of the same tag; 9 is nowhere.
    assert [(one.predecessor, one.successor) for one in plan.dependencies] == [("search:1", "search:2")]
    assert [(one.kind, one.text) for one in plan.observations] == [(ObservationKind.UNKNOWN_TASK, "9")]


@pytest.mark.parametrize("state", [TaskState.DONE, TaskState.IN_PROGRESS, TaskState.BLOCKED, TaskState.DEFERRED])
@pytest.mark.parametrize("task", ["2.2", "2.3"])
@pytest.mark.parametrize("style", ["lf", "crlf", "tabs", "bom", "bytes"])
def test_a_changed_status_changes_nothing_else(task: str, state: TaskState, style: str) -> None:
    raw = FLAT.encode()
    raw = {
        "lf": raw,
        "crlf": raw.replace(b"\n", b"\r\n"),
        "tabs": raw.replace(b"  ", b"\t").rstrip(b"\n"),
        "bom": b"\xef\xbb\xbf" + raw,
        "bytes": raw.replace(b"Third", b"\xff \xf0\x9f\x92\xa1"),  # not UTF-8, and an emoji
    }[style]
    source = SourceText.from_bytes(raw)
    plan = read_plan(source)
    changed = apply(source, tick(plan, task, state))
    written = plan.by_id[task].written
    assert written
    word = dict(written.words)[state]
    head, tail = source.text[: written.span.start], source.text[written.span.end :]
    assert changed.text == head + word + tail
    assert changed.to_bytes().replace(f'"{word}"'.encode(), b'"pending"') == raw.replace(
        f'"{word}"'.encode(), b'"pending"'
    )
    assert read_plan(changed).by_id[task].state is state


def test_json_that_breaks_off_is_read_up_to_there() -> None:
    text = FLAT[: FLAT.index('"title": "Ship"')]
    plan = read_plan(SourceText(text))
    assert [task.id for task in plan.tasks] == ["1", "2", "2.1", "2.2", "2.3", "3", "4"]
    assert [one.kind for one in plan.observations] == [ObservationKind.UNREADABLE_VALUE]
    assert plan.observations[0].span.start == len(text)


def test_an_unknown_status_and_a_repeated_id_are_noticed() -> None:
    text = '{"tasks": [{"id": 1, "title": "A", "status": "wip?"}, {"id": 1, "title": "B"}]}'
    plan = read_plan(SourceText(text))
    assert [(one.kind, one.text) for one in plan.observations] == [
        (ObservationKind.UNREADABLE_VALUE, "wip?"),
        (ObservationKind.DUPLICATE_ID, "1"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        "[1]",
        '{"tasks": [{"label": "build", "command": "make"}]}',
        '{"a": {"tasks": 3}}',
        '{"tasks": [3, null, [[]]]}',
        "[" * 5000,
    ],
)
def test_json_of_another_kind_holds_no_task(text: str) -> None:
    assert read_plan(SourceText(text, path="x.json")).tasks == ()


def meaning(value: JsonValue) -> object:
    if value.kind is JsonKind.OBJECT:
        return {key.text: meaning(inner) for key, inner in value.members}
    if value.kind is JsonKind.ARRAY:
        return [meaning(inner) for inner in value.items]
    return value.text if value.kind is JsonKind.STRING else json.loads(value.text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans(), st.sampled_from([None, 2, "\t"]))
def test_json_means_what_the_standard_library_says(value: object, ascii_only: bool, indent: int | str | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    found = read_json(text)
    assert found.broken is None
    assert found.root
    assert meaning(found.root) == value
    assert text[found.root.span.start : found.root.span.end] == text


@given(st.text(alphabet='{}[],:"\\ \n1ae', max_size=60))
def test_any_text_is_read_as_far_as_it_is_json(text: str) -> None:
    found = read_json(text)
    try:
        expected = json.loads(text, strict=False)
    except ValueError:
        return  # what is broken may be read in part, and must not raise
    assert found.broken is None
    assert found.root
    assert meaning(found.root) == expected


@given(st.data())
def test_a_damaged_file_is_read_without_fail(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(FLAT)))
    end = data.draw(st.integers(start, len(FLAT)))
    text = FLAT[:start] + data.draw(st.text(max_size=3)) + FLAT[end:]
    source = SourceText(text, path="tasks.json")
    plan = read_plan(source)
    assert apply(source, []).to_bytes() == source.to_bytes()
    for task in plan.by_id.values():
        if task.written and task.state is not TaskState.DONE:
            changed = apply(source, tick(plan, task.id, TaskState.DONE))
            assert len(changed.text) == len(text) + len("done") - (task.written.span.end - task.written.span.start)


WRITTEN_OUT = """\
# Task ID: 7
# Title: Import the catalogue
# Status: in-progress
# Dependencies: 3, 6
# Priority: high
# Description: Get it in.
# Details:
First this.
Then that.

# Test Strategy:
By hand.

# Subtasks:
## 1. Read the file [done]
### Dependencies: None
### Description: Line by line
### Details:
Streamed.

## 2. Store the rows [pending]
### Dependencies: 7.1
### Description: In one transaction
"""


def test_a_task_written_out_as_text() -> None:
    source = SourceText(WRITTEN_OUT)
    plan = read_plan(source)
    assert [(task.id, task.state.value) for task in plan.tasks] == [
        ("7", "in progress"),
        ("7.1", "done"),
        ("7.2", "not started"),
    ]
    assert [step.text for step in plan.by_id["7"].steps] == ["Get it in.", "First this.\nThen that.", "By hand."]
    # 3 and 6 are in other files: no edge here, and no accusation.
    assert [(one.predecessor, one.successor) for one in plan.dependencies] == [("7.1", "7.2")]
    assert plan.observations == ()
    changed = apply(source, tick(plan, "7.2", TaskState.DONE))
    assert changed.text == WRITTEN_OUT.replace("[pending]", "[done]")
