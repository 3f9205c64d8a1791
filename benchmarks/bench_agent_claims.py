"""Agents that work a plan through commands, several at once. `python -m benchmarks.bench_agent_claims [--agents N]`.

Every agent asks what is next, takes the first task of the answer that it gets, completes it, and asks again until
nothing is left; each command is a process of its own. A task that two were told is theirs is a double claim; a
completion that was acknowledged, and is not in the plan at the end, is lost. Beside ours Backlog.md, spec-runner and
Task Master, each found on the path or where BACKLOG, SPEC_RUNNER and TASK_MASTER say; slow ones get fewer tasks.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.command_peers import PEERS, Peer
from benchmarks.measure import MILEPOST
from benchmarks.plans import SETTINGS, Grid, plan

_EMPTY_ANSWERS = 3
"""So often an agent has to hear that nothing is left before it goes home."""


@dataclass(frozen=True)
class Door:
    """How an agent works with a program: its words, what finds tasks in an answer, and how many are done at the end."""

    name: str
    ask: tuple[str, ...]
    found: str
    claim: tuple[str, ...]
    complete: tuple[str, ...]
    finished: Callable[[Path], int]
    tasks: int


@dataclass
class Work:
    """What an agent was told is its own, what it was told is done, and how many commands that took."""

    claimed: list[str]
    completed: list[str]
    commands: int = 0


def work(door: Door, place: Path, name: str, until: float) -> Work:
    """Be an agent until nothing is left, or the time is over."""
    done = Work([], [])
    empty = 0

    def say(words: tuple[str, ...], task: str = "") -> subprocess.CompletedProcess[str]:
        done.commands += 1
        filled = [word.format(task=task, name=name) for word in words]
        env = {**os.environ, "MILEPOST_WORKER": name, "TASKMASTER_SKIP_AUTO_UPDATE": "1"}
        return subprocess.run(
            filled, cwd=place, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    while empty < _EMPTY_ANSWERS and time.monotonic() < until:
        offered = [task for task in re.findall(door.found, say(door.ask).stdout) if task not in done.claimed]
        empty = 0 if offered else empty + 1
        for task in dict.fromkeys(offered):
            if time.monotonic() < until and say(door.claim, task).returncode == 0:
                done.claimed.append(task)
                if say(door.complete, task).returncode == 0:
                    done.completed.append(task)
                break
    return done


def measured(door: Door, place: Path, agents: int, seconds: float) -> str:
    """Let them work, and give a line on how it went."""
    began, spent = time.monotonic(), _cpu()
    with ThreadPoolExecutor(agents) as pool:
        found = list(pool.map(lambda n: work(door, place, f"agent-{n}", began + seconds), range(agents)))
    took, cpu = time.monotonic() - began, _cpu() - spent
    claims = Counter(task for one in found for task in one.claimed)
    completed = {task for one in found for task in one.completed}
    doubles, lost = claims.total() - len(claims), len(completed) - door.finished(place)
    commands = sum(one.commands for one in found)
    return (
        f"{door.name:<12} {door.tasks:>5} {claims.total():>7} {doubles:>8} {max(lost, 0):>6}"
        f" {len(completed) / took:>8.2f} {cpu / max(len(completed), 1) * 1000:>10.0f} {cpu / commands * 1000:>9.0f}"
        + ("" if len(completed) == door.tasks else f"   {len(completed)} completed in {took:.0f} s")
    )


def _cpu() -> float:
    times = os.times()
    return times.children_user + times.children_system


def ours(place: Path, tasks: int) -> Door:
    """Milepost on a plan of so many tasks."""
    (place / "tasks.md").write_text(plan(Grid(1, tasks)), encoding="utf-8")
    (place / "milepost.toml").write_text(SETTINGS.format(capacity=1000).replace("command", "manual"), encoding="utf-8")
    words = (*MILEPOST, "{}", "tasks.md")
    ask, claim, complete = (tuple(w.replace("{}", name) for w in words) for name in ("next", "claim", "done"))
    done = re.compile(r"^- \[x\]", re.MULTILINE)
    return Door(
        "milepost",
        ask,
        r"\b1\.\d+\b",
        (*claim, "{task}"),
        (*complete, "{task}"),
        lambda place: len(done.findall((place / "tasks.md").read_text("utf-8"))),
        tasks,
    )


def theirs(peer: Peer, place: Path, tasks: int) -> Door:
    """A peer on as many tasks."""
    program = str(peer.place)
    peer.prepare(place, Grid(1, tasks), program)
    claim, complete = (
        tuple(word.replace("{number:03}", "{task}").replace("{number}", "{task}") for word in peer.commands[name])
        for name in ("claim", "done")
    )
    ask, found, files, sign = _ANSWERS[peer.program]
    done = re.compile(sign)
    return Door(
        peer.program,
        (program, *ask),
        found,
        (program, *claim),
        (program, *complete),
        lambda place: sum(len(done.findall(file.read_text("utf-8"))) for file in place.glob(files)),
        tasks,
    )


_ANSWERS = {
    "backlog": (("task", "list", "-s", "To Do", "--plain"), r"TASK-(\d+)", "backlog/tasks/*.md", r"(?m)^status: Done"),
    "spec-runner": (("task", "next"), r"TASK-(\d+)", "spec/tasks.md", r"(?m)^.*P0 \| .*DONE"),
    "task-master": (("next",), r"--id=(\d+)", ".taskmaster/tasks/tasks.json", r'"status": "done"'),
}
_SLOW = {"task-master": 8}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_agent_claims", description=__doc__)
    parser.add_argument("--agents", type=int, default=8)
    parser.add_argument("--tasks", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=300.0, help="for each program at most")
    options = parser.parse_args()
    print(f"{options.agents} agents; load {os.getloadavg()[0]:.1f}\n")
    print(f"{'':<12} tasks  claims  doubles   lost   done/s  ms a task  a command (CPU)")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"
        (place := Path(folder) / "milepost").mkdir()
        print(measured(ours(place, options.tasks), place, options.agents, options.seconds), flush=True)
        for peer in (peer for peer in PEERS if peer.program in _ANSWERS):
            if peer.place is None:
                print(f"{peer.program} is not installed ({peer.variable} may say where it is)")
                continue
            (place := Path(folder) / peer.program).mkdir()
            door = theirs(peer, place, _SLOW.get(peer.program, options.tasks))
            print(measured(door, place, options.agents, options.seconds), flush=True)


if __name__ == "__main__":
    main()
