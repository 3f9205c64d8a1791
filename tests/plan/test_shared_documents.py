"""Public plan documents, when the environment says where they are."""

import os
from pathlib import Path

import pytest

from milepost.plan.model import ObservationKind
from milepost.plan.reader import read_plan
from milepost.source import SourceText, apply

SHARED = Path(os.environ.get("MILEPOST_SHARED", "/nonexistent"))
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="MILEPOST_SHARED is not set")


def test_the_reference_document() -> None:
    plan = read_plan(SourceText.from_bytes((SHARED / "reference" / "tasks-template.md").read_bytes()))
    assert (len(plan.tasks), len(plan.phases), len(plan.checkpoints)) == (12, 5, 3)
    assert sum(len(checkpoint.criteria) for checkpoint in plan.checkpoints) == 10
    assert plan.effort == 81_000  # 22.5 hours
    assert len(plan.assignments) == 5
    assert set(plan.tiers) == set(plan.by_id)
    assert len(plan.notes) == 3
    assert {seen.kind for seen in plan.observations} == {ObservationKind.PLACEHOLDER, ObservationKind.AMBIGUOUS_ARROW}


def test_settling_the_reference_documents_arrow_keeps_its_network() -> None:
    plan = read_plan(SourceText.from_bytes((SHARED / "reference" / "tasks-template.md").read_bytes()))
    (found,) = (seen for seen in plan.observations if seen.kind is ObservationKind.AMBIGUOUS_ARROW)
    again = read_plan(apply(plan.source, found.edits))
    assert all(seen.kind is ObservationKind.PLACEHOLDER for seen in again.observations)
    assert {d.predecessor + ">" + d.successor for d in again.dependencies} == {
        d.predecessor + ">" + d.successor for d in plan.dependencies
    }


def test_every_document_of_the_corpus_is_read_and_survives() -> None:
    paths = sorted((SHARED / "corpus").rglob("*.md"))
    assert paths
    for path in paths:
        raw = path.read_bytes()
        source = SourceText.from_bytes(raw, path=str(path))
        assert apply(read_plan(source).source, []).to_bytes() == raw, path
