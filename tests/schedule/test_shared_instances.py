"""A few public instances, where they lie beside the checkout: small budgets, checked schedules, bounds that hold."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from tests.schedule.schedule_checker import complaints

from milepost.exchange.psplib import read_instance
from milepost.schedule import kernel
from milepost.schedule.bounds import lower_bound
from milepost.schedule.search import improve

SHARED = os.environ.get("MILEPOST_SHARED", "")

pytestmark = pytest.mark.skipif(not SHARED, reason="MILEPOST_SHARED is not set")


def best_known() -> dict[str, tuple[int, int]]:
    with open(Path(SHARED, "psplib", "BEST_KNOWN.tsv"), encoding="utf-8") as rows:
        table = csv.DictReader(rows, delimiter="\t")
        return {row["file"]: (int(row["lower_bound"]), int(row["best_known"])) for row in table}


@pytest.mark.parametrize(
    "file", ["j30/j301_1.sm", "j30/j3013_1.sm", "j60/j605_1.sm", "mm50/J5010_3.mm", "mm50/J5068_1.mm"]
)
def test_search_keeps_every_rule(file: str) -> None:
    """No schedule beats the best known bound; after some hundred individuals it is within a third of the best."""
    least, best = best_known()[file]
    problem = read_instance(Path(SHARED, "psplib", file).read_text(encoding="utf-8"), name=file)
    found = improve(problem, iterations=20_000 if kernel.COMPILED else 100, seed=1)
    assert found.feasible
    assert complaints(problem, found.start, found.modes) == []
    assert lower_bound(problem) <= least <= found.makespan <= best * 4 / 3


def test_every_instance_is_read_and_bounded() -> None:
    """Every fiftieth of them: our bound never exceeds the best known makespan."""
    for file, (_, best) in list(best_known().items())[::50]:
        problem = read_instance(Path(SHARED, "psplib", file).read_text(encoding="utf-8"), name=file)
        assert lower_bound(problem) <= best, file
