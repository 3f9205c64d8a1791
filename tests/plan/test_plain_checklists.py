"""Plain checklists in any Markdown."""

from milepost.plan.edits import tick
from milepost.plan.model import TaskState
from milepost.plan.reader import read_plan
from milepost.source import SourceText, apply

README = """# Garden shed

Some words.

## Before

- [x] Ask the neighbours
  - [x] left
  - [ ] right
- Tools
  - [ ] Borrow a saw _Estimated: 10 minutes_
- not a task

## Build

1. [ ] Floor
2. [-] Walls

> - [ ] quoted

```
- [ ] fenced
```
"""


def test_checkboxes_are_numbered_through() -> None:
    plan = read_plan(SourceText(README))
    assert plan.dialect == "plain"
    assert plan.title == "Garden shed"
    assert [(task.id, task.title, task.state, task.id_span) for task in plan.tasks] == [
        ("1", "Ask the neighbours", TaskState.DONE, None),
        ("2", "Borrow a saw", TaskState.NOT_STARTED, None),
        ("3", "Floor", TaskState.NOT_STARTED, None),
        ("4", "Walls", TaskState.IN_PROGRESS, None),
    ]
    assert [step.text for step in plan.tasks[0].steps] == ["left", "right"]
    assert plan.effort == 600


def test_headings_over_tasks_are_phases() -> None:
    plan = read_plan(SourceText(README))
    assert [(phase.id, phase.title, phase.tasks) for phase in plan.phases] == [
        ("1", "Before", ("1", "2")),
        ("2", "Build", ("3", "4")),
    ]


def test_any_dialect_can_be_asked_for() -> None:
    text = "- [ ] **1.1** Dig\n"
    assert read_plan(SourceText(text)).tasks[0].id == "1.1"
    assert read_plan(SourceText(text), "plain").tasks[0].id == "1"


def test_a_few_ids_among_many_boxes_do_not_make_a_plan_of_ids() -> None:
    plan = read_plan(
        SourceText(
            "# Boat\n\n## Sails\n\n- [x] Sew\n- [ ] Dye\n- [ ] Hoist\n\n## Hull\n\n- [ ] **B-1**: Caulk\n- [x] **B-2**: Tar\n"
        )
    )
    assert plan.dialect == "plain"
    assert [(task.id, task.title) for task in plan.tasks] == [
        ("1", "Sew"),
        ("2", "Dye"),
        ("3", "Hoist"),
        ("B-1", "Caulk"),
        ("B-2", "Tar"),
    ]


def test_speckit_ids_among_many_other_boxes_are_kept() -> None:
    text = "# Boat\n\n## Phase 1: Sails\n\n- [x] Sew\n- [ ] Dye\n- [ ] Hoist\n- [ ] T001 Caulk\n- [ ] T002 Tar\n"
    plan = read_plan(SourceText(text))
    assert (plan.dialect, [task.id for task in plan.tasks]) == ("plain", ["1", "2", "3", "T001", "T002"])


def test_what_looks_like_an_id_once_or_twice_over_is_part_of_a_title() -> None:
    text = "# Boat\n\n- [ ] a\n- [ ] b\n- [ ] c\n- [ ] d\n- [ ] e\n- [ ] **P0**: hull\n- [ ] **P0**: mast\n- [ ] **eu-west-1** port\n"
    plan = read_plan(SourceText(text))
    assert [task.id for task in plan.tasks] == ["1", "2", "3", "4", "5", "6", "7", "8"]
    assert plan.tasks[-1].title == "eu-west-1 port"


def test_numbers_that_boxes_state_are_given_to_no_other_box() -> None:
    plan = read_plan(SourceText("# Boat\n\n- [ ] a\n- [ ] b\n- [ ] c\n- [ ] 1. d\n- [ ] 3. e\n"), "plain")
    assert [(task.id, task.title) for task in plan.tasks] == [
        ("2", "a"), ("4", "b"), ("5", "c"), ("1", "d"), ("3", "e"),
    ]  # fmt: skip


def test_a_box_may_be_bold_with_its_title() -> None:
    text = "# Boat\n\n- **[ ] Sails:** three of them\n- **[x] Hull**\n- **[Docs](x.md)** are here\n"
    plan = read_plan(SourceText(text))
    assert [(task.title, task.state.value) for task in plan.tasks] == [
        ("Sails: three of them", "not started"),
        ("Hull", "done"),
    ]
    assert apply(plan.source, tick(plan, "1", TaskState.DONE)).text == text.replace("[ ]", "[x]")


def test_the_title_may_stand_on_the_line_below() -> None:
    plan = read_plan(SourceText("# Boat\n\n- [ ] **B-1**\n  Sew sails\n- [ ] **B-2**\n  _Estimated: 2h_\n"))
    assert [(task.title, task.effort and task.effort.likely) for task in plan.tasks] == [
        ("Sew sails", None),
        ("", 7200),
    ]


def test_a_drawing_names_no_tasks_where_none_has_an_id() -> None:
    source = SourceText(
        "# P\n\n## Beds (1-2)\n\n- [ ] Dig\n- [ ] Rake\n\n## Dependencies\n\n```\nBeds (1-2)\n  ↓\nPaths (3-4)\n```\n"
    )
    plan = read_plan(source)
    assert plan.dialect == "plain"
    assert (plan.dependencies, plan.observations) == ((), ())
