"""Workers that hang, sleep past their lease, ignore SIGTERM, flood their output, leave daemons behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from tests.failures.conftest import MakeScene
from tests.failures.scene import TASKS, kill, live, until

from milepost.adapters import shim
from milepost.execution import events as ev

BY_HAND = """\
### **Phase 9: By hand**

- [ ] **9.1** Sign the report
  - _Tier: 1_
"""

ZOMBIE = """
import os, signal, sys, time
from milepost.app.tasks import claim, complete
from milepost.bootstrap import open_project

project = open_project("tasks.md")
session = project.open_run("zombie")
claimed = claim(session, "9.1", worker="zombie", now=time.time(), lease=0.2)
os.kill(os.getpid(), signal.SIGSTOP)
try:
    complete(session, "9.1", by="zombie", now=time.time, attempt_no=claimed.attempt_no)
except Exception as error:
    sys.exit(str(error))
"""


def test_a_worker_stopped_past_its_lease_is_refused_when_it_goes_on(make_scene: MakeScene) -> None:
    scene = make_scene(1, BY_HAND.replace("_Tier: 1_", "_Tier: 1_\n  - _Depends: 1.1_"))
    supervisor = scene.supervisor("--wait")
    until(lambda: any(isinstance(e, ev.CheckpointPassed) and e.checkpoint == "checkpoint-1" for e in scene.events()))
    command = [sys.executable, "-c", ZOMBIE]
    zombie = subprocess.Popen(command, cwd=scene.root, env=scene.environment, stderr=subprocess.PIPE, text=True)
    os.waitpid(zombie.pid, os.WUNTRACED)  # returns when it has claimed the task and stopped itself
    scene.injected("worker stopped past its lease")
    until(lambda: any(isinstance(e, ev.AttemptLost) and e.task == "9.1" for e in scene.events()))
    scene.milepost("claim", "tasks.md", "9.1", "--by", "ann")
    zombie.send_signal(signal.SIGCONT)
    _, err = zombie.communicate()
    assert "attempt 1 does not hold task 9.1 any more: ann holds it now, by attempt 2" in err
    scene.milepost("done", "tasks.md", "9.1", "--by", "ann")
    scene.end(supervisor)
    assert supervisor.returncode == 0
    scene.keeps_its_promises(total=TASKS + 1)


@pytest.mark.parametrize(
    "hang", ["exec sleep 1000", "kill -STOP $$; sleep 1000", "trap '' TERM; while :; do sleep 1; done"]
)
def test_a_command_that_hangs_is_ended_and_done_by_a_stronger_tier(make_scene: MakeScene, hang: str) -> None:
    """Its limit is twice its estimate of 1 s; on tier 2 it does not hang."""
    task = f"""\
### **Phase 9: Hanging**

- [ ] **9.1** Hang
  - _Estimated: 1s_
  - _Run: test $MILEPOST_TIER = 2 || {{ echo > hung; {hang}; }}_
"""
    scene = make_scene(2, task)
    supervisor = scene.supervisor()
    until((scene.root / "hung").exists)
    scene.injected("worker hangs")
    scene.end(supervisor)
    assert supervisor.returncode == 0
    kinds = [type(event).__name__ for event in scene.events() if getattr(event, "task", "") == "9.1"]
    assert kinds == ["AttemptStarted", "AttemptOverran", "TaskEscalated", "AttemptStarted", "TaskCompleted"]
    scene.keeps_its_promises(total=TASKS + 1)


def test_a_flood_of_output_stays_within_the_limit(make_scene: MakeScene) -> None:
    """Two commands write 200 MB each; what is kept of each is at most the limit of 1 MB."""
    flood = "head -c 200000000 /dev/zero | tr '\\\\0' x"
    tasks = "".join(f"- [ ] **9.{n}** Flood\n  - _Run: {flood}_\n" for n in (1, 2))
    scene = make_scene(3, f"### **Phase 9: Floods**\n\n{tasks}")
    supervisor = scene.supervisor()
    scene.injected("output flood")
    scene.end(supervisor)
    assert supervisor.returncode == 0
    for task in ("9.1", "9.2"):
        logs = [path.stat().st_size for path in scene.root.glob(f".milepost/runs/*/tasks/{task}/1/output.log*")]
        assert 500_000 <= sum(logs) <= 1_000_000
    scene.keeps_its_promises(total=TASKS + 2)


def test_daemons_hold_nothing_up_and_die_with_a_stopped_attempt(make_scene: MakeScene) -> None:
    """The daemon of an attempt that ended well lives on, as whoever starts a server wants; a stopped one's dies."""
    daemon = "setsid sh -c 'echo $$ > daemon-NAME; while :; do echo noise; sleep 0.05; done' & until test -s daemon-NAME; do sleep 0.01; done"
    tasks = f"""\
### **Phase 9: Daemons**

- [ ] **9.1** Serve
  - _Run: {daemon.replace("NAME", "good")}_

- [ ] **9.2** Overrun
  - _Estimated: 1s_
  - _Run: test $MILEPOST_TIER = 2 || {{ {daemon.replace("NAME", "bad")}; sleep 1000; }}_
"""
    scene = make_scene(4, tasks)
    supervisor = scene.supervisor()
    until((scene.root / "daemon-good").exists)
    scene.injected("daemons")
    good = int((scene.root / "daemon-good").read_text())
    identity = shim.identity(good)
    scene.end(supervisor)
    assert supervisor.returncode == 0
    assert identity
    bad = int((scene.root / "daemon-bad").read_text())
    assert shim.identity(bad) is None
    kill(*live([identity]), group=True)
    scene.keeps_its_promises(total=TASKS + 2)
