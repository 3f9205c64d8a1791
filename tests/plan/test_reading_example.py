"""The hand-written example in the reference format, read whole."""

from pathlib import Path

import pytest

from milepost.plan.grammar.durations import DAY, HOUR, MINUTE
from milepost.plan.model import (
    AnchorKind,
    ClaimKind,
    DependencyKind,
    DependencyOrigin,
    ObservationKind,
    Plan,
    ReferenceKind,
    TaskState,
)
from milepost.plan.reader import read_plan
from milepost.source import SourceText, Span

EXAMPLE = Path(__file__).parent.parent / "fixtures" / "plans" / "star-chart.md"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return read_plan(SourceText.from_bytes(EXAMPLE.read_bytes(), path="star-chart.md"))


def test_head(plan: Plan) -> None:
    assert plan.dialect == "reference"
    assert plan.title == "Star Chart"
    assert plan.title_span is not None
    assert plan.source.slice(plan.title_span) == "**Star Chart**"
    assert plan.purpose == "Draw the visible sky for any place and any hour."
    assert plan.metadata == {"owner": "Night desk", "version": "3"}


def test_phases_hold_their_tasks(plan: Plan) -> None:
    assert [(phase.id, phase.title, " ".join(phase.tasks)) for phase in plan.phases] == [
        ("1", "Catalogue", "1.1 1.2"),
        ("2", "Geometry", "2.1 2.2 2.3 2.4"),
        ("3", "Drawing", "3.1 3.2 3.3 3.4"),
        ("4", "Release", "4.1 4.1.1 4.1.2"),
    ]
    assert all(plan.by_id[task].phase == phase.id for phase in plan.phases for task in phase.tasks)


def test_what_counts(plan: Plan) -> None:
    # 13 tasks; 4.1 is only the sum of its parts, 3.4 is struck out: 11 leaves; 2.4 is optional: 10 required
    assert len(plan.tasks) == 13
    assert len(plan.leaves) == 11
    assert len(plan.required) == 10
    # 45 + 90 + 150 + 120 minutes + 1 day + 90 minutes + 5 s + 30 + 20 + 40 minutes
    assert plan.effort == 585 * MINUTE + DAY + 5


def test_states_and_titles(plan: Plan) -> None:
    assert [(task.id, task.title, task.state) for task in plan.tasks] == [
        ("1.1", "Load the star catalogue", TaskState.DONE),
        ("1.2", "Clean the catalogue", TaskState.IN_PROGRESS),
        ("2.1", "Turn the sphere", TaskState.NOT_STARTED),
        ("2.2", "Refract the horizon", TaskState.BLOCKED),
        ("2.3", "Compare with a real sky", TaskState.DEFERRED),
        ("2.4", "Choose pretty colours", TaskState.NOT_STARTED),
        ("3.1", "Draw the chart", TaskState.NOT_STARTED),
        ("3.2", "Print it", TaskState.NOT_STARTED),
        ("3.3", "Fold it", TaskState.UNKNOWN),
        ("3.4", "Engrave it", TaskState.NOT_STARTED),
        ("4.1", "Hand it over", TaskState.NOT_STARTED),
        ("4.1.1", "Write the handbook", TaskState.NOT_STARTED),
        ("4.1.2", "Pack the parcels", TaskState.NOT_STARTED),
    ]
    assert [task.id for task in plan.tasks if task.optional] == ["2.4"]
    assert [task.id for task in plan.tasks if task.human] == ["2.3"]
    assert [task.id for task in plan.tasks if task.struck] == ["3.4"]
    assert {task.parent for task in plan.tasks} == {None, "4.1"}


def test_steps(plan: Plan) -> None:
    drop, fill = plan.by_id["1.2"].steps
    assert drop.checkbox is not None
    assert (drop.text, drop.checkbox.state) == ("Drop doubles", TaskState.DONE)
    assert fill.checkbox is not None
    assert (fill.text, fill.checkbox.state) == ("Fill gaps", TaskState.NOT_STARTED)
    assert [step.text for step in fill.steps] == ["ask the survey team"]


def test_fields(plan: Plan) -> None:
    turn, refract = plan.by_id["2.1"], plan.by_id["2.2"]
    assert (turn.complexity, turn.ambiguity, turn.risk) == (6, 4, 5)
    assert turn.effort is not None
    assert (turn.effort.low, turn.effort.likely, turn.effort.high) == (2 * HOUR, 150 * MINUTE, 3 * HOUR)
    assert refract.effort is not None
    assert (refract.effort.low, refract.effort.likely, refract.effort.high) == (HOUR, 2 * HOUR, 4 * HOUR)
    assert [command.text for command in refract.verify] == ["pytest -q tests/refraction", "ruff check"]
    assert refract.files == ("src/horizon.py", "src/air.py")
    assert (refract.priority, refract.tier) == ("high", 1)
    assert (refract.not_before, refract.due, refract.deadline) == ("2031-02-01", "2031-02-10", "2031-03-01")
    run = plan.by_id["1.2"].run
    assert run is not None
    assert run.text == "python -m star_chart.clean --keep_going"
    assert plan.source.slice(run.span) == run.text
    assert plan.by_id["2.3"].owner == "human"


def test_requirements(plan: Plan) -> None:
    kinds = {ref.text: ref.kind for task in plan.tasks for ref in task.requirements}
    assert kinds == {
        "REQ-1.1": ReferenceKind.REQUIREMENT,
        "REQ-1.x": ReferenceKind.WILDCARD,
        "US2": ReferenceKind.STORY,
        "1.3": ReferenceKind.REQUIREMENT,
        "Numerical standards": ReferenceKind.STANDARD,
    }


def test_checkpoints(plan: Plan) -> None:
    assert [(c.id, c.name, c.anchor.kind, c.anchor.ids) for c in plan.checkpoints] == [
        ("checkpoint-1", "Checkpoint 1", AnchorKind.PHASE, ("2",)),
        ("checkpoint-2", "Checkpoint 2", AnchorKind.TASK, ("3.1", "3.2")),
        ("checkpoint-3", "Before Completion", AnchorKind.COMPLETION, ()),
    ]
    criteria = [criterion for checkpoint in plan.checkpoints for criterion in checkpoint.criteria]
    assert [(c.text, c.command.text if c.command else None) for c in criteria] == [
        ("All unit tests passing", "pytest -q tests/unit"),
        ("The pole star stands still", None),
        ("Lines are thin enough", "printf '`'"),
        ("The night desk signs", None),
    ]
    assert [c.checkbox.state for c in criteria if c.checkbox] == [TaskState.DONE] + [TaskState.NOT_STARTED] * 3


def test_dependencies_of_graph_and_fields(plan: Plan) -> None:
    # In the graph the wire starts in column 13, under task 2.1 (columns 12-14); "Printing 3 → 4" names no tasks.
    graph = [
        "1.1>1.2",
        "1.2>2.1",
        "1.2>2.2",
        "2.1>2.3",
        "2.2>2.3",
        "3.1>3.2",
        "2.1>3.1",
        "3.1>3.3",
        "3.3>4.1.1",
        "3.3>4.1.2",
    ]
    stated = {
        origin: [f"{d.predecessor}>{d.successor}" for d in plan.dependencies if d.sources[0].origin is origin]
        for origin in DependencyOrigin
    }
    assert sorted(stated[DependencyOrigin.GRAPH]) == sorted(graph)
    assert stated[DependencyOrigin.FIELD] == ["1.1>2.1", "1.2>2.1"]
    lagged = next(d for d in plan.dependencies if d.kind is DependencyKind.START_TO_START)
    assert (lagged.predecessor, lagged.successor, lagged.lag) == ("1.2", "2.1", 30 * MINUTE)


def test_assignments_in_whatever_columns(plan: Plan) -> None:
    assert [(row.tasks, row.tier, row.status.text if row.status else None) for row in plan.assignments] == [
        (("1.1", "1.2"), 3, "Done"),
        (("2.1", "2.2", "2.3", "2.4"), 1, "In Progress"),
        (("3.1", "3.2", "3.3"), 2, ""),
        (("4.1", "4.1.1", "4.1.2"), None, "Not Started"),
    ]
    # the field of 2.2 and 3.1 says the same as the table or wins over it; nobody ranked phase 4
    assert plan.tiers == dict.fromkeys(("1.1", "1.2"), 3) | dict.fromkeys(
        ("2.1", "2.2", "2.3", "2.4"), 1
    ) | dict.fromkeys(("3.1", "3.2", "3.3"), 2)


def test_claims(plan: Plan) -> None:
    assert [(claim.kind, claim.text, claim.tasks) for claim in plan.claims] == [
        (ClaimKind.TOTAL_TASKS, "10", ()),
        (ClaimKind.ESTIMATED_TIME, "18 hours (makespan 12 hours)", ()),
        (ClaimKind.STATUS, "10% Complete", ()),
        (ClaimKind.CRITICAL_PATH, "Tasks 1.1 → 1.2 → 2.2 (nothing may slip)", ("1.1", "1.2", "2.2")),
        (ClaimKind.PARALLELIZABLE, PARALLEL, ("2.1", "2.2")),
        (ClaimKind.PARALLELIZABLE, PARALLEL, ("4.1.1", "4.1.2")),
        (ClaimKind.LAST_UPDATED, "2031-01-15", ()),
        (ClaimKind.PROGRESS, "1/10 tasks complete", ()),
    ]
    assert all(plan.source.slice(claim.value_span) == claim.text for claim in plan.claims)


PARALLEL = "Tasks 2.1 and 2.2 can be done in parallel; 4.1.1, 4.1.2 too"


def test_notes_and_escalation(plan: Plan) -> None:
    assert [note.label for note in plan.notes] == ["Critical Path", "Parallelizable", "Escalation", ""]
    assert plan.notes[3].text == "Clouds are nobody's fault"
    assert plan.escalation is not None
    assert plan.escalation.factor == 1.5
    assert plan.source.slice(plan.escalation.span) == "1.5×"


def test_only_the_strange_box_is_noticed(plan: Plan) -> None:
    assert [(seen.kind, seen.text) for seen in plan.observations] == [(ObservationKind.UNREADABLE_CHECKBOX, "[?]")]


def test_spans_cover_what_they_name(plan: Plan) -> None:
    def text(span: Span | None) -> str:
        return plan.source.slice(span) if span else ""

    for task in plan.tasks:
        assert text(task.id_span) == task.id
        assert task.title in text(task.title_span).replace("**", "").replace("~~", "")
        assert text(task.span).startswith(text(task.head_span))
        assert task.checkbox is not None
        assert text(task.checkbox.span) == task.checkbox.mark
        assert all(text(field.span).strip("_*").startswith(field.key) for field in task.fields)
        assert all(ref.text in text(ref.span) for ref in task.requirements)
    assert [text(phase.span).splitlines()[0] for phase in plan.phases][:2] == [
        "### **Phase 1: Catalogue**",
        "### **Phase 2: Geometry**",
    ]
