"""Tasks in tables."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.plan.dialect_checks import check_ticks, read

from milepost.plan import edits
from milepost.plan.coverage import coverage
from milepost.plan.dialects import task_tables
from milepost.plan.dialects.document import Document
from milepost.plan.model import TaskState
from milepost.plan.reader import read_plan
from milepost.source import SourceText, apply

PLAN = """# Regatta

## Phase 1: Boats

| ID  | Task             | Status         | Estimate | Depends on | Owner | Priority |
|-----|------------------|----------------|----------|------------|-------|----------|
| 1.1 | Build hull `A`   | ✅ Done        | 2 days   | -          | Ann   | High     |
| 1.2 | Sew the sail     | 🔄 In Progress | 3h       | 1.1        |       | P1       |
| 1.3 | ~~Paint~~        | Pending        |          | 1.1, 1.2   |       |          |

## Phase 2: Race

| # | Description | Done | Blocked by |
|---|-------------|------|------------|
| **2.1** | Row | [x] | 1.2 (sewn) |
| **2.2** | Win | [ ] | 2.1, all previous tasks |

## Summary

| ID | Task | Status |
|----|------|--------|
| 1.1 | Build | done |
| 2.2 | Win | open |

| Metric | Status |
|--------|--------|
| 7 | done |

## Success Criteria

- [ ] Nobody drowns
"""


def test_rows_are_tasks() -> None:
    plan = read(PLAN)
    assert plan.dialect == "tables"
    # Three and two rows are tasks; two more rows in a third table repeat some of them.
    assert "7 rows of 3 tables" in task_tables.why(Document.of(SourceText(PLAN)))
    assert [(task.id, task.title, task.state) for task in plan.tasks] == [
        ("1.1", "Build hull A", TaskState.DONE),
        ("1.2", "Sew the sail", TaskState.IN_PROGRESS),
        ("1.3", "Paint", TaskState.NOT_STARTED),
        ("2.1", "Row", TaskState.DONE),
        ("2.2", "Win", TaskState.NOT_STARTED),
    ]
    assert [task.id for task in plan.required] == ["1.1", "1.2", "2.1", "2.2"]
    assert [(phase.id, phase.tasks) for phase in plan.phases] == [("1", ("1.1", "1.2", "1.3")), ("2", ("2.1", "2.2"))]
    assert [one.text for one in plan.criteria] == ["Nobody drowns"]


def test_columns_are_understood() -> None:
    first = read(PLAN).by_id["1.1"]
    assert first.effort is not None
    # Two working days of eight hours.
    assert first.effort.likely == 2 * 8 * 3600
    assert (first.owner, first.priority) == ("Ann", "High")
    assert {(one.predecessor, one.successor) for one in read(PLAN).dependencies} == {
        ("1.1", "1.2"),
        ("1.1", "1.3"),
        ("1.2", "1.3"),
        ("1.2", "2.1"),
        *((before, "2.2") for before in ("1.1", "1.2", "1.3", "2.1")),
    }


def test_a_repeated_id_in_a_table_is_a_duplicate() -> None:
    text = "| ID | Task | Status |\n|--|--|--|\n| 1 | A | Open |\n| 1 | B | Open |\n"
    assert [seen.text for seen in read(text).observations] == ["1"]


def test_a_column_keeps_its_width() -> None:
    plan = read(PLAN)
    done = apply(plan.source, edits.tick(plan, "1.2", TaskState.DONE)).text
    # The sign and the space take three columns, as before; "Complete" is three letters shorter than "In Progress".
    assert "| 1.2 | Sew the sail     | ✅ Complete    | 3h       |" in done
    boxed = apply(plan.source, edits.tick(plan, "2.2", TaskState.DONE)).text
    assert "| **2.2** | Win | [x] | 2.1" in boxed


def test_other_tables_are_no_plans() -> None:
    assert read("| Version | Status |\n|--|--|\n| 1 | done |\n| 2 | open |\n").tasks == ()
    assert read("| ID | Requirement |\n|--|--|\n| 1 | fast |\n| 2 | small |\n").tasks == ()
    assert read("| ID | Task | Status |\n|--|--|--|\n| one | A | done |\n| two | B | open |\n").tasks == ()


def test_boxes_outnumber_rows() -> None:
    text = "- [ ] a\n- [ ] b\n- [ ] c\n\n| ID | Task | Status |\n|--|--|--|\n| 1 | A | done |\n| 2 | B | open |\n"
    assert read(text).dialect == "plain"


def test_ticks_change_marks_and_words_only() -> None:
    check_ticks(PLAN, "tables")


_PIECES = st.sampled_from(
    ["| ID | Task | Status |\n", "|--|--|--|\n", "| 1.1 | A | done |\n", "| 1.2 | [ ] | [x] |\n", "|||\n", "| **2** |\n",
     "## P\n", "\r\n", "\t", "> ", "\n"]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=25).map("".join))
def test_any_pieces_are_read(text: str) -> None:
    assert read_plan(SourceText(text), dialect="tables").source.text == text


def rows(text: str) -> list[tuple[str, str, str]]:
    plan = read(text)
    assert plan.dialect == "tables"
    return [(task.id, task.title, task.state.value) for task in plan.tasks]


def links(text: str) -> list[tuple[str, str]]:
    return [(link.predecessor, link.successor) for link in read(text).dependencies]


def table(*lines: str) -> str:
    columns = lines[0].count("|") - 1
    return "\n".join(["# Boat", "", lines[0], "|" + "---|" * columns, *lines[1:], ""])


def test_ids_of_many_kinds() -> None:
    text = table(
        "| ID | Task | Status |",
        "| S1-1 | Sew | Pending |",
        "| **B1-B3** | Dye | **VERIFIED** |",
        "| `T-M11` | Tar | IN_PROGRESS |",
    )
    assert rows(text) == [
        ("S1-1", "Sew", "not started"), ("B1-B3", "Dye", "done"), ("T-M11", "Tar", "in progress"),
    ]  # fmt: skip


def test_a_column_of_ids_counts_before_one_of_numbers() -> None:
    text = table(
        "| # | ID | Task | Status | Deps |",
        "| 1 | sail-01 | Sew | done | - |",
        "| 2 | sail-02 | Dye | todo | sail-01 |",
    )
    assert rows(text) == [("sail-01", "Sew", "done"), ("sail-02", "Dye", "not started")]
    assert links(text) == [("sail-01", "sail-02")]


def test_columns_say_what_waits_and_what_is_waited_for() -> None:
    text = table(
        "| ID | Task | Status | Depende de | Desbloqueia |",
        "| A-1 | Coser | ✅ | — | A-2 |",
        "| A-2 | Tingir | 🔒 | A-1 | — |",
        "| A-3 | Secar | ⏳ | A-2 | |",
    )
    assert links(text) == [("A-1", "A-2"), ("A-2", "A-3")]


def test_a_sign_before_an_id_is_a_state_and_links_are_titles() -> None:
    text = table(
        "| Task | Title | Notes | Owner |", "| ✅ T-01 | [Sew](sew.md) | a | Ann |", "| ⬜ T-02 | Dye | b | Bob |"
    )
    assert rows(text) == [("T-01", "Sew", "done"), ("T-02", "Dye", "not started")]
    plan = read(text)
    ticked = apply(plan.source, edits.tick(plan, "T-02", TaskState.DONE)).text
    assert ticked == text.replace("⬜ T-02", "✅ T-02")


def test_a_cross_under_done_says_not_yet() -> None:
    text = table("| Step | Action | Done? |", "| 1 | Sew | ✅ |", "| 2 | Dye | ❌ |", "| 3 | Dry | |")
    assert [state for _, _, state in rows(text)] == ["done", "not started", "not started"]


def test_a_table_of_tasks_and_their_states_needs_no_ids() -> None:
    text = table("| Status | Task | Owner |", "| Done | Sew | Ann |", "| In progress | Dye | Bob |")
    assert rows(text) == [("1", "Sew", "done"), ("2", "Dye", "in progress")]
    plan = read(text)
    assert apply(plan.source, edits.tick(plan, "2", TaskState.DONE)).text == text.replace("In progress", "Complete   ")


def test_milestones_with_deliverables_are_tasks() -> None:
    text = table("| Milestone | Deliverable | Status |", "| M0 | Hull | complete |", "| M1 | Sails | in progress |")
    assert rows(text) == [("M0", "Hull", "done"), ("M1", "Sails", "in progress")]


def test_boxes_beside_a_table_are_work_or_conditions() -> None:
    text = table("| ID | Task | Status |", "| 1.1 | Sew | done |", "| 1.2 | Dye | open |", "| 1.3 | Dry | open |")
    plan = read(f"{text}\n## Prerequisites\n\n- [ ] Wind\n\n## More tasks\n\n- [x] Hoist\n")
    assert plan.dialect == "tables"
    assert [task.title for task in plan.tasks] == ["Sew", "Dye", "Dry", "Hoist"]
    assert [one.text for one in plan.criteria] == ["Wind"]
    assert coverage(plan).unread == ()


def test_tables_about_other_things_hold_no_tasks() -> None:
    assert read(table("| Component | Status |", "| Sail | ✅ Done |", "| Hull | 🟡 In progress |")).tasks == ()
    assert read(table("| Task | Status |", "| Sew | Done |", "| Dye | see below |")).tasks == ()
    assert read(table("| ID | Boat | Length |", "| 1 | Ann | 2 |", "| 2 | Bob | 3 |")).tasks == ()
