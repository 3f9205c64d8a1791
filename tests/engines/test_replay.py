"""Histories that earlier versions left on a server are gone on with by this one.

`MILEPOST_RECORD_HISTORIES=1 pytest tests/engines/test_both_engines.py` records them anew; those that are kept here stay
as long as runs of their version may be open somewhere.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError
from tests.engines.changed_workflow import Patched, Unpatched
from tests.engines.conftest import HISTORIES

from milepost.adapters.temporal_supervision import in_sandbox
from milepost.adapters.temporal_workflow import RunWorkflow

RECORDED = sorted(HISTORIES.glob("*.json"))


def replay(text: str, workflow: type[RunWorkflow] = RunWorkflow) -> None:
    replayer = Replayer(workflows=[workflow], workflow_runner=in_sandbox())
    asyncio.run(replayer.replay_workflow(WorkflowHistory.from_json("run", text)))


@pytest.mark.parametrize("path", RECORDED, ids=[path.stem for path in RECORDED])
def test_a_recorded_history_is_replayed(path: Path) -> None:
    replay(path.read_text())


def test_a_history_of_another_workflow_is_not() -> None:
    """The test above can fail: a history in which an attempt was made that nobody ordered does not fit."""
    history = json.loads(RECORDED[0].read_text())
    scheduled = next(event for event in history["events"] if "activityTaskScheduledEventAttributes" in event)
    scheduled["activityTaskScheduledEventAttributes"]["activityId"] = "9.9#1"
    with pytest.raises(NondeterminismError):
        replay(json.dumps(history))


@pytest.mark.parametrize("path", RECORDED, ids=[path.stem for path in RECORDED])
def test_a_change_of_the_code_behind_a_patch_goes_on_with_histories_from_before_it(path: Path) -> None:
    replay(path.read_text(), Patched)


def test_a_change_of_the_code_without_a_patch_does_not() -> None:
    with pytest.raises(NondeterminismError):
        replay(RECORDED[0].read_text(), Unpatched)
