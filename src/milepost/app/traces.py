"""Traceability: a plan joined with the requirements beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from milepost.app.documents import project_root, read_document
from milepost.app.naming_tests import NamingTests, Place, find_naming_tests
from milepost.app.plans import load_plan
from milepost.app.requirement_files import BESIDE, find_requirements
from milepost.errors import InputError, RequirementsNotFound
from milepost.execution.records import TaskStatus
from milepost.plan.model import Plan
from milepost.spec.model import Requirement, RequirementsDocument
from milepost.spec.requirements import read_requirements
from milepost.spec.traceability import Matrix, TraceRow, UnknownReference, trace

if TYPE_CHECKING:
    from milepost.execution.state import RunState


@dataclass(frozen=True, slots=True)
class TaskEvidence:
    """What a run recorded of a done task: by whom, when (seconds since 1970), at which attempt, its evidence."""

    task: str
    by: str
    at: float
    attempt: int | None
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trace:
    """A plan's traceability, the documents it was computed from, the tests that name requirements, and the evidence."""

    plan: Plan
    documents: tuple[RequirementsDocument, ...]
    matrix: Matrix
    tests: NamingTests = field(default_factory=NamingTests)
    evidence: Mapping[str, TaskEvidence] = field(default_factory=dict)

    def evidence_of(self, row: TraceRow) -> list[TaskEvidence]:
        """What was recorded of the tasks that serve a requirement."""
        return [self.evidence[task.id] for task in row.tasks if task.id in self.evidence]

    def tests_of(self, row: TraceRow) -> Sequence[Place]:
        """Where tests name a requirement."""
        return self.tests.places.get(row.requirement.id, ())

    @property
    def serious(self) -> tuple[TraceRow, ...]:
        """The requirements that may not be left out and that no task serves."""
        return tuple(row for row in self.matrix.rows if row.is_serious)

    def to_json(self, rows: Sequence[TraceRow]) -> dict[str, Any]:
        """Give the trace, with these rows of its matrix, as plain JSON values; lines count from 1."""
        matrix = self.matrix
        return {
            "plan": self.plan.source.path,
            "requirements_files": [document.source.path for document in self.documents],
            "requirements": [
                {
                    **_row_json(row),
                    "evidence": [_evidence_json(one) for one in self.evidence_of(row)],
                    "tests": [{"path": one.path, "line": one.line} for one in self.tests_of(row)],
                }
                for row in rows
            ],
            "tests_searched": {"files": self.tests.files, "complete": self.tests.complete},
            "standards": [{"name": name, "tasks": list(ids)} for name, ids in matrix.standards.items()],
            "unknown_references": [_reference_json(one) for one in matrix.unknown],
            "references_elsewhere": [_reference_json(one) for one in matrix.elsewhere],
            "untraced_tasks": [task.id for task in matrix.untraced],
            "summary": {
                "requirements": len(matrix.rows),
                "gaps": len(matrix.gaps),
                "uncovered_must": len(self.serious),
                **coverage_counts(matrix),
            },
        }


def coverage_counts(matrix: Matrix) -> dict[str, int]:
    """How many requirements are in each state of coverage, in the order of the matrix."""
    counts: dict[str, int] = {}
    for row in matrix.rows:
        counts[row.coverage.value.replace(" ", "_")] = counts.get(row.coverage.value.replace(" ", "_"), 0) + 1
    return counts


def evidence_of_run(state: RunState) -> dict[str, TaskEvidence]:
    """What a run recorded of the tasks that are done."""
    found: dict[str, TaskEvidence] = {}
    for name, record in state.tasks.items():
        if record.status is TaskStatus.DONE and record.finished_at is not None:
            last = record.attempts[-1] if record.attempts else None
            attempt = last.no if last else None
            found[name] = TaskEvidence(
                name, record.by, record.finished_at, attempt, dict(last.evidence) if last else {}
            )
    return found


def trace_plan(
    path: str, requirements: Sequence[str] = (), evidence: Mapping[str, TaskEvidence] | None = None
) -> Trace:
    """Trace the requirements of a plan, those of the files named or else of the ones beside it.

    Tests that name a requirement are looked for below the project's root; ``evidence`` is what a run recorded.

    Raises:
        PlanUnreadable, NoTasksFound: the plan or a requirements file cannot be read.
        RequirementsNotFound: there is no such file, or none that states a requirement.
    """
    plan = load_plan(path)
    files = list(requirements) or find_requirements(path)
    documents = tuple(_stating(files))
    if not documents:
        raise RequirementsNotFound(
            "no requirement is stated in it" if files else f"there is no {' or '.join(BESIDE)} beside it",
            place=files[0] if files else path,
            remedy="a requirement is a line such as `1. **REQ-1.1:** It shall …`; --requirements names the file",
        )
    matrix = trace(plan, documents)
    tests = find_naming_tests(project_root(path), [row.requirement for row in matrix.rows])
    return Trace(plan, documents, matrix, tests, evidence or {})


def requirements_beside(path: str) -> tuple[RequirementsDocument, ...]:
    """The documents beside a plan that state requirements; one that cannot be read states none."""
    return tuple(_stating(find_requirements(path), lenient=True))


def _stating(files: Iterable[str], *, lenient: bool = False) -> Iterable[RequirementsDocument]:
    for file in files:
        try:
            document = read_requirements(read_document(file))
        except InputError:
            if not lenient:
                raise
            continue
        if document.requirements:
            yield document


def _row_json(row: TraceRow) -> dict[str, Any]:
    return {
        "id": row.requirement.id,
        "title": row.requirement.title,
        "kind": row.requirement.kind.value,
        "priority": row.requirement.priority,
        "must": row.requirement.is_must,
        "coverage": row.coverage.value,
        "tasks": [{"id": task.id, "title": task.title, "state": task.state.value} for task in row.tasks],
        "criteria": len(row.requirement.criteria),
        "criteria_without_task": [criterion.id for criterion in row.missing],
        "path": row.document.source.path,
        "line": line_of(row.document, row.requirement),
    }


def _evidence_json(one: TaskEvidence) -> dict[str, Any]:
    return {
        "task": one.task,
        "by": one.by,
        "at": one.at,
        "attempt": one.attempt,
        "evidence": dict(one.evidence),
    }


def line_of(document: RequirementsDocument, requirement: Requirement) -> int:
    """The line a requirement starts on, from 1."""
    return document.source.position(requirement.span.start).line


def _reference_json(found: UnknownReference) -> dict[str, Any]:
    return {"task": found.task.id, "reference": found.reference.text}
