"""Changes to a plan touch what they are about and nothing else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.errors import OverlappingEdits, UnknownName
from milepost.plan.edits import set_assignment_status, set_header, tick, tick_criterion, tick_step
from milepost.plan.model import ClaimKind, Plan, TaskState
from milepost.plan.reader import read_plan
from milepost.source import Edit, SourceText, Span, apply

EXAMPLE = (Path(__file__).parent.parent / "fixtures" / "plans" / "star-chart.md").read_bytes()
WRITABLE = [state for state in TaskState if state is not TaskState.UNKNOWN]

DRESSES = {
    "as it is": lambda raw: raw,
    "CRLF": lambda raw: raw.replace(b"\n", b"\r\n"),
    "CR": lambda raw: raw.replace(b"\n", b"\r"),
    "BOM": lambda raw: b"\xef\xbb\xbf" + raw,
    "tabs": lambda raw: raw.replace(b"\n  - ", b"\n\t- "),
    "bad bytes": lambda raw: raw.replace(b"stands still", b"stands \xff\xfe still"),
    "emoji": lambda raw: raw.replace(b"**1.1** ", b"**1.1** \xf0\x9f\x94\xad "),
    "no final newline": lambda raw: raw.rstrip(b"\n"),
    "trailing blanks": lambda raw: raw.replace(b"\n- ", b"   \n- "),
}


def example(dress: str = "as it is") -> Plan:
    return read_plan(SourceText.from_bytes(DRESSES[dress](EXAMPLE), path="star-chart.md"))


def changed(before: SourceText, edits: list[Edit]) -> list[tuple[str, str]]:
    """Apply edits, check that all bytes outside their spans survive, and give what was replaced by what."""
    after = apply(before, edits)
    ordered = sorted(edits, key=lambda edit: edit.span)
    cursor_before = cursor_after = 0
    for span, replacement in ordered:
        kept = before.text[cursor_before : span.start]
        assert after.text[cursor_after : cursor_after + len(kept)] == kept
        cursor_before, cursor_after = span.end, cursor_after + len(kept) + len(replacement)
    assert after.text[cursor_after:] == before.text[cursor_before:]
    assert after.bom == before.bom
    return [(before.slice(span), replacement) for span, replacement in ordered]


@pytest.mark.parametrize("dress", DRESSES)
def test_every_kind_of_change_in_every_dress(dress: str) -> None:
    plan = example(dress)
    edits = [
        *tick(plan, "2.1", TaskState.DONE),
        *tick_criterion(plan, "checkpoint-1", 1, TaskState.DONE),
        *set_header(plan, ClaimKind.STATUS, "20% Complete"),
        *set_header(plan, ClaimKind.PROGRESS, "2/10 tasks complete"),
        *set_assignment_status(plan, 1, "Done"),
    ]
    assert changed(plan.source, edits) == [
        ("10% Complete", "20% Complete"),
        (" ", "x"),
        (" ", "x"),
        ("In Progress ", "Done        "),  # the column keeps its width
        ("1/10 tasks complete", "2/10 tasks complete"),
    ]
    again = read_plan(apply(plan.source, edits))
    assert again.by_id["2.1"].state is TaskState.DONE
    assert (again.claim(ClaimKind.STATUS) or plan.claims[0]).text == "20% Complete"
    assert (again.assignments[1].status or again.assignments[1].reference).text == "Done"


@given(st.sampled_from(sorted(DRESSES)), st.data())
def test_any_tick_changes_one_character_and_reads_back(dress: str, data: st.DataObject) -> None:
    plan = example(dress)
    task = data.draw(st.sampled_from(plan.tasks))
    state = data.draw(st.sampled_from(WRITABLE))
    edits = tick(plan, task.id, state)
    assert len(edits) == (task.state is not state)
    assert all(len(old) == len(new) == 1 for old, new in changed(plan.source, edits))
    again = read_plan(apply(plan.source, edits))
    assert again.by_id[task.id].state is state
    assert [t.state for t in again.tasks if t.id != task.id] == [t.state for t in plan.tasks if t.id != task.id]
    assert tick(again, task.id, state) == []


@given(st.sampled_from(sorted(DRESSES)), st.integers(0, 3), st.text(max_size=20))
def test_any_text_in_a_cell_stays_in_its_cell(dress: str, row: int, text: str) -> None:
    plan = example(dress)
    edits = set_assignment_status(plan, row, text)
    changed(plan.source, edits)
    again = read_plan(apply(plan.source, edits))
    assert [(a.reference.text, a.assignee.text) for a in again.assignments] == [
        (a.reference.text, a.assignee.text) for a in plan.assignments
    ]
    assert set_assignment_status(again, row, text) == []


def test_ticking_steps() -> None:
    plan = example()
    assert changed(plan.source, tick_step(plan.by_id["1.2"].steps[1], TaskState.DONE)) == [(" ", "x")]


def test_an_empty_cell_keeps_the_columns_width() -> None:
    plan = example()
    assert changed(plan.source, set_assignment_status(plan, plan.assignments[2], "a|b")) == [(" ", " a\\|b ")]


def test_a_cell_without_room_grows() -> None:
    plan = read_plan(SourceText("- [ ] **1.1** A\n\n|Task|Tier|Status|\n|-|-|-|\n|1.1|2|x|\n"))
    assert changed(plan.source, set_assignment_status(plan, 0, "Done")) == [("x", " Done ")]


def test_an_empty_header_value_gets_its_blank() -> None:
    plan = read_plan(SourceText("**Status:**\n**Progress:** [X/Y tasks complete]\n\n- [ ] **1.1** A\n"))
    assert changed(plan.source, set_header(plan, ClaimKind.STATUS, "Done")) == [("", " Done")]
    assert changed(plan.source, set_header(plan, ClaimKind.PROGRESS, "0/1")) == [("[X/Y tasks complete]", "0/1")]
    assert set_header(plan, ClaimKind.LAST_UPDATED, "today") == []


def test_an_empty_box_is_filled() -> None:
    plan = read_plan(SourceText("- [] **1.1** A\n"))
    assert changed(plan.source, tick(plan, "1.1", TaskState.DONE)) == [("", "x")]


def test_a_task_without_box_is_left_alone() -> None:
    plan = read_plan(SourceText("## Phase 1\n\n- **1.1** A\n"))
    assert tick(plan, "1.1", TaskState.DONE) == []


def test_callers_mistakes() -> None:
    plan = example()
    with pytest.raises(UnknownName, match=r"9\.9"):
        tick(plan, "9.9", TaskState.DONE)
    with pytest.raises(UnknownName, match="checkpoint-9"):
        tick_criterion(plan, "checkpoint-9", 0, TaskState.DONE)
    with pytest.raises(UnknownName, match="criterion 3"):
        tick_criterion(plan, "checkpoint-1", 2, TaskState.DONE)
    with pytest.raises(UnknownName, match="row 9"):
        set_assignment_status(plan, 8, "Done")
    with pytest.raises(ValueError, match="unknown"):
        tick(plan, "1.1", TaskState.UNKNOWN)


def test_edits_may_not_overlap() -> None:
    source = SourceText("abc")
    with pytest.raises(OverlappingEdits):
        apply(source, [Edit(Span(0, 2), "x"), Edit(Span(1, 3), "y")])
