"""Small documents, each for one question of reading."""

import pytest

from milepost.errors import UnknownName
from milepost.plan.model import AnchorKind, ClaimKind, DependencyOrigin, Observation, ObservationKind, Plan, TaskState
from milepost.plan.reader import read_plan
from milepost.source import SourceText


def read(text: str, dialect: str | None = None) -> Plan:
    return read_plan(SourceText(text, path="PLAN.md"), dialect)


def seen(plan: Plan, kind: ObservationKind) -> list[Observation]:
    return [observation for observation in plan.observations if observation.kind is kind]


@pytest.mark.parametrize(
    ("line", "task_id", "title"),
    [
        ("**1.1** Dig", "1.1", "Dig"),
        ("**1.1:** Dig", "1.1", "Dig"),
        ("**1.1**: Dig", "1.1", "Dig"),
        ("**1.1** - Dig", "1.1", "Dig"),
        ("**1.1 Dig**", "1.1", "Dig"),
        ("**1.1: Dig** deep", "1.1", "Dig deep"),
        ("1.1 Dig", "1.1", "Dig"),
        ("1.1. Dig", "1.1", "Dig"),
        ("1. Dig", "1", "Dig"),
        ("**7** Dig", "7", "Dig"),
        ("T001 Dig", "T001", "Dig"),
        ("**T029a**: Dig", "T029a", "Dig"),
        ("TASK-001: Dig", "TASK-001", "Dig"),
        ("Task 1.1: Dig", "1.1", "Dig"),
        ("✅ 1.1 Dig", "1.1", "Dig"),
        ("~~1.1 Dig~~", "1.1", "Dig"),
        ("**1.1** Dig in `a_b.py` _Estimated: 1h_ _Tier: 2_", "1.1", "Dig in `a_b.py`"),
    ],
)
def test_spellings_of_tasks(line: str, task_id: str, title: str) -> None:
    (task,) = read(f"# P\n\n- [ ] {line}\n").tasks
    assert (task.id, task.title) == (task_id, title)


@pytest.mark.parametrize("line", ["3 retries work", "V3 format", "3.11.x support", "Dig 1.1"])
def test_numbers_that_are_no_ids(line: str) -> None:
    plan = read(f"- [ ] {line}\n")
    assert plan.dialect == "plain"
    assert plan.tasks[0].title == line


def test_fields_behind_a_title_and_in_its_paragraph() -> None:
    (task,) = read("- [ ] **1.1** Dig _Tier: 2_\n  _Estimated: 1h_\n\n  _Owner: Ada_\n").tasks
    assert task.effort is not None
    assert (task.tier, task.effort.likely, task.owner) == (2, 3600, "Ada")


@pytest.mark.parametrize(
    ("mark", "state"),
    [(" ", "not started"), ("x", "done"), ("X", "done"), ("-", "in progress"), ("~", "in progress"), ("/", "in progress"),
     ("!", "blocked"), (">", "deferred"), ("?", "unknown"), ("§", "unknown")],
)  # fmt: skip
def test_checkbox_marks(mark: str, state: str) -> None:
    plan = read(f"- [{mark}] **1.1** Dig\n")
    assert plan.tasks[0].state == TaskState(state)
    assert len(seen(plan, ObservationKind.UNREADABLE_CHECKBOX)) == (state == "unknown")


def test_an_empty_box_is_noticed_with_the_edit_that_fills_it() -> None:
    (found,) = seen(read("- [] **1.1** Dig\n"), ObservationKind.UNREADABLE_CHECKBOX)
    assert [edit.replacement for edit in found.edits] == [" "]


def test_equal_ids_are_noticed_with_both_places() -> None:
    plan = read("- [ ] **1.1** Dig\n- [ ] **1.2** Sow\n- [ ] **1.1** Reap\n")
    (found,) = seen(plan, ObservationKind.DUPLICATE_ID)
    assert plan.source.position(found.span.start).line == 3
    assert [plan.source.position(span.start).line for span in found.related] == [1]
    assert plan.by_id["1.1"].title == "Dig"


def test_a_box_without_id_beside_tasks_is_a_task_with_the_next_free_id() -> None:
    plan = read("### Phase 3: Field\n\n- [ ] **3.1** Dig\n- [ ] Sow\n- [ ] **3.2** Reap\n")
    assert [(task.id, task.title, task.id_span is None) for task in plan.tasks] == [
        ("3.1", "Dig", False),
        ("3.3", "Sow", True),
        ("3.2", "Reap", False),
    ]


def test_boxes_elsewhere_are_no_tasks() -> None:
    text = """- [ ] **1.1** Dig

> - [ ] **1.2** quoted

    - [ ] **1.3** code

Done when:

* [ ] the hole is deep

## Notes

- [ ] **1.4** only a note

## Checkpoint 1

- [ ] **1.5** a criterion
"""
    assert [task.id for task in read(text).tasks] == ["1.1"]


def test_bold_ids_without_boxes_are_tasks_only_where_no_task_has_a_box() -> None:
    assert [task.id for task in read("## Phase 1\n\n- **1.1** Dig\n- **1.2** Sow\n").tasks] == ["1.1", "1.2"]
    assert [task.id for task in read("## Phase 1\n\n- [ ] **1.1** Dig\n\n## Order\n\n- **1.1** first\n").tasks] == [
        "1.1"
    ]


DEPENDS = "- [ ] **1.1** A\n- [ ] **1.2** B\n- [ ] **1.3** C\n  - _Depends: {}_\n"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1.1", "1.1 FS 0"),
        ("1.1, 1.2", "1.1 FS 0, 1.2 FS 0"),
        ("1.1 and 1.2", "1.1 FS 0, 1.2 FS 0"),
        ("1.1-1.2", "1.1 FS 0, 1.2 FS 0"),
        ("1.1 (SS+1h), 1.2 (FF-30m)", "1.1 SS 3600, 1.2 FF -1800"),
        ("1.1 SF", "1.1 SF 0"),
        ("1.1 +2h", "1.1 FS 7200"),
        ("Task 1.1", "1.1 FS 0"),
        ("None", ""),
        ("None (can parallel with 1.1)", ""),
        ("[Tasks]", ""),
        ("(none — root task)", ""),
        ("无", ""),
        ("1.2 (it names the `parts`, so that they must exist)", "1.2 FS 0"),
        ("1.1, 1.2 (both beds, with their frame)", "1.1 FS 0, 1.2 FS 0"),
        ("なし", ""),
        ("-", ""),
    ],
)
def test_stated_dependencies(value: str, expected: str) -> None:
    plan = read(DEPENDS.format(value))
    stated = [f"{d.predecessor} {d.kind.value} {d.lag}" for d in plan.dependencies]
    assert ", ".join(stated) == expected
    assert not seen(plan, ObservationKind.UNREADABLE_VALUE)


def test_dependencies_on_nothing_known_are_noticed_and_left_out() -> None:
    plan = read(DEPENDS.format("1.1, 9.9"))
    assert [d.predecessor for d in plan.dependencies] == ["1.1"]
    assert [found.text for found in seen(plan, ObservationKind.UNKNOWN_TASK)] == ["9.9"]
    plan = read(DEPENDS.format("the weather"))
    assert [found.text for found in seen(plan, ObservationKind.UNREADABLE_VALUE)] == ["the weather"]


@pytest.mark.parametrize("title", ["1.2 Layer One (Depends on Layer 0)", "Layer 0 - No dependencies"])
def test_a_remark_in_a_title_makes_no_section_on_dependencies(title: str) -> None:
    plan = read(f"## {title}\n\n- [ ] **1.1** A\n- [ ] **1.2** From 1.1 → 1.2\n")
    assert [task.id for task in plan.tasks] == ["1.1", "1.2"]
    assert plan.dependencies == ()


def test_an_arrow_in_a_task_of_a_section_on_dependencies_is_part_of_its_title() -> None:
    plan = read("## 1. Dependencies\n\n- [ ] 1.1 Move from 3.1 → 3.2\n- [ ] 1.2 B\n")
    assert [task.id for task in plan.tasks] == ["1.1", "1.2"]
    assert plan.dependencies == ()
    assert not seen(plan, ObservationKind.UNKNOWN_TASK)


def test_dependencies_stated_twice_keep_both_sources() -> None:
    plan = read(
        DEPENDS.format("1.1") + "\n## Dependencies\n\n```\n1.1 → 1.3\n```\n\n```mermaid\ngraph LR\n1.1 --> 1.3\n```\n"
    )
    (dependency,) = plan.dependencies
    assert [source.origin.value for source in dependency.sources] == ["graph", "graph", "field"]


@pytest.mark.parametrize(
    ("field", "kind", "text"),
    [
        ("Estimated: soon", ObservationKind.UNREADABLE_DURATION, "soon"),
        ("Complexity: high", ObservationKind.UNREADABLE_VALUE, "high"),
        ("Risk: 11", ObservationKind.UNREADABLE_VALUE, "11"),
        ("Tier: best", ObservationKind.UNREADABLE_VALUE, "best"),
        ("Due: tomorrow", ObservationKind.UNREADABLE_DATE, "tomorrow"),
        ("Deadline: 2026-02-30", ObservationKind.UNREADABLE_DATE, "2026-02-30"),
        ("Not before: 2026-12-01 25:00", ObservationKind.UNREADABLE_DATE, "2026-12-01 25:00"),
        ("Estimated: [Hours]", ObservationKind.PLACEHOLDER, "[Hours]"),
    ],
)
def test_values_that_cannot_be_taken(field: str, kind: ObservationKind, text: str) -> None:
    plan = read(f"- [ ] **1.1** Dig\n  - _{field}_\n")
    assert [(found.kind, found.text) for found in plan.observations] == [(kind, text)]


@pytest.mark.parametrize(
    ("title", "kind", "ids"),
    [
        ("Checkpoint 1: After Phase 2", AnchorKind.PHASE, ("2",)),
        ("**Checkpoint 1 — after phases 1-2**", AnchorKind.PHASE, ("1", "2")),
        ("Checkpoint: After Phase 1 and Phase 2", AnchorKind.PHASE, ("1", "2")),
        ("Checkpoint 1: After Task 1.1", AnchorKind.TASK, ("1.1",)),
        ("Quality Gate 1: After 1.1, 2.1", AnchorKind.TASK, ("1.1", "2.1")),
        ("Checkpoint 1: Before Completion", AnchorKind.COMPLETION, ()),
        ("Gate: before release", AnchorKind.COMPLETION, ()),
        ("Checkpoint 1: After Phase 9", AnchorKind.NONE, ()),
        ("Checkpoint", AnchorKind.NONE, ()),
    ],
)
def test_anchors(title: str, kind: AnchorKind, ids: tuple[str, ...]) -> None:
    plan = read(f"## Phase 1\n\n- [ ] **1.1** A\n\n## Phase 2\n\n- [ ] **2.1** B\n\n## {title}\n\n- [ ] Good\n")
    (checkpoint,) = plan.checkpoints
    assert (checkpoint.anchor.kind, checkpoint.anchor.ids) == (kind, ids)
    assert [found.text for found in seen(plan, ObservationKind.UNKNOWN_TASK)] == (["Phase 9"] if "9" in title else [])


def test_a_checkpoint_between_phases_stands_after_the_one_before_it() -> None:
    plan = read("## Phase 1\n\n- [ ] **1.1** A\n\n## Checkpoint\n\n- [ ] Good\n\n## Phase 2\n\n- [ ] **2.1** B\n")
    assert plan.checkpoints[0].anchor.ids == ("1",)


@pytest.mark.parametrize(
    ("words", "factor"),
    [
        ("> 2x the estimate", 2.0),
        ("2× longer", 2.0),
        ("twice as long", 2.0),
        ("1,5 x", 1.5),
        ("150 % of it", 1.5),
        ("3 times", 3.0),
    ],
)
def test_escalation_factors(words: str, factor: float) -> None:
    plan = read(f"- [ ] **1.1** A\n\n## Notes\n\n- **Escalation:** when it takes {words}\n")
    assert plan.escalation is not None
    assert plan.escalation.factor == factor


def test_claims_of_a_phase_are_not_claims_of_the_plan() -> None:
    plan = read(
        "**Status:** Done\n\n## Phase 1\n\n**Status:** Not Started\n\n- [ ] **1.1** A\n\n---\n\n**Progress:** 0/1\n"
    )
    assert [(claim.kind, claim.text) for claim in plan.claims] == [
        (ClaimKind.STATUS, "Done"),
        (ClaimKind.PROGRESS, "0/1"),
    ]


def test_what_sections_say_of_themselves_is_no_claim_of_the_plan() -> None:
    entry = "\n### {} entry\n\n**Status:** Complete\n**Estimated Time:** 3 days\n"
    plan = read("# P\n\n**Status:** In Progress\n\n- [ ] **1.1** a\n" + entry.format("First") + entry.format("Second"))
    assert [(claim.kind, claim.text) for claim in plan.claims] == [(ClaimKind.STATUS, "In Progress")]
    plan = read("# P\n\n- [ ] **1.1** a\n\n### Weather\n\n**Total Estimated Time:** 2 hours\n**Status:** Fine\n")
    assert [(claim.kind, claim.text) for claim in plan.claims] == [(ClaimKind.ESTIMATED_TIME, "2 hours")]


def test_several_claims_on_one_line() -> None:
    plan = read(
        "**Total Tasks:** 3 | **Status:** Done  \n**Estimated Time**：2h\\\n**Colour:** red\n\n- [ ] **1.1** A\n"
    )
    assert [(claim.kind, claim.text) for claim in plan.claims] == [
        (ClaimKind.TOTAL_TASKS, "3"),
        (ClaimKind.STATUS, "Done"),
        (ClaimKind.ESTIMATED_TIME, "2h"),
    ]


def test_a_table_about_other_things_is_no_assignment() -> None:
    plan = read("- [ ] **1.1** A\n\n| Task | Owner | Assigned |\n|--|--|--|\n| C1 | Ada | Bob |\n")
    assert plan.assignments == ()
    assert plan.observations == ()


def test_unknown_tasks_of_the_table_are_noticed() -> None:
    plan = read("- [ ] **1.1** A\n\n| Task | Tier |\n|--|--|\n| 1.1 | 2 |\n| 7.7 | 3 |\n")
    assert [(row.tasks, row.tier) for row in plan.assignments] == [(("1.1",), 2), ((), 3)]
    assert [found.text for found in seen(plan, ObservationKind.UNKNOWN_TASK)] == ["7.7"]


def test_sizes_are_read_through_a_table() -> None:
    text = "- [ ] **1.1** A\n  - _Estimated: M_\n"
    assert seen(read(text), ObservationKind.UNREADABLE_DURATION)
    plan = read_plan(SourceText(text), sizes={"M": 7200})
    assert plan.effort == 7200


def test_a_document_without_tasks_is_a_plan_without_tasks() -> None:
    for text in ("", "# Only a title\n\nAnd prose.\n", "\ufeff", "|a|\n|-|\n"):
        assert read(text).tasks == ()


def test_an_unknown_dialect_is_the_callers_mistake() -> None:
    with pytest.raises(UnknownName, match="klingon"):
        read("", "klingon")


PARTS = """# Tasks

- [ ] 1. Build the bed
  - **1.1 Cut the wood**
    - Measure twice
  - **1.2 Nail it**
- [ ] 2. Sow
  - _Depends on: 1.2_
  - _Leverage: the old bed_
- [ ] 3. Reap
  - _Depends on: 1.3, 2_
"""


def test_a_dependency_on_a_step_with_an_id_is_one_on_its_task() -> None:
    plan = read(PARTS)
    assert [task.id for task in plan.tasks] == ["1", "2", "3"]
    assert {(one.predecessor, one.successor) for one in plan.dependencies} == {("1", "2"), ("2", "3")}
    assert [found.text for found in seen(plan, ObservationKind.UNKNOWN_TASK)] == ["1.3"]


RESTARTED = """# Tasks

## Phase 1: Beds

- [ ] 1. Cut
- [ ] 2. Nail
  - _Depends: 1_
- [ ] 3. Paint
  - _Depends: 2_

## Phase 2: Paths

- [ ] 1. Dig
- [ ] 2. Fill
  - _Depends: 1_
- [ ] 4. Walk
  - _Depends: 1-2, 3_

### Dependencies

```
2 → 4
```
"""


def test_ids_that_start_again_mean_the_tasks_of_their_own_phase() -> None:
    plan = read(RESTARTED)
    assert [task.id for task in plan.tasks] == ["1", "2", "3", "P2/1", "P2/2", "4"]
    assert {(one.predecessor, one.successor) for one in plan.dependencies} == {
        ("1", "2"),
        ("2", "3"),
        ("P2/1", "P2/2"),
        ("P2/1", "4"),
        ("P2/2", "4"),
        ("3", "4"),  # the second phase has no task 3
    }
    drawn = [link for link in plan.dependencies if any(one.origin is DependencyOrigin.GRAPH for one in link.sources)]
    assert [(link.predecessor, link.successor) for link in drawn] == [("P2/2", "4")]
