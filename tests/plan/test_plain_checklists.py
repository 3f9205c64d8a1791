"""Plain checklists in any Markdown."""

from milepost.plan.model import TaskState
from milepost.plan.reader import read_plan
from milepost.source import SourceText

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
