"""Public requirements documents, each beside its plan."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.corpus.shared_corpus import SHARED

from milepost.plan.reader import read_plan
from milepost.source import SourceText
from milepost.spec.requirements import read_requirements
from milepost.spec.traceability import trace

FILES = sorted((SHARED / "corpus").glob("*/requirements/*.md")) if (SHARED / "corpus").is_dir() else []
pytestmark = pytest.mark.skipif(not FILES, reason="MILEPOST_SHARED is not set")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name[-40:])
def test_every_document_is_read_with_the_place_of_each_part(path: Path) -> None:
    source = SourceText.from_bytes(path.read_bytes(), path=path.name)
    found = read_requirements(source)
    assert found.source.to_bytes() == path.read_bytes()
    for one in found.requirements:
        assert source.slice(one.id_span) in {one.id, one.id.removeprefix("US")}
        assert one.title in {"", one.title.strip()}
        for label in one.fields:
            assert (
                label.value.split()[:1] == source.slice(label.value_span).replace("**", "").replace("`", "").split()[:1]
            )


def test_nearly_all_state_requirements() -> None:
    stated = [bool(read_requirements(SourceText.from_bytes(path.read_bytes())).requirements) for path in FILES]
    # Two are feature specifications of a few lines that state none.
    assert stated.count(False) == 2


def test_references_resolve() -> None:
    unknown = set()
    links = 0
    for path in FILES:
        plan_path = path.parent.parent / path.name
        plan = read_plan(SourceText.from_bytes(plan_path.read_bytes(), path=path.name))
        documents = [read_requirements(SourceText.from_bytes(path.read_bytes(), path=path.name))]
        links += sum(len(task.requirements) for task in plan.tasks)
        unknown |= {(found.task.id, found.reference.text) for found in trace(plan, documents).unknown}
    # Requirement 6 of that document has five criteria; three of its tasks name a sixth.
    assert unknown == {("3.1", "6.6"), ("3.2", "6.6"), ("11.4", "6.6")}
    assert links > 2000
