"""Public plan documents kept outside the project, and what was judged about them, by digest and without their text."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from milepost.lint import runner
from milepost.plan import edits
from milepost.plan.coverage import unread_tasks
from milepost.plan.model import Plan, TaskState
from milepost.plan.reader import read_plan
from milepost.source import Severity, SourceText, apply

SHARED = Path(os.environ.get("MILEPOST_SHARED", "/nonexistent"))
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Entry:
    """A document of the corpus and how many tasks a rough count found in it."""

    file: str
    rough: int

    @property
    def raw(self) -> bytes:
        return (SHARED / "corpus" / self.file).read_bytes()

    @property
    def plan(self) -> Plan:
        return read_plan(SourceText.from_bytes(self.raw, path=Path(self.file).name))


def entries(dialect: str) -> list[Entry]:
    manifest = SHARED / "corpus" / "MANIFEST.tsv"
    if not manifest.is_file():
        return []
    with manifest.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["dialect"] == dialect]
    return [Entry(row["file"], int(row["tasks_rough"])) for row in rows if "/requirements/" not in row["file"]]


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    with (HERE / name).open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines, delimiter="\t"))


def check_count(entry: Entry) -> None:
    """Our count is within a tenth of the rough one, or a reason says why ours is right."""
    plan = entry.plan
    ours = len(plan.tasks)
    reasons = {row["sha256"]: row for row in table("count_reasons.tsv")}
    if abs(ours - entry.rough) > entry.rough / 10:
        assert plan.source.digest in reasons, f"{ours} tasks, {entry.rough} by a rough count"
        assert int(reasons[plan.source.digest]["ours"]) == ours


def unread_reason(plan: Plan) -> str | None:
    """Why so many lines of a document that look like tasks are none; empty where there are none, None if unexplained."""
    lines = len(list(unread_tasks(plan)))
    reasons = {row["sha256"]: row for row in table("unread_reasons.tsv")}
    row = reasons.get(plan.source.digest, {"lines": "0", "reason": ""})
    return row["reason"] if int(row["lines"]) == lines else None


def check_unread(entry: Entry) -> None:
    """No line looks like a task without being read, or a reason says why it is none."""
    assert unread_reason(entry.plan) is not None


def check_errors(entry: Entry) -> None:
    """Every finding of level error was judged to be true."""
    plan = entry.plan
    found = {
        (str(plan.source.position(one.span.start).line), one.code)
        for one in runner.check(plan)
        if one.severity is Severity.ERROR
    }
    judged = {
        (row["line"], row["rule"])
        for row in table("judged_findings.tsv")
        if row["sha256"] == plan.source.digest and row["verdict"] == "real"
    }
    assert found <= judged


def check_lossless(entry: Entry) -> None:
    """Nothing is lost in reading, and a tick changes one byte."""
    plan = entry.plan
    assert plan.source.to_bytes() == entry.raw
    for task in plan.tasks:
        if task.checkbox and plan.by_id[task.id] is task:
            wanted = TaskState.DONE if task.state is not TaskState.DONE else TaskState.NOT_STARTED
            after = apply(plan.source, edits.tick(plan, task.id, wanted)).to_bytes()
            assert sum(one != other for one, other in zip(entry.raw, after, strict=True)) == 1
