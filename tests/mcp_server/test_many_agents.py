"""Eight agents, each a process with a server of its own, work one plan to its end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from milepost.app.checks import Selection, check_plan
from milepost.bootstrap import open_project
from milepost.execution.events import AttemptStarted, TaskCompleted

AGENTS = 8
TASKS = int(os.environ.get("MILEPOST_AGENT_TASKS", "48"))
"""So many in the usual suite; 200 with MILEPOST_AGENT_TASKS=200."""

WIDTH = 8
ROOT = Path(__file__).parents[2]


def _plan() -> str:
    """Phases of eight tasks each, every one after two of the phase before."""
    phases = []
    for phase in range(TASKS // WIDTH):
        tasks = []
        for place in range(WIDTH):
            waits = f"{phase}.{place + 1}, {phase}.{(place + 1) % WIDTH + 1}"
            depends = f"  - _Depends: {waits}_\n" if phase else ""
            tasks.append(f"- [ ] **{phase + 1}.{place + 1}** Do it\n  - _Estimated: 1 hour_\n{depends}\n")
        phases.append(f"### **Phase {phase + 1}: Part**\n\n{''.join(tasks)}")
    head = f"# Many - Implementation Plan\n\n**Total Tasks:** {TASKS}\n**Estimated Time:** {TASKS} hours\n"
    return f"{head}**Status:** Not Started\n\n{''.join(phases)}---\n\n**Progress:** 0/{TASKS} tasks complete\n"


def test_eight_agents_work_one_plan_to_its_end(plan: Path) -> None:
    plan.write_text(_plan())
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    agents = {
        f"agent-{number}": subprocess.Popen(
            [sys.executable, "-m", "tests.mcp_server.agent", str(plan), f"agent-{number}"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        for number in range(AGENTS)
    }
    reported = {name: process.communicate(timeout=600)[0].split() for name, process in agents.items()}
    assert [process.returncode for process in agents.values()] == [0] * AGENTS

    project = open_project(str(plan))
    session = project.open_run("test")
    events = project.ledger.read(session.stream)
    starts = Counter(event.task for event in events if isinstance(event, AttemptStarted))
    done = [event for event in events if isinstance(event, TaskCompleted)]
    # No double claim, no lost completion: each task was begun once and completed once, by whom says so itself.
    assert set(starts.values()) == {1}
    assert len(starts) == TASKS
    assert Counter(event.task for event in done) == Counter(task for tasks in reported.values() for task in tasks)
    assert len(done) == TASKS
    assert {event.task: event.by for event in done} == {
        task: name for name, tasks in reported.items() for task in tasks
    }
    workers = {event.task: event.worker for event in events if isinstance(event, AttemptStarted)}
    assert workers == {event.task: event.by for event in done}
    assert session.state.finished
    # The document says the same, and is the plan it was but for boxes and computed lines.
    text = plan.read_text()
    assert text.count("- [x]") == TASKS
    assert f"**Progress:** {TASKS}/{TASKS} tasks complete" in text
    assert "**Status:** Complete" in text
    assert (
        text.replace("- [x]", "- [ ]").replace("Complete", "Not Started", 1).replace(f"{TASKS}/{TASKS}", f"0/{TASKS}")
        == _plan()
    )
    assert check_plan(str(plan), Selection()).findings == ()
