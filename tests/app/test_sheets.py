"""What is written with the help of a sheet is, byte by byte, what is written after reading the plan."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest

from milepost.app.extracts import ticks_of
from milepost.app.projection import project
from milepost.app.run_specs import build_run_spec
from milepost.app.settings import load_settings
from milepost.app.sheets import Sheet, Written, sheet_of, write_on
from milepost.app.syncs import unticked_by_hand
from milepost.errors import MilepostError
from milepost.execution.commands import Approve, Block, Claim, Command, Fail, MarkDone, Reopen, Skip, Start
from milepost.execution.decisions import decide
from milepost.execution.evolution import fold
from milepost.execution.state import RunState
from milepost.plan.edits import tick
from milepost.plan.model import Plan, TaskState
from milepost.plan.reader import read_plan
from milepost.source import SourceText, apply

DIALECTS = sorted((Path(__file__).parent.parent / "fixtures" / "dialects").glob("*.md"))
MARKS = "    xX-~/!>"


def generated(random: random.Random) -> str:
    """A plan in which lines, tables, marks, parts, criteria and line ends vary."""
    ids: list[str] = []
    body: list[str] = []
    for phase in (1, 2):
        body += [f"### **Phase {phase}: Part 📦**", ""]
        for number in range(1, random.randint(2, 4)):
            name = f"{phase}.{number}"
            ids.append(name)
            star = random.choice(("", "", "", "*"))
            body += [f"- [{random.choice(MARKS)}]{star} **{name}** Do é {name}", "  - Write it", "  - _Estimated: 1h_"]
            for part in range(random.choice((0, 0, 0, 2))):
                body.append(f"  - [{random.choice(MARKS)}] **{name}.{part + 1}** Part")
            if random.random() < 0.3:
                body.append(f"  - _Depends: {random.choice(ids)}_")
            body.append("")
        if random.random() < 0.5:
            boxes = [f"- {random.choice(('[ ] ', '[x] ', ''))}It holds {number}" for number in (1, 2)]
            body += [f"### **Checkpoint {phase}: After Phase {phase}**", "", "**Exit Criteria:**", "", *boxes, ""]
    head = ["# Shop - Implementation Plan", ""]
    head += random.sample(["**Status:** Not Started  ", "**Status:** 3% Complete", "**Last Updated:** 2020-01-01"], 2)
    rows = [
        f"| {name} | Tier 3 | {random.choice(('Not Started', 'Complete   ', 'In Progress (ann)'))} | |" for name in ids
    ]
    table = ["## Task Assignment", "", "| Task | Assigned To | Status | Notes |", "|---|---|---|---|", *rows, ""]
    foot = random.sample(
        ["**Progress:** 0/9 tasks complete", "**Last Updated:** 2026-01-05  ", "**Status:** Complete"], 2
    )
    lines = [*head, "", "## Task Breakdown", "", *body, *(table if random.random() < 0.7 else []), "---", "", *foot, ""]
    return random.choice(("\n", "\n", "\r\n")).join(lines)


def happens(state: RunState, random: random.Random, now: float) -> None:
    """Let one thing happen to a run, if it may."""
    task = random.choice(list(state.tasks))
    gates = [name for name, gate in state.checkpoints.items() if gate.criteria]
    commands: list[Command] = [
        Claim(now, task, "ann", None, 600.0),
        MarkDone(now, task, "ann"),
        MarkDone(now, task, "ann"),
        Reopen(now, task, "ann", "wrong"),
        Skip(now, task, "ann", "later"),
        Block(now, task, "stuck", "ann"),
        Fail(now, task, 1, "broke"),
        *(Approve(now, name, "ann") for name in gates),
    ]
    with contextlib.suppress(MilepostError):
        fold(decide(state, random.choice(commands)), state)


def full(source: SourceText, state: RunState, seen: set[str], again: set[str]) -> tuple[SourceText, tuple[str, ...]]:
    unticked = unticked_by_hand(read_plan(source), state, seen)
    return project(source, state, "2026-02-03", leave=unticked, untick=again), unticked


def compare(
    source: SourceText, sheet: Sheet | None, state: RunState, seen: set[str]
) -> tuple[Written | None, SourceText]:
    again = {name for name in seen if name in state.tasks and state.tasks[name].reopened}
    expected, unticked = full(source, state, seen, again)
    if sheet is None:
        return None, expected
    written = write_on(sheet, source, state, "2026-02-03", seen, again)
    if written is not None:
        assert written.source.to_bytes() == expected.to_bytes()
        assert written.unticked == unticked
        after = read_plan(expected)
        assert written.sheet == sheet_of(after)
        assert ticks_of(written.sheet.plan(written.source)) == ticks_of(after)
        assert Sheet.from_bytes(written.sheet.to_bytes()) == written.sheet
    return written, expected


def begun(plan: Plan, folder: Path) -> RunState | None:
    """A run of the plan; None when it has nothing to run."""
    try:
        spec = build_run_spec(plan, load_settings(str(folder / "tasks.md")), "tasks.md")
        state = RunState()
        fold(decide(state, Start(0.0, "r#1", spec, "ann")), state)
    except MilepostError:
        return None
    return state if state.tasks else None


def history(text: str, random: random.Random, folder: Path, steps: int) -> int:
    """Have things happen and the document follow, sometimes with a box changed by hand; counts what sheets did."""
    source = SourceText(text, path="tasks.md")
    state = begun(read_plan(source), folder)
    if state is None:
        return 0
    sheet, seen, used = sheet_of(read_plan(source)), set[str](), 0
    for step in range(steps):
        happens(state, random, float(step))
        written, source = compare(source, sheet, state, seen)
        used += written is not None
        plan = read_plan(source)
        seen = {task.id for task in plan.tasks if task.state is TaskState.DONE}
        if random.random() < 0.1:
            name = random.choice(list(plan.by_id))
            source = apply(source, tick(plan, name, random.choice((TaskState.DONE, TaskState.NOT_STARTED))))
            written = None
        sheet = written.sheet if written else sheet_of(read_plan(source))
    return used


def test_sheets_write_what_projections_write(tmp_path: Path) -> None:
    """A quarter of the steps at least are written on sheets, so that the comparison is one."""
    used = sum(history(generated(random.Random(seed)), random.Random(seed), tmp_path, 8) for seed in range(60))
    assert used > 120  # of at most 480


@pytest.mark.parametrize("path", DIALECTS, ids=lambda path: str(path.stem))
def test_in_every_dialect(path: Path, tmp_path: Path) -> None:
    for seed in range(4):
        history(path.read_bytes().decode("utf-8"), random.Random(seed), tmp_path, 12)
