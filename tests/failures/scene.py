"""A run of 64 tasks that things happen to, and the promises it has to keep whatever happens.

Moments are events of the run, drawn from a seed, never times. Every attempt of a task that gets to its end leaves its
number in a file named after the task.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from milepost.adapters import shim
from milepost.adapters.ledger_sqlite import SqliteLedger
from milepost.app.ledgers import chain
from milepost.app.ports import LedgerArchive
from milepost.execution import events as ev

LAYERS, WIDTH = 8, 8
TASKS = LAYERS * WIDTH
RUN = "tasks.md#1"
DEADLINE = 240.0  # generous: it only turns a hang into a failure

SETTINGS = """\
[run]
grace_seconds = 0.2
log_limit_mb = 1

[tiers.1]
driver = "manual"
capacity = 1

[tiers.2]
driver = "command"
capacity = 2
attempts = 50

[tiers.3]
driver = "command"
capacity = 3
attempts = 50
"""


def plan_text(seed: int, more: str = "") -> str:
    """Eight phases of eight tasks; each task waits for two of the phase before; a checkpoint half way."""
    draw = random.Random(seed)
    lines = ["# Layers - Implementation Plan", "", "**Status:** Not Started", ""]
    for layer in range(1, LAYERS + 1):
        lines += [f"### **Phase {layer}: Layer {layer}**", ""]
        for place in range(1, WIDTH + 1):
            name = f"{layer}.{place}"
            lines.append(f"- [ ] **{name}** Leave mark {name}")
            if layer > 1:
                before = sorted(draw.sample(range(1, WIDTH + 1), 2))
                lines.append(f"  - _Depends: {', '.join(f'{layer - 1}.{other}' for other in before)}_")
            pause = f"sleep 0.0{draw.randrange(1, 6)}"
            lines.append(f"  - _Run: {pause}; echo $MILEPOST_ATTEMPT >> marks/{name}_")
            if place == 1:
                lines.append(f"  - _Verify: test -s marks/{name}_")
        lines.append("")
    lines += [more] if more else []
    lines += ["## Checkpoints", "", "### **Checkpoint 1: After Phase 4**", "- [ ] Marks are there `ls marks`", ""]
    return "\n".join([*lines, f"**Progress:** 0/{TASKS + more.count('- [ ]')} tasks complete", ""])


class Scene:
    """A project with its run, the faults that were injected into it, and what was seen recorded by then."""

    def __init__(self, root: Path, seed: int, record: Callable[[str, object], None], more: str = "") -> None:
        self.root = root
        self.draw = random.Random(seed)
        self.record = record
        self.plan = root / "tasks.md"
        self.ledger: LedgerArchive = SqliteLedger(root / ".milepost" / "ledger.db")
        self.environment = {**os.environ, "XDG_STATE_HOME": str(root.parent / "state"), "MILEPOST_WORKER": "tester"}
        self.faults = 0
        self.acknowledged: list[ev.Event] = []
        (root / "marks").mkdir(parents=True)
        (root / "milepost.toml").write_text(SETTINGS)
        self.plan.write_text(plan_text(seed, more))
        self.milepost("trust", "tasks.md")

    # Processes

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "milepost", *args]

    def milepost(self, *args: str, code: int = 0) -> str:
        done = subprocess.run(
            self.command(*args), cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=DEADLINE
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def supervisor(self, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command("run", "tasks.md", *(options or ("--no-wait",))),
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, supervisor: subprocess.Popen[str]) -> str:
        """Wait for a supervisor's end; gives what it complained of."""
        return supervisor.communicate(timeout=DEADLINE)[1]

    def commands(self) -> list[int]:
        """Live first processes of commands, leaders of their groups."""
        found = (folder.parent for folder in self.root.glob(".milepost/runs/*/*/**/process"))
        return live(os.readlink(folder / shim.PROCESS) for folder in found if not (folder / shim.EXIT).exists())

    def shims(self) -> list[int]:
        """Live shims."""
        return live({os.readlink(started) for started in self.root.glob(".milepost/runs/*/*/**/started")})

    # Moments

    def events(self, after: int = 0) -> list[ev.Event]:
        return self.ledger.read(RUN, after)

    def after_events(self, count: int, *supervisors: subprocess.Popen[str]) -> bool:
        """Wait until the run has that many more events; false when all supervisors ended before."""
        before = len(self.events())
        until(lambda: len(self.events(before)) >= count or all(s.poll() is not None for s in supervisors))
        return any(supervisor.poll() is None for supervisor in supervisors)

    def some(self) -> int:
        """How many events go by until the next fault: the run has over 130, so ten faults find it alive."""
        return self.draw.randint(3, 11)

    def injected(self, what: str) -> None:
        """Count a fault; what the ledger says by now must never be lost."""
        self.faults += 1
        self.acknowledged = self.events()
        self.record(f"fault:{what}", 1)

    # Promises

    def finish(self, tries: int = 1) -> None:
        """The cause is gone: the run completes."""
        for attempt in range(tries):
            supervisor = self.supervisor()
            err = self.end(supervisor)
            if supervisor.returncode == 0:
                return
            assert attempt < tries - 1, err

    def check_ledger(self) -> None:
        """The ledger's hashes join up."""
        check_chain(self.root / ".milepost" / "ledger.db")

    def keeps_its_promises(self, *, lost: bool = True, total: int = TASKS) -> None:
        """Everything is finished, each task exactly once; nothing recorded was lost; the document is true."""
        events = self.events()
        assert events[: len(self.acknowledged)] == self.acknowledged
        done = [event for event in events if isinstance(event, ev.TaskCompleted)]
        assert len(done) == len({event.task for event in done}) == total
        assert sum(isinstance(event, ev.RunFinished) for event in events) == 1
        for event in done:
            if event.attempt_no and (self.root / "marks" / event.task).exists():
                marks = [int(line) for line in (self.root / "marks" / event.task).read_text().split()]
                assert marks.count(event.attempt_no) == 1, "an attempt ran twice"
                assert len(marks) == len(set(marks))
        if not lost:
            assert not [event for event in events if isinstance(event, ev.AttemptLost | ev.AttemptFailed)]
        self.check_ledger()
        self.milepost("sync", "tasks.md")
        text = self.plan.read_text()
        assert text.count("- [x] **") == total
        assert f"{total}/{total} tasks complete" in text
        assert not self.commands(), "a command outlived its run"
        assert self.faults > 0


def live(identities: Iterable[str]) -> list[int]:
    """Process numbers of those that still live."""
    return [int(who.split(":")[0]) for who in identities if shim.identity(int(who.split(":")[0])) == who]


def kill(*pids: int, group: bool = False) -> None:
    """SIGKILL processes, or their groups."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL) if group else os.kill(pid, signal.SIGKILL)


def until(condition: Callable[[], object]) -> None:
    """Wait for something that other processes bring about."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.005)


def check_chain(path: Path) -> None:
    """The ledger's hashes join up, without a gap."""
    rows = sqlite3.connect(path).execute(
        "SELECT version, kind, v, payload, hash FROM event WHERE stream = ? ORDER BY version", (RUN,)
    )
    previous = b""
    expected = itertools.count(1)
    for version, kind, v, payload, found in rows:
        previous = chain(previous, RUN, version, kind, v, payload)
        assert (version, found) == (next(expected), previous)
