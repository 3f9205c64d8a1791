"""The supervisor is killed at ten moments of a run and started again: everything is finished exactly once.

A moment is an event of the run (the n-th that a supervisor adds to the ledger), not a time. A command goes on when
its supervisor dies, so the next supervisor has to find and adopt it.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from milepost.adapters import shim
from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.app.ledgers import chain
from milepost.app.runs import RunSession
from milepost.execution import events as ev
from milepost.execution.commands import Start
from milepost.execution.policy import CheckpointSpec, CriterionSpec, RunSpec, TaskSpec, TierPolicy, Wait

RUN = "crash#1"
LAYERS, WIDTH = 6, 5
KILLS = 10
DEADLINE = 120.0  # generous: it only turns a hang into a failure

SUPERVISOR = """
import sys
from pathlib import Path
from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.adapters.local_engine import LocalEngine
from milepost.app.runs import RunSession

root = Path(sys.argv[1])
session = RunSession(SqliteLedger(root / ".milepost" / "ledger.db"), sys.argv[2])
print(LocalEngine(session, root).run().outcome)
"""


def layered(seed: int) -> RunSpec:
    """Thirty tasks in six layers; each waits for two of the layer before and leaves a line in a file of its own."""
    draw = random.Random(seed)
    tasks = []
    for layer in range(LAYERS):
        for place in range(WIDTH):
            name = f"{layer}.{place}"
            before = draw.sample(range(WIDTH), 2) if layer else []
            command = f"sleep 0.0{draw.randrange(1, 8)}; echo $MILEPOST_ATTEMPT >> marks/{name}"
            verify = (f"test -s marks/{name}",) if place == 0 else ()
            waits = tuple(Wait(f"{layer - 1}.{other}") for other in before)
            gates = ("half",) if layer >= LAYERS // 2 else ()
            tasks.append(TaskSpec(name, name, 3, waits=waits, gates=gates, commands={3: command}, verify=verify))
    after = tuple(task.id for task in tasks if not task.gates)
    gate = CheckpointSpec("half", "Half way", after, criteria=(CriterionSpec("marks are there", "ls marks"),))
    return RunSpec("crash", tuple(tasks), (gate,), (TierPolicy(3, "Tier 3", 3),))


def kill_after(root: Path, ledger: SqliteLedger, news: int) -> bool:
    """Supervise until the ledger holds that many new events, then SIGKILL; false when the run ended before."""
    before = len(ledger.read(RUN))
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(root), RUN], stdout=subprocess.PIPE)
    deadline = time.monotonic() + DEADLINE
    with supervisor:
        while len(ledger.read(RUN, before)) < news and supervisor.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        killed = supervisor.poll() is None
        supervisor.kill()
    return killed


def kill_shims(root: Path) -> None:
    """SIGKILL every shim that is still alive; the commands themselves live on."""
    owners = {os.readlink(started) for started in root.glob(".milepost/runs/*/tasks/*/*/started")}
    for owner in owners:
        pid = int(owner.split(":")[0])
        if shim.identity(pid) == owner:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def moments(seed: int) -> list[int]:
    """How many events each killed supervisor may add. At most 5 of them: the run has over 60, so it outlasts ten."""
    draw = random.Random(seed)
    return [draw.randint(1, 5) for _ in range(KILLS)]


def finish(root: Path) -> None:
    last = subprocess.run(
        [sys.executable, "-c", SUPERVISOR, str(root), RUN], capture_output=True, text=True, timeout=DEADLINE
    )
    assert (last.stdout, last.stderr) == ("finished\n", "")


def begin(root: Path, spec: RunSpec) -> SqliteLedger:
    (root / "marks").mkdir()
    ledger = SqliteLedger(root / ".milepost" / "ledger.db")
    RunSession(ledger, RUN).execute(Start(time.time(), RUN, spec))
    return ledger


@pytest.mark.parametrize("seed", [1, 2])
def test_every_task_is_finished_exactly_once(tmp_path: Path, seed: int) -> None:
    spec = layered(seed)
    ledger = begin(tmp_path, spec)
    assert [kill_after(tmp_path, ledger, news) for news in moments(seed)] == [True] * KILLS
    finish(tmp_path)

    events = ledger.read(RUN)
    ids = sorted(task.id for task in spec.tasks)
    assert sorted(event.task for event in events if isinstance(event, ev.TaskCompleted)) == ids
    # No shim was killed, so nothing was lost: every first attempt is the one that finished, and ran once.
    assert not [event for event in events if isinstance(event, ev.AttemptLost | ev.AttemptFailed)]
    assert {path.name: path.read_text() for path in (tmp_path / "marks").iterdir()} == dict.fromkeys(ids, "1\n")
    assert sum(isinstance(event, ev.CheckpointPassed) for event in events) == 1
    assert sum(isinstance(event, ev.RunFinished) for event in events) == 1
    check_chain(ledger.path)


@pytest.mark.parametrize("seed", [3])
def test_when_the_shims_die_too_every_task_is_still_finished_once(tmp_path: Path, seed: int) -> None:
    spec = layered(seed)
    ledger = begin(tmp_path, spec)
    for news in moments(seed):
        assert kill_after(tmp_path, ledger, news)
        kill_shims(tmp_path)
    finish(tmp_path)

    events = ledger.read(RUN)
    ids = sorted(task.id for task in spec.tasks)
    assert sorted(event.task for event in events if isinstance(event, ev.TaskCompleted)) == ids
    assert not [event for event in events if isinstance(event, ev.AttemptFailed)]
    lost = {(event.task, event.attempt_no) for event in events if isinstance(event, ev.AttemptLost)}
    # An attempt leaves at most one mark, and one that was not lost left one.
    for path in (tmp_path / "marks").iterdir():
        left = [int(line) for line in path.read_text().split()]
        assert left == sorted(set(left))
        assert all((path.name, number) in lost for number in left[:-1])
    assert sorted(path.name for path in (tmp_path / "marks").iterdir()) == ids
    check_chain(ledger.path)


def check_chain(path: Path) -> None:
    previous = b""
    expected = 0
    for version, kind, v, payload, found in sqlite3.connect(path).execute(
        "SELECT version, kind, v, payload, hash FROM event ORDER BY version"
    ):
        expected += 1
        previous = chain(previous, RUN, version, kind, v, payload)
        assert (version, found) == (expected, previous)
    assert expected > 0
