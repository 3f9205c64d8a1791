"""Answers stay in their bounds whatever documents say."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from milepost.errors import MilepostError
from milepost.execution.policy import CheckpointSpec, CriterionSpec, TaskSpec
from milepost.execution.records import CheckpointRecord, CriterionRecord, CriterionStatus, TaskRecord
from milepost.mcp_server.claiming import _summary
from milepost.mcp_server.reading import gate_json
from milepost.mcp_server.replies import LONGEST_LIST, data, dump, error, line, numbered_page

WORST = '"\\' * 5000


@given(st.text(), st.integers(5, 300))
def test_a_line_takes_no_more_than_it_may(text: str, longest: int) -> None:
    found = line(text, longest)
    assert len(dump(found)) - 2 <= longest
    assert "\n" not in found


@given(st.text())
def test_data_stands_between_marks_that_it_does_not_hold(text: str) -> None:
    lines = data("brief", text).split("\n")
    assert lines[0].removeprefix("<").removesuffix(">") == lines[-1].removeprefix("</").removesuffix(">")
    assert lines[-1] not in lines[1:-1]


def test_a_task_takes_1200_characters_at_most() -> None:
    spec = TaskSpec(WORST, WORST, 3, effort=1, files=(WORST,) * 99, verify=(WORST,) * 99, commands={3: WORST}, waits=())
    assert len(dump(_summary(TaskRecord(spec, 3)))) <= 1200


def test_a_checkpoint_fits_into_a_list() -> None:
    failed = CriterionRecord(CriterionSpec(WORST, WORST), CriterionStatus.FAILED, WORST, None, {"output": WORST})
    gate = CheckpointRecord(CheckpointSpec(WORST, WORST), [failed] * 99)
    found = numbered_page("checkpoints", [gate] * 9, gate_json, "")
    assert len(found.text) <= LONGEST_LIST
    assert json.loads(found.text)["next_cursor"] == "1"


def test_an_error_is_short() -> None:
    assert len(error(MilepostError(WORST, place=WORST, remedy=WORST)).text) <= 1100
